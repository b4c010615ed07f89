package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cpu backend of sequences against the reference, on every instruction set that runs here. */
class CpuProteinDenoiserTest {
    private static final Tolerance TOLERANCE = new Tolerance(2e-5, 2e-4);

    private static BackendOptions options(String isa, int threads) {
        return new BackendOptions(threads, isa, BackendOptions.defaults().nativeDirectory());
    }

    private static float[] logits(ProteinDenoiser denoiser, ProteinGraph protein, byte[] sequences, int t) {
        float[] logits = new float[sequences.length * 20];
        try (denoiser; ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            network.logits(sequences, t, logits);
        }
        return logits;
    }

    @ParameterizedTest
    @EnumSource
    void logitsAgreeWithTheReferenceAndInstructionSetsWithEachOther(StructureAt structureAt) {
        for (boolean on : new boolean[] {true, false}) {
            ProteinArchitecture architecture = new ProteinArchitecture(3, on, on, structureAt, 50);
            PackedProteinModel model = TestProteins.model(architecture, on ? 10 : 16, 7, 5, 4);
            for (int n : new int[] {1, 2, 11, 60}) {
                ProteinGraph protein = n == 1 ? new ProteinGraph(new byte[1], new float[11], new float[8], new float[3],
                    new int[0], new int[0], new float[0]) : TestProteins.random(n, n);
                byte[] sequences = TestProteins.sequence(3 * n, 9);
                float[] expected = logits(new ReferenceProteinDenoiser(model), protein, sequences, 23);
                float[] first = null;
                for (String isa : CpuIsas.supported()) {
                    float[] found = logits(new CpuProteinDenoiser(model, options(isa, 2)), protein, sequences, 23);
                    TOLERANCE.check(structureAt + " " + n + " " + isa, expected, found);
                    first = first == null ? found : first;
                    assertThat(found).as(isa).isEqualTo(first);
                }
            }
        }
    }

    @Test
    void aSequenceDoesNotDependOnTheOthersOrOnWhatCameBefore() {
        PackedProteinModel model = TestProteins.model(new ProteinArchitecture(2, true, true, StructureAt.OUTPUT, 50), 10, 7, 5,
            4);
        ProteinGraph protein = TestProteins.random(20, 3);
        byte[] sequences = TestProteins.sequence(5 * 20, 9);
        try (CpuProteinDenoiser denoiser = new CpuProteinDenoiser(model, options("auto", 2));
             ProteinDenoiser.Conditioned network = denoiser.condition(protein);
             ProteinDenoiser.Conditioned other = denoiser.condition(TestProteins.random(33, 4))) {
            float[] together = new float[5 * 20 * 20];
            network.logits(sequences, 40, together);
            other.logits(TestProteins.sequence(33, 1), 7, new float[33 * 20]);
            float[] alone = new float[20 * 20];
            network.logits(Arrays.copyOfRange(sequences, 60, 80), 40, alone);
            assertThat(alone).isEqualTo(Arrays.copyOfRange(together, 60 * 20, 80 * 20));
        }
    }

    /** Every ninth, which has all parts: there are hundreds, and single layers are checked with each of them elsewhere. */
    private static List<TestLayers.Form> forms() {
        List<TestLayers.Form> all = TestLayers.forms();
        return IntStream.range(0, all.size()).filter(at -> at % 9 == 0).mapToObj(all::get).toList();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void quantizedLayersAgreeWithTheReference(TestLayers.Form form) {
        PackedProteinModel full = TestProteins.model(new ProteinArchitecture(2, true, true, StructureAt.LAST_LAYER, 50), 20, 9,
            5, 4);
        Random random = new Random(5);
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear linear : full.linears()) {
            linears.add(full.spec().layer(linear.name).quantized() ? TestLayers.quantized(linear, form, random) : linear);
        }
        PackedProteinModel model = full.withRanges(List.of(linears));
        ProteinGraph protein = TestProteins.random(24, 8);
        byte[] sequence = TestProteins.sequence(24, 2);
        float[] expected = logits(new ReferenceProteinDenoiser(model), protein, sequence, 31);
        for (String isa : CpuIsas.supported()) {
            float[] found = logits(new CpuProteinDenoiser(model, options(isa, 1)), protein, sequence, 31);
            double worst = 0;
            for (int at = 0; at < found.length; at++) {
                worst = Math.max(worst, Math.abs(found[at] - expected[at]));
            }
            // A code that falls on the other side of a rounding moves what follows by a step of the codes.
            assertThat(worst).as(form + " " + isa).isLessThan(0.05);
        }
    }

    /** All with static scales: where the products are of integers, the first layer of the messages is summed of its parts. */
    private static List<TestLayers.Form> staticForms() {
        return TestLayers.forms().stream().filter(form -> EnumSet.of(TestLayers.Input.SIGNED, TestLayers.Input.UNSIGNED,
            TestLayers.Input.ALL_OUTLIERS).contains(form.input())).toList();
    }

