package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bitdgdm.kernels.CounterRandom;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.Test;

/** The bound against the published formulas written with whole transition matrices, and against what must hold of it. */
class VariationalBoundTest {
    private static final PackedModel MODEL = TinyModel.packed(1);
    private static final Diffusion DIFFUSION = MODEL.diffusion();
    private static final int T = DIFFUSION.steps();
    private static final long SEED = 9;

    @Test
    void everyTermIsTheOneOfTheMatrices() {
        int n = 3;
        GraphBatch clean = new GraphBatch(n, new long[] {4, 5}, new byte[] {0, 2, 1, 3, 0, 0},
            new byte[] {0, 1, 0, 1, 0, 2, 0, 2, 0, 0, 3, 4, 3, 0, 0, 4, 0, 0});
        try (Denoiser denoiser = new ReferenceDenoiser(MODEL)) {
            VariationalBound.OfGraph[] found = new VariationalBound(DIFFUSION, denoiser, SEED, 0).of(clean);
            for (int g = 0; g < 2; g++) {
                double[] node = new double[3];
                double[] edge = new double[3];
                for (int t = 0; t <= T; t++) {
                    addTerms(clean, g, t, denoiser, node, edge);
                }
                assertThat(found[g].id()).isEqualTo(4 + g);
                assertThat(found[g].priorNode()).isPositive().isCloseTo(node[0], within(1e-9));
                assertThat(found[g].priorEdge()).isPositive().isCloseTo(edge[0], within(1e-9));
                assertThat(found[g].diffusionNode()).isPositive().isCloseTo(node[1], within(1e-9));
                assertThat(found[g].diffusionEdge()).isPositive().isCloseTo(edge[1], within(1e-9));
                assertThat(found[g].reconstructionNode()).isPositive().isCloseTo(node[2], within(1e-9));
                assertThat(found[g].reconstructionEdge()).isPositive().isCloseTo(edge[2], within(1e-9));
                double total = 0;
                for (float weight : DIFFUSION.sizes().weights()) {
                    total += weight;
                }
                assertThat(found[g].size()).isCloseTo(-Math.log(DIFFUSION.sizes().weights()[n] / total), within(1e-9));
                assertThat(found[g].bound(2) - found[g].bound(1)).isCloseTo(edge[0] + edge[1] + edge[2], within(1e-9));
            }
        }
    }

    /** Prior at t = T too, reconstruction at t = 0, diffusion at all t above: as published, by matrices. */
    private static void addTerms(GraphBatch clean, int g, int t, Denoiser denoiser, double[] node, double[] edge) {
        int n = clean.nodeCount();
        double[] nodeLimit = limit(DIFFUSION.limits().nodes());
        double[] edgeLimit = limit(DIFFUSION.limits().edges());
        double keptNow = t == 0 ? 1 - (double) DIFFUSION.schedule().betas()[0] : DIFFUSION.schedule().alphasBar()[t];
        GraphBatch noisy = new GraphBatch(n, new long[] {clean.ids()[g]});
        for (int i = 0; i < n; i++) {
            noisy.nodes()[i] = drawn(matrix(nodeLimit, keptNow)[clean.nodes()[g * n + i]], i, clean.ids()[g], t);
            for (int j = i + 1; j < n; j++) {
                byte c = drawn(matrix(edgeLimit, keptNow)[clean.edges()[(g * n + i) * n + j]],
                    CounterRandom.edgeSlot(n, i, j), clean.ids()[g], t);
                noisy.edges()[i * n + j] = c;
                noisy.edges()[j * n + i] = c;
            }
        }
        float[] nodeLogits = new float[n * nodeLimit.length];
        float[] edgeLogits = new float[n * n * edgeLimit.length];
        denoiser.logits(noisy, t, nodeLogits, edgeLogits);
        for (int i = 0; i < n; i++) {
            addEntry(nodeLimit, t, clean.nodes()[g * n + i], noisy.nodes()[i], softmax(nodeLogits, i * nodeLimit.length,
                nodeLimit.length), node);
            for (int j = i + 1; j < n; j++) {
                addEntry(edgeLimit, t, clean.edges()[(g * n + i) * n + j], noisy.edges()[i * n + j],
                    softmax(edgeLogits, (i * n + j) * edgeLimit.length, edgeLimit.length), edge);
            }
        }
    }

    private static void addEntry(double[] limit, int t, int x, int c, double[] predicted, double[] terms) {
        if (t == T) {
            terms[0] += kl(limit, matrix(limit, DIFFUSION.schedule().alphasBar()[T])[x]);
        }
        if (t == 0) {
            terms[2] -= Math.log(predicted[x]);
            return;
        }
        double[] oneHot = new double[limit.length];
        oneHot[x] = 1;
        terms[1] += kl(posterior(limit, t, oneHot, c), posterior(limit, t, predicted, c));
    }

    private static double[] posterior(double[] limit, int t, double[] p, int c) {
        double[][] one = matrix(limit, 1 - (double) DIFFUSION.schedule().betas()[t]);
        double[] before = times(p, matrix(limit, DIFFUSION.schedule().alphasBar()[t - 1]));
        double[] now = times(p, matrix(limit, DIFFUSION.schedule().alphasBar()[t]));
        double[] found = new double[limit.length];
        for (int k = 0; k < found.length; k++) {
            found[k] = one[k][c] * before[k] / now[c];
        }
        return found;
    }

    /** kept · I + (1 − kept) 1 mᵀ. */
    private static double[][] matrix(double[] limit, double kept) {
        double[][] matrix = new double[limit.length][];
        for (int row = 0; row < limit.length; row++) {
            matrix[row] = Arrays.stream(limit).map(m -> (1 - kept) * m).toArray();
            matrix[row][row] += kept;
        }
        return matrix;
    }

