package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bitdgdm.kernels.TestLayers.LOW_BIT;
import static org.bitdgdm.kernels.TestModels.logits;
import static org.bitdgdm.kernels.TestModels.noise;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The cuda backend on the emulated device: against the reference, against the cpu backend, and to the bit against itself
 * over orders of threads and batches.
 */
class CudaDenoiserTest {
    private static final Tolerance LOGITS = new Tolerance(1e-4, 1e-4);
    /** A code differs where an FP32 sum falls on the other side of a tie than the double one: rare, worth a step of it. */
    private static final Tolerance FLIPPED_CODE = new Tolerance(0.02, 0.02);
    private static final int SHARED = 101_376;

    private static CudaDenoiser open(PackedModel model, EmulatedDriver.Order order) {
        return new CudaDenoiser(model, new EmulatedDriver(order), false);
    }

    @ParameterizedTest
    @EnumSource
    void featuresAreTheSameBits(Variant variant) {
        PackedModel model = TestModels.tiny(variant, 3);
        for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
            try (CudaDenoiser denoiser = open(model, order)) {
                for (int n : new int[] {1, 2, 5, 9, 16, 17, 27, 33, 64, 100}) {
                    checkFeatures(order.toString(), denoiser, model, noise(model, n, 5, n < 50 ? 11 : 6));
                    checkFeatures(order.toString(), denoiser, model, TestModels.regular(n));
                }
            }
        }
    }

    static void checkFeatures(String what, CudaDenoiser denoiser, PackedModel model, GraphBatch batch) {
        Architecture architecture = model.architecture();
        GraphFeatures expected = new GraphFeatures(architecture);
        NoiseSchedule schedule = NoiseSchedule.cosine(architecture.diffusionSteps());
        int n = batch.nodeCount();
        int inputs = architecture.nodeInputs();
        int width = DeviceWeights.padded(inputs);
        int globalWidth = DeviceWeights.padded(architecture.globalInputs());
        float[] nodes = new float[batch.nodes().length * width];
        float[] globals = new float[batch.size() * globalWidth];
        denoiser.features(batch, 20, nodes, globals);
        for (int g = 0; g < batch.size(); g++) {
            float[] node = new float[n * inputs];
            float[] global = new float[architecture.globalInputs()];
            expected.compute(batch, g, schedule, 20, node, 0, global, 0);
            assertThat(Arrays.copyOfRange(globals, g * globalWidth, g * globalWidth + global.length))
                .as("%s, %s nodes, graph %s", what, n, g).isEqualTo(global);
            for (int i = 0; i < n; i++) {
                int at = (g * n + i) * width;
                assertThat(Arrays.copyOfRange(nodes, at, at + inputs)).as("%s, %s nodes, graph %s, node %s", what, n, g, i)
                    .isEqualTo(Arrays.copyOfRange(node, i * inputs, (i + 1) * inputs));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void logitsOfTheShippedModelAgreeWithTheReference(Variant variant) {
        PackedModel model = TestModels.qm9(variant);
        try (CudaDenoiser cuda = open(model, EmulatedDriver.Order.RANDOM)) {
            for (int n : new int[] {1, 2, 5, 9}) {
                GraphBatch batch = noise(model, n, 5, 8);
                float[][] found = logits(cuda, model, batch, 250);
                float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 250);
                LOGITS.check("nodes, " + n + " nodes", expected[0], found[0]);
                LOGITS.check("edges, " + n + " nodes", expected[1], found[1]);
            }
        }
    }

    @Test
    void halfPrecisionIsNearFullPrecision() {
        PackedModel model = TestModels.qm9(Variant.FIXED_BUG);
        for (int n : new int[] {1, 9}) {
            GraphBatch batch = noise(model, n, 5, 7);
            float[][] first = null;
            for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
                try (CudaDenoiser denoiser = new CudaDenoiser(model, new EmulatedDriver(order), true)) {
                    float[][] found = first == null ? checkHalves(denoiser, model, batch)
                        : logits(denoiser, model, batch, 250);
                    first = first == null ? found : first;
                    assertThat(found).as("%s nodes, %s", n, order).isDeepEqualTo(first);
                }
            }
        }
    }

    /** BF16 has 8 bits of significance: logits near 1 through 5 layers. */
    static float[][] checkHalves(CudaDenoiser halves, PackedModel model, GraphBatch batch) {
        Tolerance near = new Tolerance(0.15, 0.05);
        float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 250);
        float[][] found = logits(halves, model, batch, 250);
        near.check("nodes, " + batch.nodeCount() + " nodes", expected[0], found[0]);
        near.check("edges, " + batch.nodeCount() + " nodes", expected[1], found[1]);
        assertThat(distance(expected[0], found[0])).as("BF16 was used").isGreaterThan(1e-4);
        return found;
    }

    /** 27 and 64 nodes take one tile of 64 rows, or several of 16. */
    @ParameterizedTest
    @EnumSource
    void logitsAgreeInEveryOrderAndTile(Variant variant) {
        for (PackedModel model : new PackedModel[] {TestModels.tiny(variant, 4),
            TestLayers.quantized(TestModels.tiny(variant, 4), LOW_BIT, 2)}) {
            for (int n : variant == Variant.MAIN ? new int[] {5, 9} : new int[] {1, 2, 5, 9, 27, 64}) {
                GraphBatch batch = noise(model, n, 5, n < 27 ? 7 : 6);
                float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
                for (int shared : n > 16 ? new int[] {SHARED, 10_000} : new int[] {SHARED}) {
                    float[][] first = null;
                    for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
                        try (CudaDenoiser denoiser =
                            new CudaDenoiser(model, new EmulatedDriver(order, shared, false), false)) {
                            float[][] found = logits(denoiser, model, batch, 20);
                            first = first == null ? found : first;
                            assertThat(found).as("%s nodes, %s", n, order).isDeepEqualTo(first);
                        }
                    }
                    Tolerance tolerance = model.linears().stream().allMatch(PackedLinear::isFull) ? LOGITS : FLIPPED_CODE;
                    tolerance.check("nodes, " + n + " nodes", expected[0], first[0]);
                    tolerance.check("edges, " + n + " nodes", expected[1], first[1]);
                    if (tolerance == FLIPPED_CODE) {
                        try (CudaDenoiser denoiser = new CudaDenoiser(model, new EmulatedDriver(EmulatedDriver.Order.RANDOM,
                            shared, false), new DeviceProducts(false, true))) {
                            assertThat(logits(denoiser, model, batch, 20)).as("%s nodes, products of 4 bits", n)
                                .isDeepEqualTo(first);
                        }
                    }
                }
            }
        }
    }

    /** Every form of a layer, in a whole network; {@link CudaLinearTest} has them one by one. */
    @Test
    void quantizedModelsAgreeWithTheReference() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        GraphBatch batch = noise(full, 7, 5, 7);
        List<TestLayers.Form> forms = TestLayers.forms();
        int flipped = 0;
        int checked = 0;
        for (int at = 0; at < forms.size(); at += 7) {
            PackedModel model = TestLayers.quantized(full, forms.get(at), 1);
            float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
            try (CudaDenoiser cuda = open(model, EmulatedDriver.Order.RANDOM)) {
                float[][] found = logits(cuda, model, batch, 20);
                FLIPPED_CODE.check("nodes, " + forms.get(at), expected[0], found[0]);
                FLIPPED_CODE.check("edges, " + forms.get(at), expected[1], found[1]);
                flipped += distance(expected[1], found[1]) > 1e-5 ? 1 : 0;
                checked++;
            }
        }
        assertThat(flipped).as("forms in which a code differs, of " + checked).isLessThanOrEqualTo(checked / 10);
    }

    /** In the fused layers of edges as well as in those that are launches of their own. */
    @Test
    void transformedInputsAndBranchesAgreeWithTheReference() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        TestLayers.Form decoded = new TestLayers.Form(3, 16, 0, TestLayers.Input.SIGNED, 4, 32, 2, true);
        TestLayers.Form plain = new TestLayers.Form(0, 4, 4, TestLayers.Input.OFF, 32, 8, 2, true);
        TestLayers.Form perRow = new TestLayers.Form(0, 4, 4, TestLayers.Input.ROW, 4, 8, 0, true);
        for (TestLayers.Form form : List.of(LOW_BIT, decoded, plain, perRow)) {
            PackedModel model = TestLayers.transformed(TestLayers.quantized(full, form, 2), 3, 8);
            for (int n : new int[] {1, 5, 9}) {
                GraphBatch batch = noise(model, n, 5, 8);
                float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
                float[][] first = null;
                for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
                    try (CudaDenoiser denoiser = open(model, order)) {
                        float[][] found = logits(denoiser, model, batch, 20);
                        first = first == null ? found : first;
                        assertThat(found).as("%s, %s nodes, %s", form, n, order).isDeepEqualTo(first);
                    }
                }
                FLIPPED_CODE.check("nodes, " + form, expected[0], first[0]);
                FLIPPED_CODE.check("edges, " + form, expected[1], first[1]);
            }
        }
    }

    /** 13 graphs of 5 nodes give each of 4 multiprocessors a tile, so that the rest of X's layer is fused; 3 do not. */
    @Test
    void fusedLayersOfNodesChangeNoBit() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        PackedModel quantized = TestLayers.quantized(full, LOW_BIT, 2);
        for (PackedModel model : List.of(full, quantized, TestLayers.transformed(quantized, 3, 8))) {
            GraphBatch all = noise(model, 5, 5, 18);
            for (boolean halves : model == full ? new boolean[] {false, true} : new boolean[] {false}) {
                float[][] first = null;
                for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
                    try (CudaDenoiser cuda = new CudaDenoiser(model, new EmulatedDriver(order), halves)) {
                        float[][] found = logits(cuda, model, all, 20);
                        first = first == null ? found : first;
                        assertThat(found).as("%s", order).isDeepEqualTo(first);
                        float[][] few = logits(cuda, model, noise(model, 5, 9, 12), 20);
                        for (int part = 0; part < 2; part++) {
                            int size = few[part].length / 3;
                            assertThat(Arrays.copyOfRange(found[part], 4 * size, 7 * size)).as("%s", order)
                                .isEqualTo(few[part]);
                        }
                    }
                }
            }
        }
    }

    /** Every step is one of the model that has its range's scales alone; input layers, hence the edge table, among them. */
    @Test
    void rangesOfStepsHaveScalesOfTheirOwn() throws InterruptedException {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        Random random = new Random(9);
        List<PackedLinear> layers = full.linears().stream().map(layer -> TestLayers.quantized(layer,
            NetworkSpec.hasNonNegativeInput(layer.name) ? LOW_BIT.withInput(TestLayers.Input.UNSIGNED) : LOW_BIT, random))
            .toList();
        PackedModel ranged = TestLayers.withRanges(full.withLinears(layers), 3);
        long[] ids = {5, 6, 7};
        int[] times = {50, 40, 34, 20, 17, 16, 0};
        Set<Integer> met = new TreeSet<>();
        try (CudaDenoiser cuda = open(ranged, EmulatedDriver.Order.RANDOM)) {
            GraphBatch expected = InitialNoise.draw(full.diffusion(), 5, ids, 3);
            for (int i = 0; i + 1 < times.length; i++) {
                int range = ranged.rangeOf(times[i]);
                met.add(range);
                PackedModel alone = full.withLinears(ranged.linears(range));
                try (CudaDenoiser one = open(alone, EmulatedDriver.Order.FORWARD)) {
                    assertThat(logits(cuda, ranged, expected, times[i]))
                        .isDeepEqualTo(logits(one, alone, expected, times[i]));
                    one.advance(expected, 3, new int[] {times[i], times[i + 1]});
                }
            }
            GraphBatch found = cuda.sample(5, ids, 3, times);
            assertThat(found.nodes()).isEqualTo(expected.nodes());
            assertThat(found.edges()).isEqualTo(expected.edges());
            GraphBatch batch = noise(full, 5, 5, 8);
            float[][] reference = logits(new ReferenceDenoiser(ranged), ranged, batch, 40);
            FLIPPED_CODE.check("edges", reference[1], logits(cuda, ranged, batch, 40)[1]);
        }
        assertThat(met).containsExactly(0, 1, 2);
    }

    private static double distance(float[] a, float[] b) {
        double largest = 0;
        for (int at = 0; at < a.length; at++) {
            largest = Math.max(largest, Math.abs((double) a[at] - b[at]));
        }
        return largest;
    }

    /** Several blocks of 256 elements, ids of more than 32 bits, a negative seed. */
    @ParameterizedTest
    @EnumSource
    void initialClassesAreThoseOfTheHost(EmulatedDriver.Order order) throws InterruptedException {
        PackedModel model = TestModels.tiny(Variant.MAIN, 6);
        int[] start = {model.diffusion().steps()};
        try (CudaDenoiser cuda = open(model, order)) {
            for (int n : new int[] {1, 2, 5, 9, 27, 64}) {
                long[] ids = {5, 1L << 40, Long.MAX_VALUE, 0, 6, 7, 8};
                GraphBatch found = cuda.sample(n, ids, -3, start);
                GraphBatch expected = InitialNoise.draw(model.diffusion(), n, ids, -3);
                assertThat(found.ids()).isEqualTo(ids);
                assertThat(found.nodes()).as("%s nodes", n).isEqualTo(expected.nodes());
                assertThat(found.edges()).as("%s nodes", n).isEqualTo(expected.edges());
            }
        }
    }

    @Test
    void samplingIsDrawingAndAdvancing() throws InterruptedException {
        PackedModel model = TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 6), LOW_BIT, 2);
        int[] times = model.diffusion().schedule().times(30);
        GraphBatch expected = noise(model, 4, 5, 10);
        try (CudaDenoiser cuda = open(model, EmulatedDriver.Order.REVERSE)) {
            cuda.advance(expected, 11, times);
            GraphBatch found = cuda.sample(4, expected.ids(), 11, times);
            assertThat(found.nodes()).isEqualTo(expected.nodes());
            assertThat(found.edges()).isEqualTo(expected.edges());
            assertThatIllegalArgumentException().isThrownBy(() -> cuda.sample(4, new long[1], 11, new int[] {20, 0}))
                .withMessage("sampling begins at time 50, found 20");
        }
    }

    /** One step of every size, in every order; {@link #fullPrecisionDrawsTheGraphsOfTheCpu} has many of one size. */
    @ParameterizedTest
    @EnumSource
    void aStepOfEverySizeDrawsTheClassesOfTheCpu(EmulatedDriver.Order order) {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults()); CudaDenoiser cuda = open(model, order)) {
            for (int n : new int[] {1, 2, 5, 9, 27, 64}) {
                checkStep(cpu, cuda, noise(model, n, 5, n < 27 ? 12 : 7));
            }
        }
    }

    static void checkStep(CpuDenoiser cpu, CudaDenoiser cuda, GraphBatch batch) {
        int n = batch.nodeCount();
        GraphBatch expected = BrokenLayer.copy(batch);
        GraphBatch found = BrokenLayer.copy(batch);
        cpu.advance(expected, -5, new int[] {30, 9});
        cuda.advance(found, -5, new int[] {30, 9});
        assertThat(found.nodes()).as("%s nodes", n).isEqualTo(expected.nodes());
        assertThat(found.edges()).as("%s nodes", n).isEqualTo(expected.edges());
        assertThat(n < 5 || !Arrays.equals(found.edges(), batch.edges())).as("%s nodes: edges were drawn", n).isTrue();
    }

    @Test
    void fullPrecisionDrawsTheGraphsOfTheCpu() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 6);
        int[] times = model.diffusion().schedule().times(20);
        GraphBatch expected = noise(model, 6, 5, 45);
        GraphBatch found = noise(model, 6, 5, 45);
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults());
             CudaDenoiser cuda = open(model, EmulatedDriver.Order.REVERSE)) {
            cpu.advance(expected, 77, times);
            cuda.advance(found, 77, times);
        }
        assertThat(found.nodes()).isEqualTo(expected.nodes());
        assertThat(found.edges()).isEqualTo(expected.edges());
        assertThat(expected.edges()).as("not all alike").contains((byte) 0, (byte) 1);
    }

    @Test
    void batchesCallsAndStreamsDoNotChangeAGraph() {
        PackedModel model = TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 6), LOW_BIT, 2);
        int[] times = model.diffusion().schedule().times(10);
        GraphBatch whole = noise(model, 6, 5, 17);
        try (CudaDenoiser cuda = open(model, EmulatedDriver.Order.FORWARD)) {
            cuda.advance(whole, 77, times);
            // Parts that run at once have a stream each.
            IntStream.of(0, 5, 10).parallel().forEach(from -> {
                int count = Math.min(5, 12 - from);
                GraphBatch part = InitialNoise.draw(model.diffusion(), 6,
                    LongStream.range(5 + from, 5 + from + count).toArray(), 11);
                cuda.advance(part, 77, Arrays.copyOfRange(times, 0, 5));
                cuda.advance(part, 77, Arrays.copyOfRange(times, 4, times.length));
                assertThat(part.nodes()).isEqualTo(Arrays.copyOfRange(whole.nodes(), from * 6, (from + count) * 6));
                assertThat(part.edges()).isEqualTo(Arrays.copyOfRange(whole.edges(), from * 36, (from + count) * 36));
            });
        }
    }

    @Test
    void memoryIsCountedAndFreed() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        CudaDenoiser denoiser = open(model, EmulatedDriver.Order.FORWARD);
        long opened = denoiser.liveBytes();
        assertThat(opened).isGreaterThan(model.bytes());
        denoiser.advance(noise(model, 5, 5, 9), 1, new int[] {2, 1});
        assertThat(denoiser.liveBytes()).isGreaterThan(opened);
        assertThat(denoiser.peakBytes()).isEqualTo(denoiser.liveBytes());
        denoiser.close();
        assertThat(denoiser.liveBytes()).isZero();
        assertThatIllegalStateException().isThrownBy(denoiser::close).withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(() -> denoiser.advance(noise(model, 5, 5, 6), 1, new int[] {2, 1}));
    }

    /** In all calls, at the first time, with the layer. */
    @Test
    void brokenWeightsAreNamed() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        int[] times = {50, 40, 30, 0};
        for (String[] broken : new String[][] {{"tf_layers.1.self_attn.v",
            "the output of tf_layers.1.self_attn.v is the first that is not finite, Infinity"},
            {"mlp_in_E.2", "the input of tf_layers.0.self_attn.e_add is the first that is not finite, Infinity"},
            {"mlp_out_X.2", "all layers of the blocks are finite, so that it is an output layer"}}) {
            PackedModel infinite = TestModels.withInfinity(model, broken[0]);
            try (CudaDenoiser denoiser = open(infinite, EmulatedDriver.Order.FORWARD)) {
                assertThatThrownBy(() -> denoiser.advance(noise(model, 5, 5, 7), 1, times)).as(broken[0])
                    .isInstanceOf(NotFiniteException.class)
                    .hasMessage("logits at time 50 are not finite in graph 5: " + broken[1])
                    .cause().hasMessage("logits at time 50 are not finite");
                assertThatThrownBy(() -> denoiser.sample(5, new long[] {8}, 1, times)).as(broken[0])
                    .hasMessage("logits at time 50 are not finite in graph 8: " + broken[1]);
                assertThatThrownBy(() -> logits(denoiser, model, noise(model, 5, 7, 9), 20)).as(broken[0])
                    .hasMessage("logits at time 20 are not finite in graph 7: " + broken[1]);
                assertThatIllegalArgumentException()
                    .isThrownBy(() -> denoiser.advance(noise(model, 5, 5, 7), 1, new int[] {8, 9}));
            }
        }
    }
}
