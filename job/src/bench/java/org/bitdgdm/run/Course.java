package org.bitdgdm.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SizeGroup;

/** Runs of a full-precision model, kept with what it predicted, to compare others of its architecture with it. */
final class Course {
    private final PackedModel full;
    private final int graphs;
    private final int count;
    private final List<Moment> moments = new ArrayList<>();

    /**
     * Graphs of one size where a step begins.
     *
     * @param nodes (B, n, a) logits
     * @param edges (B, n, n, b)
     */
    record Moment(GraphBatch state, Sampler.Step step, float[] nodes, float[] edges) {
    }

    /**
     * Takes the runs.
     *
     * @param graphs of the sizes that the model draws
     * @param count  steps of each
     * @param seed   of their draws
     */
    Course(PackedModel full, int graphs, int count, long seed) {
        this(full, Sampler.of(full.diffusion()), graphs, count, seed);
    }

    /** The same by another sampler than the one that the model was trained for. */
    Course(PackedModel full, Sampler sampler, int graphs, int count, long seed) {
        this.full = full;
        this.graphs = graphs;
        this.count = count;
        List<Sampler.Step> steps = sampler.steps(full.diffusion(), count);
        try (CpuDenoiser exact = new CpuDenoiser(full, backend())) {
            for (SizeGroup group : SizeGroup.of(full.diffusion(), seed, 0, graphs)) {
                GraphBatch batch = InitialNoise.draw(full.diffusion(), group.n(), group.ids(), seed, exact.firstCounter(steps));
                for (Sampler.Step step : steps) {
                    GraphBatch state = new GraphBatch(group.n(), group.ids(), batch.nodes().clone(), batch.edges().clone());
                    moments.add(predicted(exact, state, step));
                    exact.advance(batch, seed, List.of(step));
                }
            }
        }
    }

    static BackendOptions backend() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null);
    }

    private Moment predicted(CpuDenoiser network, GraphBatch state, Sampler.Step step) {
        float[] nodes = new float[state.nodes().length * full.architecture().nodeTypes()];
        float[] edges = new float[state.edges().length * full.architecture().edgeTypes()];
        network.logits(state, step, nodes, edges);
        return new Moment(state, step, nodes, edges);
    }

    /** What full precision predicted. */
    List<Moment> moments() {
        return moments;
    }

    /** What another model predicts at every moment. */
    List<Moment> of(PackedModel other) {
        try (CpuDenoiser network = new CpuDenoiser(other, backend())) {
            return moments.stream().map(moment -> predicted(network, moment.state, moment.step)).toList();
        }
    }

    /** Nats per step of every graph. */
    double[] divergences(List<Moment> others) {
        int a = full.architecture().nodeTypes();
        int b = full.architecture().edgeTypes();
        double[] sums = new double[graphs];
        for (int at = 0; at < moments.size(); at++) {
            Moment p = moments.get(at);
            Moment q = others.get(at);
            int n = p.state.nodes().length / p.state.ids().length;
            for (int g = 0; g < p.state.ids().length; g++) {
                double sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += Divergence.between(p.nodes, q.nodes, (g * n + i) * a, a, p.step.at());
                    for (int j = i + 1; j < n; j++) {
                        sum += Divergence.between(p.edges, q.edges, ((g * n + i) * n + j) * b, b, p.step.at());
                    }
                }
                sums[(int) p.state.ids()[g]] += sum / count;
            }
        }
        return sums;
    }

    /** Nats per graph and step of every graph. */
    double[] divergences(PackedModel other) {
        return divergences(of(other));
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    static double standardError(double[] values) {
        double mean = mean(values);
        double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
        return Math.sqrt(squares / (values.length - 1) / values.length);
    }
}