    private static double[] times(double[] row, double[][] matrix) {
        double[] product = new double[row.length];
        for (int k = 0; k < row.length; k++) {
            for (int j = 0; j < row.length; j++) {
                product[j] += row[k] * matrix[k][j];
            }
        }
        return product;
    }

    private static double kl(double[] p, double[] q) {
        double floor = Arrays.stream(q).map(value -> value + 1e-7).sum();
        double sum = 0;
        for (int k = 0; k < p.length; k++) {
            sum += p[k] == 0 ? 0 : p[k] * Math.log(p[k] * floor / (q[k] + 1e-7));
        }
        return sum;
    }

    private static byte drawn(double[] probabilities, int slot, long id, int t) {
        float u = CounterRandom.uniform(SEED, id, t, slot);
        double sum = 0;
        for (int k = 0; k < probabilities.length; k++) {
            sum += probabilities[k];
            if (u < sum) {
                return (byte) k;
            }
        }
        throw new AssertionError("probabilities must add up to 1, found " + sum);
    }

    private static double[] softmax(float[] logits, int from, int classes) {
        double[] found = new double[classes];
        for (int k = 0; k < classes; k++) {
            found[k] = Math.exp(logits[from + k]);
        }
        double sum = Arrays.stream(found).sum();
        return Arrays.stream(found).map(value -> value / sum).toArray();
    }

    private static double[] limit(float[] marginal) {
        double[] limit = new double[marginal.length];
        double sum = 0;
        for (float value : marginal) {
            sum += value;
        }
        for (int k = 0; k < limit.length; k++) {
            limit[k] = marginal[k] / sum;
        }
        return limit;
    }

    @Test
    void drawnTimesEstimateTheSumOverAllOfThem() {
        long[] ids = LongStream.range(0, 600).toArray();
        byte[] nodes = new byte[2 * ids.length];
        byte[] edges = new byte[4 * ids.length];
        for (int g = 0; g < ids.length; g++) {
            nodes[2 * g] = (byte) (g % 4);
            edges[4 * g + 1] = (byte) (g % 5);
            edges[4 * g + 2] = edges[4 * g + 1];
        }
        GraphBatch clean = new GraphBatch(2, ids, nodes, edges);
        try (Denoiser denoiser = new ReferenceDenoiser(MODEL)) {
            List<VariationalBound.OfGraph> all = List.of(new VariationalBound(DIFFUSION, denoiser, SEED, 0).of(clean));
            List<VariationalBound.OfGraph> drawn = List.of(new VariationalBound(DIFFUSION, denoiser, SEED, 3).of(clean));
            LikelihoodReport report = LikelihoodReport.of(drawn, all, 3);
            assertThat(report.times()).isEqualTo(3);
            // The same noise where the times agree: what is left is the draw of times, without bias.
            assertThat(report.pairsDifference().value()).isCloseTo(0, within(4 * report.pairsDifference().standardError()));
            assertThat(report.pairsDifference().standardError()).isPositive().isLessThan(0.05 * report.nllPairs().value());
            assertThat(LikelihoodReport.of(all, all, T).difference()).isNull();
        }
    }

    @Test
    void aBoundIsAboveTheEntropyOfWhatCannotBeKnown() {
        // One node: −log p(x) of a model that predicts nothing can be no less than its class costs on average.
        long[] ids = LongStream.range(0, 400).toArray();
        byte[] nodes = new byte[ids.length];
        double[] limit = limit(DIFFUSION.limits().nodes());
        double entropy = Arrays.stream(limit).map(p -> -p * Math.log(p)).sum();
        for (int g = 0, k = 0; g < ids.length; g++) {
            while ((g + 0.5) / ids.length > Arrays.stream(limit, 0, k + 1).sum()) {
                k++;
            }
            nodes[g] = (byte) k;
        }
        try (Denoiser denoiser = new ReferenceDenoiser(MODEL)) {
            VariationalBound.OfGraph[] found = new VariationalBound(DIFFUSION, denoiser, SEED, 0)
                .of(new GraphBatch(1, ids, nodes, new byte[ids.length]));
            double mean = Arrays.stream(found).mapToDouble(bound -> bound.bound(1) - bound.size()).average().orElseThrow();
            assertThat(mean).isGreaterThan(entropy - 0.05);
            assertThat(Arrays.stream(found).mapToDouble(VariationalBound.OfGraph::diffusionEdge).sum()).isZero();
        }
    }

    @Test
    void logitsThatAreNoNumbersNameTimeAndLayer() {
        PackedModel broken = MODEL.withLinears(MODEL.linears().stream().map(layer -> {
            float[] weight = layer.weight.clone();
            if (layer.name.equals("tf_layers.0.linX1")) {
                weight[1] = Float.NaN;
            }
            return PackedLinear.full(layer.name, layer.in, layer.out, weight, layer.bias);
        }).toList());
        GraphBatch clean = new GraphBatch(2, new long[] {7}, new byte[] {0, 1}, new byte[] {0, 1, 1, 0});
        try (Denoiser denoiser = new ReferenceDenoiser(broken)) {
            assertThatThrownBy(() -> new VariationalBound(DIFFUSION, denoiser, SEED, 0).of(clean))
                .isInstanceOf(KernelException.class).hasMessage("logits at time 1 are not finite in graph 7: "
                    + "the output of tf_layers.0.linX1 is the first that is not finite, NaN");
            // No step begins at time 0; the layer is found all the same.
            assertThatThrownBy(() -> denoiser.logits(clean, 0, new float[8], new float[20]))
                .isInstanceOf(KernelException.class).hasMessageStartingWith("logits at time 0 are not finite in graph 7: ")
                .hasMessageContaining("the output of tf_layers.0.linX1");
        }
    }
}