    @ParameterizedTest
    @MethodSource("staticForms")
    void messagesSummedOfTheirPartsAreThoseOfTheWholeLayerBitForBit(TestLayers.Form form) {
        PackedProteinModel full = TestProteins.model(new ProteinArchitecture(2, true, true, StructureAt.OUTPUT, 50), 20, 9,
            5, 4);
        Random random = new Random(5);
        List<PackedLinear> linears = full.linears().stream().map(linear -> linear.name.endsWith("message_mlp.0")
            ? TestLayers.quantized(linear, form, random) : linear).toList();
        PackedProteinModel parts = ranges(full, linears);
        // A layer whose input is transformed, by ones here, is multiplied edge by edge.
        PackedProteinModel whole = ranges(full, linears.stream().map(linear -> linear.name.endsWith("message_mlp.0")
            ? linear.with(InputTransform.scaling(ones(linear.in)), null) : linear).toList());
        ProteinGraph protein = TestProteins.random(24, 8);
        byte[] sequences = TestProteins.sequence(2 * 24, 2);
        for (int t : new int[] {10, 40}) {
            float[] expected = logits(new CpuProteinDenoiser(whole, options("auto", 1)), protein, sequences, t);
            for (String isa : CpuIsas.supported()) {
                assertThat(logits(new CpuProteinDenoiser(parts, options(isa, 1)), protein, sequences, t)).as(isa)
                    .isEqualTo(expected);
            }
        }
    }

    /** Near residues, whose scales are those of receiver, sender or edge, and far ones, whose scales are all of the edge. */
    @ParameterizedTest
    @ValueSource(floats = {0, 1, 30})
    void messagesWithAScaleForEachRowAreThoseOfTheWholeLayerBitForBit(float apart) {
        PackedProteinModel full = TestProteins.model(new ProteinArchitecture(3, true, true, StructureAt.LAST_LAYER, 50), 32, 9,
            5, 4);
        ProteinGraph near = TestProteins.random(64, 8);
        float[] positions = near.positions().clone();
        for (int at = 0; at < positions.length; at++) {
            positions[at] *= apart;
        }
        ProteinGraph protein = new ProteinGraph(near.sequence(), near.nodeFeatures(), near.structure(), positions,
            near.sources(), near.targets(), near.edgeFeatures());
        for (int bits : new int[] {8, 4}) {
            TestLayers.Form form = new TestLayers.Form(0, 4, bits, TestLayers.Input.ROW, bits, 32, 0, true);
            Random random = new Random(5);
            List<PackedLinear> linears = full.linears().stream().map(linear -> full.spec().layer(linear.name).quantized()
                ? TestLayers.quantized(linear, form, random) : linear).toList();
            PackedProteinModel parts = full.withRanges(List.of(linears));
            PackedProteinModel whole = full.withRanges(List.of(linears.stream().map(linear ->
                linear.name.endsWith("message_mlp.0") ? linear.with(InputTransform.scaling(ones(linear.in)), null) : linear)
                .toList()));
            byte[] sequences = TestProteins.sequence(3 * 64, 2);
            float[] expected = logits(new CpuProteinDenoiser(whole, options("auto", 1)), protein, sequences, 20);
            for (String isa : CpuIsas.supported()) {
                for (int threads : new int[] {1, 2, 5}) {
                    assertThat(logits(new CpuProteinDenoiser(parts, options(isa, threads)), protein, sequences, 20))
                        .as(isa + ", " + threads + " threads").isEqualTo(expected);
                }
            }
        }
    }

    /** The model with two ranges of steps, scales of the second ¾ of those of the first. */
    private static PackedProteinModel ranges(PackedProteinModel model, List<PackedLinear> linears) {
        return model.withRanges(List.of(linears, linears.stream().map(layer -> layer.hasStaticScale()
            ? layer.withScales(ActivationCodes.of(layer.activation.bits(), layer.activation.unsigned(),
                layer.activation.threshold() * 0.75f), layer.intermediateScale * 0.75f) : layer).toList()));
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Test
    void recordingShowsTheInputsOfTheReference() {
        PackedProteinModel model = TestProteins.model(new ProteinArchitecture(2, true, true, StructureAt.OUTPUT, 50), 10, 7, 5,
            4);
        ProteinGraph protein = TestProteins.random(14, 3);
        byte[] sequence = TestProteins.sequence(14, 9);
        Map<String, float[]> expected = new HashMap<>();
        List<String> order = new ArrayList<>();
        try (ReferenceProteinDenoiser reference = new ReferenceProteinDenoiser(model);
             CpuProteinDenoiser denoiser = new CpuProteinDenoiser(model, options("auto", 1));
             ProteinDenoiser.Conditioned known = reference.condition(protein);
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            known.record(sequence, 11, (layer, input, rows) -> expected.put(layer, input));
            network.record(sequence, 11, (layer, input, rows) -> {
                order.add(layer);
                assertThat(rows).isEqualTo(input.length / model.linear(layer).in);
                TOLERANCE.check(layer, expected.get(layer), input);
            });
            float[] before = new float[14 * 20];
            network.logits(sequence, 11, before);
            float[] wanted = new float[14 * 20];
            known.logits(sequence, 11, wanted);
            TOLERANCE.check("logits after a recording", wanted, before);
        }
        assertThat(order).containsExactlyElementsOf(
            model.spec().layers().stream().filter(NetworkSpec.Layer::quantized).map(NetworkSpec.Layer::name).toList());
    }

    @Test
    void aClosedDenoiserSaysSo() {
        PackedProteinModel model = TestProteins.model(new ProteinArchitecture(1, true, true, StructureAt.OUTPUT, 50), 4, 3, 3,
            1);
        CpuProteinDenoiser denoiser = new CpuProteinDenoiser(model, options("auto", 1));
        ProteinDenoiser.Conditioned network = denoiser.condition(TestProteins.random(3, 1));
        denoiser.close();
        assertThatThrownBy(() -> network.logits(new byte[3], 1, new float[60])).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("is closed");
        assertThatThrownBy(denoiser::close).isInstanceOf(IllegalStateException.class);
        network.close();
    }
}
