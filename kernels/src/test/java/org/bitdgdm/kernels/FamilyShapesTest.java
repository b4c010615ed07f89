package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Small random models in the shape of every family and option of DiGress: features have the same bits in every backend,
 * logits agree with the reference, and the graphs drawn are the same. Golden files hold the reference to the published code.
 */
class FamilyShapesTest {
    private static final Tolerance LOGITS = new Tolerance(1e-4, 1e-4);

    private static PackedModel model(FeatureSet features, int nodeTypes, int edgeTypes, boolean molecular, int maxNodes) {
        float[] weights = new float[molecular ? nodeTypes : 0];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = 12 + k;
        }
        Architecture architecture = new Architecture(Variant.FIXED_BUG, 2, 4, nodeTypes, edgeTypes, maxNodes, 50, features,
            molecular, weights, molecular ? 300 : 1);
        float[] sizes = new float[maxNodes + 1];
        Arrays.fill(sizes, 1, maxNodes + 1, 1);
        return TestModels.tiny(architecture, Diffusion.cosine(50, falling(nodeTypes), falling(edgeTypes), sizes), 5);
    }

    /** 1, ½, ⅓, … and 0 for the last of many, as marginals may have it. */
    private static float[] falling(int classes) {
        float[] marginal = new float[classes];
        for (int k = 0; k < classes; k++) {
            marginal[k] = classes > 4 && k == classes - 1 ? 0 : 1f / (k + 1);
        }
        return marginal;
    }

    @ParameterizedTest
    @CsvSource({"ALL, 5, 5, true, 29", "ALL, 8, 5, true, 27", "ALL, 12, 5, true, 88", "ALL, 1, 2, false, 64",
        "CYCLES, 4, 5, true, 9", "EIGENVALUES, 4, 5, true, 9", "NONE, 4, 5, true, 9", "NONE, 1, 2, false, 20",
        "CYCLES, 1, 2, false, 20", "EIGENVALUES, 1, 2, false, 20"})
    void everyBackendAgrees(FeatureSet features, int nodeTypes, int edgeTypes, boolean molecular, int maxNodes) {
        PackedModel model = model(features, nodeTypes, edgeTypes, molecular, maxNodes);
        try (CudaDenoiser cuda = EmulatedDenoisers.open(model, false, false);
             ReferenceDenoiser reference = new ReferenceDenoiser(model)) {
            for (int n : new int[] {1, 2, 7, 19}) {
                GraphBatch batch = TestModels.noise(model, n, 0, 2);
                float[][] wanted = features(model, batch, 31);
                float[][] logits = TestModels.logits(reference, model, batch, 31);
                GraphBatch drawn = drawn(reference, batch);
                for (String isa : CpuIsas.supported()) {
                    try (CpuDenoiser cpu = new CpuDenoiser(model, new BackendOptions(1, isa, null))) {
                        float[][] found = {new float[wanted[0].length], new float[wanted[1].length]};
                        cpu.features(batch, 31, found[0], found[1]);
                        assertThat(found).as(isa).isDeepEqualTo(wanted);
                        check(isa, logits, TestModels.logits(cpu, model, batch, 31));
                        assertThat(drawn(cpu, batch)).as(isa).usingRecursiveComparison().isEqualTo(drawn);
                    }
                }
                assertThat(cudaFeatures(cuda, model, batch, 31)).isDeepEqualTo(wanted);
                check("cuda", logits, TestModels.logits(cuda, model, batch, 31));
                assertThat(drawn(cuda, batch)).as("cuda").usingRecursiveComparison().isEqualTo(drawn);
            }
        }
    }

    /** The largest graphs of DiGress's data sets, of planar graphs and of stochastic block models. */
    @ParameterizedTest
    @CsvSource({"64", "187"})
    void theCpuTakesTheLargestGraphs(int n) {
        PackedModel model = model(FeatureSet.ALL, 1, 2, false, 187);
        GraphBatch batch = TestModels.noise(model, n, 0, 1);
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults());
             ReferenceDenoiser reference = new ReferenceDenoiser(model)) {
            check(n + " nodes", TestModels.logits(reference, model, batch, 50), TestModels.logits(cpu, model, batch, 50));
        }
    }

    /** As wide as the published model of stochastic block models, of one layer: what a thread works in is all that layers share. */
    @Test
    void theCpuWorksInTheMemoryItSays() {
        float[] sizes = new float[188];
        sizes[187] = 1;
        Architecture architecture = new Architecture(Variant.MAIN, 1, 8, 1, 2, 187, 1000, FeatureSet.ALL, false, new float[0],
            1);
        PackedModel model = TestModels.random(architecture, Diffusion.cosine(1000, new float[] {1}, new float[] {0.9f, 0.1f},
            sizes), new Random(2), module -> switch (module) {
                case "mlp_in_X.2", "linX1" -> 256;
                case "lin_y1" -> 2048;
                case "mlp_in_X.0", "mlp_in_y.0", "mlp_out_X.0" -> 128;
                default -> 64;
            });
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults())) {
            cpu.advance(TestModels.noise(model, 187, 0, 3), 1, new int[] {2, 1});
            long square = 187 * 187;
            assertThat(cpu.scratchBytes()).isBetween(square * (4 * (64 + 16) + 36), 16L << 20);
        }
    }

    static void check(String what, float[][] expected, float[][] found) {
        LOGITS.check("nodes on " + what, expected[0], found[0]);
        LOGITS.check("edges on " + what, expected[1], found[1]);
    }

    private static GraphBatch drawn(Denoiser denoiser, GraphBatch from) {
        GraphBatch batch = new GraphBatch(from.nodeCount(), from.ids().clone(), from.nodes().clone(), from.edges().clone());
        denoiser.advance(batch, 9, new int[] {31, 30, 17, 0});
        return batch;
    }

    private static float[][] features(PackedModel model, GraphBatch batch, int t) {
        Architecture architecture = model.architecture();
        float[] node = new float[batch.nodes().length * architecture.nodeInputs()];
        float[] global = new float[batch.size() * architecture.globalInputs()];
        for (int g = 0; g < batch.size(); g++) {
            new GraphFeatures(architecture).compute(batch, g, NoiseSchedule.cosine(architecture.diffusionSteps()), t,
                node, g * batch.nodeCount() * architecture.nodeInputs(), global, g * architecture.globalInputs());
        }
        return new float[][] {node, global};
    }

    /** As the device has them, without padding. */
    static float[][] cudaFeatures(CudaDenoiser cuda, PackedModel model, GraphBatch batch, int t) {
        Architecture architecture = model.architecture();
        int nodeStride = DeviceWeights.padded(architecture.nodeInputs());
        int globalStride = DeviceWeights.padded(architecture.globalInputs());
        float[] node = new float[batch.nodes().length * nodeStride];
        float[] global = new float[batch.size() * globalStride];
        cuda.features(batch, t, node, global);
        return new float[][] {unpadded(node, nodeStride, architecture.nodeInputs()),
            unpadded(global, globalStride, architecture.globalInputs())};
    }

    private static float[] unpadded(float[] values, int stride, int width) {
        float[] out = new float[values.length / stride * width];
        IntStream.range(0, values.length / stride).forEach(row ->
            System.arraycopy(values, row * stride, out, row * width, width));
        return out;
    }
}
