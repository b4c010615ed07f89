package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bitdgdm.kernels.TestLayers.LOW_BIT;
import static org.bitdgdm.kernels.TestModels.logits;
import static org.bitdgdm.kernels.TestModels.noise;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The cpu backend against the reference, and against itself over instruction sets, batches, threads and calls. */
class CpuDenoiserTest {
    /** FP32 sums over up to 1024 terms through 5 layers, against double. */
    private static final Tolerance LOGITS = new Tolerance(1e-4, 1e-4);
    private static final List<String> ISAS = CpuIsas.supported();

    private static CpuDenoiser open(PackedModel model, String isa, int threads) {
        return new CpuDenoiser(model, new BackendOptions(threads, isa, null));
    }

    @ParameterizedTest
    @EnumSource
    void logitsOfTheShippedModelAgreeWithTheReference(Variant variant) {
        PackedModel model = TestModels.qm9(variant);
        for (int n : new int[] {1, 2, 3, 5, 8, 9}) {
            GraphBatch batch = noise(model, n, 5, 7);
            for (int t : n == 9 ? new int[] {500, 250, 1} : new int[] {250}) {
                float[][] expected = logits(new ReferenceDenoiser(model), model, batch, t);
                checkOnEveryIsa(model, batch, t, expected, LOGITS);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void logitsOfLargerGraphsAgreeWithTheReference(Variant variant) {
        PackedModel model = TestModels.tiny(variant, 4);
        for (int n : new int[] {1, 2, 7, 27, 64}) {
            GraphBatch batch = noise(model, n, 5, 8);
            checkOnEveryIsa(model, batch, 20, logits(new ReferenceDenoiser(model), model, batch, 20), LOGITS);
        }
    }

    private static void checkOnEveryIsa(
        PackedModel model, GraphBatch batch, int t, float[][] expected, Tolerance tolerance) {
        float[][] first = null;
        for (String isa : ISAS) {
            try (CpuDenoiser denoiser = open(model, isa, 1)) {
                float[][] found = logits(denoiser, model, batch, t);
                String what = isa + ", " + batch.nodeCount() + " nodes, time " + t;
                tolerance.check("nodes, " + what, expected[0], found[0]);
                tolerance.check("edges, " + what, expected[1], found[1]);
                first = first == null ? found : first;
                assertThat(found).as("%s = %s", what, ISAS.get(0)).isDeepEqualTo(first);
            }
        }
    }

    /**
     * Instruction sets agree to the bit. With the reference, every layer's input agrees to rounding, and so do the logits,
     * as long as all codes are the same. Where the first one differs, its inputs still agree: a tie or a threshold lies
     * between an FP32 sum and the double one. Nothing is said of what follows from there, since a step of one code may
     * grow; but it is rare.
     */
    @Test
    void quantizedModelsAgreeWithTheReference() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        GraphBatch batch = noise(full, 7, 5, 8);
        List<TestLayers.Form> forms = TestLayers.forms();
        int tested = 0;
        int same = 0;
        for (int at = 0; at < forms.size(); at += 5) {
            same += agreesToTheEnd(forms.get(at).toString(), TestLayers.quantized(full, forms.get(at), 1), batch) ? 1 : 0;
            tested++;
        }
        same += agreesToTheEnd("baselines", PackedModelFormatTest.everyBaseline(), batch) ? 1 : 0;
        assertThat(same).as("forms without a code that differs, of %d", tested + 1).isGreaterThan(tested / 2);
    }

    /** Whether all codes are the same, so that the comparison went to the end. */
    private static boolean agreesToTheEnd(String what, PackedModel model, GraphBatch batch) {
        float[][] first = null;
        Map<String, float[]> found = null;
        for (String isa : ISAS) {
            try (CpuDenoiser denoiser = open(model, isa, 1)) {
                float[][] logits = logits(denoiser, model, batch, 20);
                first = first == null ? logits : first;
                assertThat(logits).as("%s on %s = %s", what, isa, ISAS.get(0)).isDeepEqualTo(first);
                found = recorded(denoiser, batch, 20);
            }
        }
        Map<String, float[]> expected = recorded(new ReferenceDenoiser(model), batch, 20);
        for (String layer : expected.keySet()) {
            PackedLinear linear = model.linear(layer, model.rangeOf(20));
            LOGITS.check(what + ", input of " + linear.name, expected.get(layer), found.get(layer));
            if (!Arrays.equals(codes(linear, expected.get(layer)), codes(linear, found.get(layer)))) {
                return false;
            }
        }
        float[][] logits = logits(new ReferenceDenoiser(model), model, batch, 20);
        LOGITS.check(what + ", nodes", logits[0], first[0]);
        LOGITS.check(what + ", edges", logits[1], first[1]);
        return true;
    }

    private static <D extends ActivationRecorder> Map<String, float[]> recorded(D denoiser, GraphBatch batch,
                                                                                            int t) {
        Map<String, float[]> inputs = new LinkedHashMap<>();
        denoiser.record(batch, t, (layer, input, rows) -> inputs.put(layer, input.clone()));
        return inputs;
    }

    /** The code of every entry of an input, as LinearReference says; a number above all codes for an outlier. */
    private static int[] codes(PackedLinear linear, float[] input) {
        ActivationCodes activation = linear.activation;
        float[] x = linear.transform == null ? input : linear.transform.apply(input, input.length / linear.in);
        int[] codes = new int[x.length];
        for (int at = 0; at < x.length && activation.coded(); at++) {
            float largest = 0;
            for (int k = at - at % linear.in; activation.perRow() && k < at - at % linear.in + linear.in; k++) {
                largest = Math.max(largest, Math.abs(x[k]));
            }
            float inverse = !activation.perRow() ? activation.inverse()
                : largest / activation.maxCode() >= Float.MIN_NORMAL ? activation.maxCode() / largest : 0;
            boolean outlier = !activation.perRow() && Math.abs(x[at]) > activation.threshold();
            int code = (int) Math.min(activation.maxCode(), Math.rint(x[at] * inverse));
            codes[at] = outlier ? Integer.MAX_VALUE : Math.max(activation.unsigned() ? 0 : -activation.maxCode(), code);
        }
        return codes;
    }

    /** A step from time t has the scales of t's range: the same bits as a model that has them alone. */
    @Test
    void everyRangeOfStepsHasItsOwnScales() {
        PackedModel plain = TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 4), LOW_BIT, 7);
        PackedModel model = TestLayers.withRanges(plain, 3);
        int[] times = model.diffusion().schedule().times(25);
        assertThat(Arrays.stream(new int[] {1, 17, 18, 34, 35, 50}).map(model::rangeOf)).containsExactly(0, 0, 1, 1, 2, 2);
        List<String> isas = new ArrayList<>(ISAS);
        isas.add("reference");
        for (String isa : isas) {
            GraphBatch whole = noise(model, 6, 5, 15);
            GraphBatch pieces = noise(model, 6, 5, 15);
            try (Denoiser all = isa.equals("reference") ? new ReferenceDenoiser(model) : open(model, isa, 2)) {
                float[][] first = logits(all, model, whole, 1);
                for (int range = 2; range >= 0; range--) {
                    PackedModel alone = plain.withLinears(model.linears(range));
                    try (Denoiser one = isa.equals("reference") ? new ReferenceDenoiser(alone) : open(alone, isa, 1)) {
                        int t = 1 + 17 * range;
                        assertThat(logits(all, model, whole, t)).as("%s, range %d", isa, range)
                            .isDeepEqualTo(logits(one, alone, whole, t));
                        assertThat(range == 0 || !Arrays.deepEquals(first, logits(one, alone, whole, 1))).isTrue();
                        for (int step = 0; step + 1 < times.length; step++) {
                            if (model.rangeOf(times[step]) == range) {
                                one.advance(pieces, 5, new int[] {times[step], times[step + 1]});
                            }
                        }
                    }
                }
                all.advance(whole, 5, times);
            }
            assertThat(whole.nodes()).as(isa).isEqualTo(pieces.nodes());
            assertThat(whole.edges()).as(isa).isEqualTo(pieces.edges());
        }
    }

