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

    /** Node and global input of every graph of a batch, in that order, from the cpu backend. */
    public static float[][] features(CpuDenoiser denoiser, PackedModel model, GraphBatch batch, int t) {
        float[] node = new float[batch.nodes().length * model.architecture().nodeInputs()];
        float[] global = new float[batch.size() * model.architecture().globalInputs()];
        denoiser.features(batch, t, node, global);
        return new float[][] {node, global};
    }
}
