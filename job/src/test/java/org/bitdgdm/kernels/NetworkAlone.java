package org.bitdgdm.kernels;

/** What golden files hold and backends do not show: features and network, each alone. */
public final class NetworkAlone {

    private NetworkAlone() {
    }

    /**
     * The reference's logits from given features.
     *
     * @param x (B, n, node inputs)
     * @param e (B, n, n, edge classes)
     * @param y (B, global inputs)
     * @return (B, n, node classes) and (B, n, n, edge classes)
     */
    public static float[][] logits(PackedModel model, int graphs, int n, float[] x, float[] e, float[] y) {
        float[] nodes = new float[graphs * n * model.architecture().nodeTypes()];
        float[] edges = new float[graphs * n * n * model.architecture().edgeTypes()];
        new ReferenceDenoiser(model).logitsFromFeatures(graphs, n, x, e, y, nodes, edges);
        return new float[][] {nodes, edges};
    }

    /** (n) ascending eigenvalues of a symmetric matrix, (n, n). */
    public static double[] eigenvalues(double[] matrix, int n) {
        return SymmetricEigen.of(matrix, n).values();
    }

    /** A step that begins where a flow reads so much. */
    public static Sampler.Step at(float time) {
        return new Sampler.Step(Sampler.Rule.FLOW, 1, 0, 1, time, 0, time, 1, 0, 0, Stochasticity.GENERAL);
    }

    /** Node, edge and global input of one graph as the reference computes them. */
    public static float[][] features(PackedModel model, GraphBatch graph, float time) {
        float[][] found = inputs(model, graph);
        new GraphFeatures(model.architecture()).compute(graph, 0, time, found[0], 0, found[1], 0, found[2], 0);
        return found;
    }

    /** The same as the cpu backend computes them. */
    public static float[][] features(CpuDenoiser denoiser, PackedModel model, GraphBatch graph, float time) {
        float[][] found = inputs(model, graph);
        denoiser.features(graph, at(time), found[0], found[1], found[2]);
        return found;
    }

    private static float[][] inputs(PackedModel model, GraphBatch graph) {
        Architecture architecture = model.architecture();
        return new float[][] {new float[graph.nodes().length * architecture.nodeInputs()],
            new float[graph.edges().length * architecture.edgeInputs()], new float[architecture.globalInputs()]};
    }

    /**
     * What a step of a flow does with one element whose draws are given.
     *
     * @return (classes) each: p at t given the drawn class, rates, probabilities of the class at s
     */
    public static float[][] jump(float[] limit, float t, float s, float eta, float omega, Stochasticity design,
                                 float[] prediction, int current, int drawn, int fromNoised) {
        Flow flow = new Flow(new Sampler.Step(Sampler.Rule.FLOW, 1, 0, 1, t, 0, t, s, eta, omega, design), limit);
        flow.noised(drawn);
        int column = flow.column(prediction, current, drawn, () -> fromNoised);
        float[] rates = new float[limit.length];
        for (int j = 0; j < rates.length; j++) {
            rates[j] = flow.rate(j, current, drawn, column);
        }
        float[] weights = new float[limit.length];
        flow.weigh(current, drawn, column, weights);
        return new float[][] {flow.noised().clone(), rates, weights};
    }

    /** Node and global input of every graph of a batch, in that order, from the cpu backend. */
    public static float[][] features(CpuDenoiser denoiser, PackedModel model, GraphBatch batch, int t) {
        float[] node = new float[batch.nodes().length * model.architecture().nodeInputs()];
        float[] global = new float[batch.size() * model.architecture().globalInputs()];
        denoiser.features(batch, t, node, global);
        return new float[][] {node, global};
    }
}