    @Test
    void instructionSetsDrawTheSameGraphs() {
        for (PackedModel model : new PackedModel[] {TestModels.tiny(Variant.MAIN, 6),
            TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 6), LOW_BIT, 2)}) {
            int[] times = model.diffusion().schedule().times(50);
            GraphBatch first = null;
            for (String isa : ISAS) {
                GraphBatch batch = noise(model, 6, 5, 25);
                try (CpuDenoiser denoiser = open(model, isa, 2)) {
                    denoiser.advance(batch, 77, times);
                }
                first = first == null ? batch : first;
                assertThat(batch.nodes()).as(isa).isEqualTo(first.nodes());
                assertThat(batch.edges()).as(isa).isEqualTo(first.edges());
            }
            assertThat(first.edges()).as("not all alike").contains((byte) 0, (byte) 1);
        }
    }

    @Test
    void batchesThreadsAndCallsDoNotChangeAGraph() {
        PackedModel model = TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 8), LOW_BIT, 3);
        int[] times = model.diffusion().schedule().times(20);
        GraphBatch expected = noise(model, 5, 5, 69);
        try (CpuDenoiser one = open(model, "auto", 1); CpuDenoiser two = open(model, "auto", 2)) {
            one.advance(expected, 3, times);
            for (CpuDenoiser denoiser : new CpuDenoiser[] {one, two}) {
                for (int size : new int[] {1, 3, 64}) {
                    for (int from = 0; from < 64; from += size) {
                        int count = Math.min(size, 64 - from);
                        GraphBatch part = noise(model, 5, 5, 69);
                        GraphBatch batch = new GraphBatch(5, Arrays.copyOfRange(part.ids(), from, from + count),
                            Arrays.copyOfRange(part.nodes(), from * 5, (from + count) * 5),
                            Arrays.copyOfRange(part.edges(), from * 25, (from + count) * 25));
                        denoiser.advance(batch, 3, Arrays.copyOfRange(times, 0, 8));
                        denoiser.advance(batch, 3, Arrays.copyOfRange(times, 7, 8));
                        denoiser.advance(batch, 3, Arrays.copyOfRange(times, 7, times.length));
                        int end = from + count;
                        assertThat(batch.nodes()).isEqualTo(Arrays.copyOfRange(expected.nodes(), from * 5, end * 5));
                        assertThat(batch.edges()).isEqualTo(Arrays.copyOfRange(expected.edges(), from * 25, end * 25));
                    }
                }
            }
        }
    }

    @Test
    void callersAtOnceGetTheirOwnGraphs() throws Exception {
        PackedModel model = TestModels.tiny(Variant.MAIN, 8);
        int[] times = model.diffusion().schedule().times(50);
        ExecutorService callers = Executors.newFixedThreadPool(4);
        try (CpuDenoiser denoiser = open(model, "auto", 2)) {
            GraphBatch[] expected = new GraphBatch[8];
            for (int n = 1; n < 8; n++) {
                expected[n] = noise(model, n, 5, 35);
                denoiser.advance(expected[n], 5, times);
            }
            List<Callable<GraphBatch>> calls = new ArrayList<>();
            for (int call = 0; call < 28; call++) {
                int n = 1 + call % 7;
                calls.add(() -> {
                    GraphBatch batch = noise(model, n, 5, 35);
                    denoiser.advance(batch, 5, times);
                    return batch;
                });
            }
            for (Future<GraphBatch> call : callers.invokeAll(calls)) {
                GraphBatch found = call.get();
                assertThat(found.nodes()).isEqualTo(expected[found.nodeCount()].nodes());
                assertThat(found.edges()).isEqualTo(expected[found.nodeCount()].edges());
            }
        } finally {
            callers.shutdown();
        }
    }

    /** The draws themselves: with logits that agree to 1e-4, nearly all draws fall on the same side. */
    @Test
    void drawsAreThoseOfTheReference() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 12);
        int[] times = model.diffusion().schedule().times(10);
        GraphBatch expected = noise(model, 7, 5, 45);
        GraphBatch found = noise(model, 7, 5, 45);
        new ReferenceDenoiser(model).advance(expected, 21, times);
        try (CpuDenoiser denoiser = open(model, "auto", 1)) {
            denoiser.advance(found, 21, times);
        }
        int same = 0;
        for (int g = 0; g < 40; g++) {
            same += Arrays.equals(expected.nodes(), g * 7, g * 7 + 7, found.nodes(), g * 7, g * 7 + 7)
                && Arrays.equals(expected.edges(), g * 49, g * 49 + 49, found.edges(), g * 49, g * 49 + 49) ? 1 : 0;
        }
        assertThat(same).isGreaterThanOrEqualTo(38);
    }

    @ParameterizedTest
    @EnumSource
    void featuresHaveTheBitsOfJava(Variant variant) {
        PackedModel model = TestModels.tiny(variant, 4);
        Architecture architecture = model.architecture();
        GraphFeatures features = new GraphFeatures(architecture);
        NoiseSchedule schedule = NoiseSchedule.cosine(architecture.diffusionSteps());
        try (CpuDenoiser denoiser = open(model, "auto", 1)) {
            for (int n : new int[] {17, 1, 2, 3, 5, 8, 9, 16, 27, 16, 64, 187, 9}) {
                for (GraphBatch batch : List.of(noise(model, n, 5, n < 100 ? 55 : 8), TestModels.regular(n))) {
                    int graphs = batch.size();
                    float[] node = new float[graphs * n * architecture.nodeInputs()];
                    float[] global = new float[graphs * architecture.globalInputs()];
                    float[] expectedNode = new float[node.length];
                    float[] expectedGlobal = new float[global.length];
                    denoiser.features(batch, 17, node, global);
                    for (int g = 0; g < graphs; g++) {
                        features.compute(batch, g, schedule, 17, expectedNode, g * n * architecture.nodeInputs(),
                            expectedGlobal, g * architecture.globalInputs());
                    }
                    assertThat(node).as("%d nodes", n).isEqualTo(expectedNode);
                    assertThat(global).as("%d nodes", n).isEqualTo(expectedGlobal);
                }
            }
        }
    }

    @Test
    void recordsTheInputOfEveryBlockLayerOnce() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 4);
        GraphBatch batch = noise(model, 6, 5, 45);
        Map<String, float[]> expected = new LinkedHashMap<>();
        new ReferenceDenoiser(model).record(batch, 30, (layer, input, rows) -> expected.put(layer, input.clone()));
        Map<String, float[]> found = new LinkedHashMap<>();
        try (CpuDenoiser denoiser = open(model, "auto", 2)) {
            denoiser.record(batch, 30, (layer, input, rows) -> {
                assertThat(input).hasSize(rows * model.linear(layer).in);
                assertThat(found.put(layer, input.clone())).isNull();
            });
        }
        assertThat(new ArrayList<>(found.keySet())).as("layers in order").isEqualTo(new ArrayList<>(expected.keySet()))
            .hasSize(2 * 22);
        expected.forEach((layer, input) -> LOGITS.check(layer, input, found.get(layer)));
    }

    @Test
    void recordsWhatIsAskedForAndStepsAsIfItHadNotRecorded() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 4);
        List<String> wanted = List.of("tf_layers.0.self_attn.q", "tf_layers.1.linE2");
        GraphBatch stepped = noise(model, 6, 5, 45);
        Map<String, float[]> expected;
        try (CpuDenoiser denoiser = open(model, "auto", 1)) {
            expected = recorded(denoiser, stepped, 30);
            denoiser.advance(stepped, 7, new int[] {30, 20});
        }
        for (int threads : new int[] {1, 3}) {
            GraphBatch batch = noise(model, 6, 5, 45);
            Map<String, float[]> found = new LinkedHashMap<>();
            try (CpuDenoiser denoiser = open(model, "auto", threads)) {
                denoiser.recordStep(batch, 7, 30, 20, new ActivationRecorder.Sink() {
                    @Override
                    public void accept(String layer, float[] input, int rows) {
                        found.put(layer, input);
                    }

                    @Override
                    public boolean wants(String layer) {
                        return wanted.contains(layer);
                    }
                });
            }
            assertThat(new ArrayList<>(found.keySet())).isEqualTo(wanted);
            found.forEach((layer, input) -> assertThat(input).as(layer).isEqualTo(expected.get(layer)));
            assertThat(batch.nodes()).isEqualTo(stepped.nodes());
            assertThat(batch.edges()).isEqualTo(stepped.edges());
        }
    }

    @Test
    void exponentialStaysWithinItsBound() {
        int count = 1 << 20;
        float[] x = new float[count];
        float[] y = new float[count];
        for (int k = 0; k < count; k++) {
            x[k] = -87 + 175f * k / count;
        }
        float[] first = null;
        for (String isa : ISAS) {
            CpuNative.exponential(isa, x, y);
            double worst = 0;
            for (int k = 0; k < count; k++) {
                worst = Math.max(worst, Math.abs(y[k] / Math.exp(x[k]) - 1));
            }
            assertThat(worst).as(isa).isLessThan(0x1p-22);
            first = first == null ? y.clone() : first;
            assertThat(y).as(isa).isEqualTo(first);
            float[] corners = {0, -0f, 1, -87, -87.001f, -1e30f, Float.NEGATIVE_INFINITY, Float.NaN};
            float[] found = new float[corners.length];
            CpuNative.exponential(isa, corners, found);
            assertThat(found[0]).isEqualTo(1);
            assertThat(found[1]).isEqualTo(1);
            assertThat(found[3]).isPositive();
            assertThat(Arrays.copyOfRange(found, 4, 7)).containsOnly(0);
            assertThat(found[7]).isNaN();
        }
    }

    @Test
    void brokenWeightsFailInsteadOfDrawing() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 4);
        List<PackedLinear> linears = new ArrayList<>(model.linears());
        PackedLinear q = model.linear("tf_layers.0.self_attn.q");
        float[] weight = q.weight.clone();
        weight[5] = Float.NaN;
        linears.set(linears.indexOf(q), PackedLinear.full(q.name, q.in, q.out, weight, q.bias));
        PackedModel broken = model.withLinears(linears);
        for (Denoiser denoiser : List.of(open(broken, "auto", 2), new ReferenceDenoiser(broken))) {
            assertThatThrownBy(() -> denoiser.advance(noise(model, 5, 5, 69), 1, new int[] {50, 25, 0}))
                .isInstanceOf(NotFiniteException.class).hasMessageContaining("time 50")
                .hasMessageContaining("the output of tf_layers.0.self_attn.q is the first that is not finite, NaN");
            assertThatThrownBy(() -> logits(denoiser, model, noise(model, 5, 5, 69), 20))
                .isInstanceOf(NotFiniteException.class).hasMessage("logits at time 20 are not finite in graph 5: the output of"
                    + " tf_layers.0.self_attn.q is the first that is not finite, NaN");
            denoiser.close();
        }
        PackedModel infinite = TestModels.withInfinity(model, "mlp_out_X.2");
        for (Denoiser denoiser : List.of(open(infinite, "auto", 1), new ReferenceDenoiser(infinite))) {
            assertThatThrownBy(() -> denoiser.advance(noise(model, 5, 5, 69), 1, new int[] {50, 25}))
                .isInstanceOf(NotFiniteException.class).hasMessageContaining("so that it is an output layer");
            denoiser.close();
        }
    }

    @Test
    void checksAtTheDoor() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 4);
        CpuDenoiser denoiser = open(model, "scalar", 1);
        assertThat(denoiser.describe()).isEqualTo("cpu (scalar, 1 thread)");
        GraphBatch batch = noise(model, 3, 5, 7);
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.logits(batch, -1, new float[18], new float[72]));
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.logits(batch, 1, new float[17], new float[72]));
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.advance(batch, 1, new int[] {3, 4}));
        batch.nodes()[0] = 3;
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.advance(batch, 1, new int[] {3, 2}));
        denoiser.close();
        assertThatIllegalStateException().isThrownBy(() -> denoiser.advance(noise(model, 3, 5, 7), 1, new int[] {3, 2}));
        assertThatIllegalStateException().isThrownBy(denoiser::close);
    }
}
