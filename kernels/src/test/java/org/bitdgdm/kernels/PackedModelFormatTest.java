package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Round trip, size, damage and hostility of the packed-model bytes. */
class PackedModelFormatTest {
    private static final String V1_SHA256 = "5c74d8976616bb023a4f23300debdd9417d781eaa22100c7a81c6b3c74b2af2f";

    /** A tiny model whose block layers take all forms in turn. */
    static PackedModel everyForm() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 4);
        List<TestLayers.Form> forms = TestLayers.forms();
        Random random = new Random(9);
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear linear : model.linears()) {
            TestLayers.Form form = forms.get((linears.size() * 31 + 7) % forms.size());
            linears.add(model.spec().layer(linear.name).quantized() ? TestLayers.quantized(linear, form, random) : linear);
        }
        return model.withLinears(linears);
    }

    /** The same with the forms of the baselines in the layers of the blocks, and three ranges of steps. */
    static PackedModel everyBaseline() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 5);
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear linear : model.linears()) {
            List<PackedLinear> forms = TestLayers.baselines(linear.in, linear.out, linears.size());
            PackedLinear form = forms.get((linears.size() * 31 + 7) % forms.size());
            linears.add(model.spec().layer(linear.name).quantized() ? PackedLinear.quantized(linear.name, linear.in, linear.out,
                linear.bias, form.activation, form.left, form.right, form.intermediateBits, form.intermediateScale,
                form.residual, linears.size() % 5 == 0 ? ragged(linear) : form.sparse, true, form.codebook)
                .with(form.transform, form.branch) : linear);
        }
        return TestLayers.withRanges(model.withLinears(linears), 3);
    }

    /** A sparse part whose first row is full and whose others are empty. */
    private static SparseRows ragged(PackedLinear linear) {
        int[] columns = new int[linear.in * linear.out];
        Arrays.fill(columns, -1);
        float[] values = new float[columns.length];
        for (int k = 0; k < linear.out; k++) {
            columns[k] = k;
            values[k] = k + 0.5f;
        }
        return new SparseRows(linear.in, linear.out, linear.out, columns, values);
    }

    @Test
    void everyFormComesBackBitIdentical() {
        assertThat(PackedModelFormat.toBytes(everyForm())[4]).as("the lowest version that holds it").isEqualTo((byte) 1);
        comesBack(everyForm());
    }

    @Test
    void formsOfTheBaselinesComeBackBitIdentical() {
        PackedModel model = everyBaseline();
        assertThat(model.forms()).containsExactlyInAnyOrder(PackedForm.values());
        assertThat(PackedModelFormat.toBytes(model)[4]).isEqualTo((byte) 2);
        PackedModel back = comesBack(model);
        assertThat(back.stepRanges()).isEqualTo(3);
        for (int range = 1; range < 3; range++) {
            assertThat(back.linears(range)).usingRecursiveComparison().isEqualTo(model.linears(range));
        }
        comesBack(model.withLinears(model.linears()));
        comesBack(TestLayers.withRanges(everyForm(), 50));
    }

    private static PackedModel comesBack(PackedModel model) {
        byte[] bytes = PackedModelFormat.toBytes(model);
        PackedModel back = PackedModelFormat.fromBytes(bytes);
        assertThat(back.architecture()).usingRecursiveComparison().isEqualTo(model.architecture());
        assertThat(back.diffusion()).usingRecursiveComparison().isEqualTo(model.diffusion());
        assertThat(back.linears()).usingRecursiveComparison().isEqualTo(model.linears());
        assertThat(back.norms()).usingRecursiveComparison().isEqualTo(model.norms());
        assertThat(PackedModelFormat.toBytes(back)).isEqualTo(bytes);
        return back;
    }

    @Test
    void theShippedModelComesBackBitIdentical() {
        PackedModel model = TestModels.qm9(Variant.FIXED_BUG);
        byte[] bytes = PackedModelFormat.toBytes(model);
        PackedModel back = PackedModelFormat.fromBytes(bytes);
        for (int k = 0; k < model.linears().size(); k++) {
            assertThat(Arrays.equals(back.linears().get(k).weight, model.linears().get(k).weight)).isTrue();
        }
        assertThat(Arrays.equals(PackedModelFormat.toBytes(back), bytes)).isTrue();
    }

    @Test
    void sizeIsParametersPlusFields() {
        PackedModel baselines = everyBaseline();
        for (PackedModel model : List.of(everyForm(), TestModels.tiny(Variant.FIXED_BUG, 1), baselines)) {
            Architecture a = model.architecture();
            int tables = 2 * (a.diffusionSteps() + 1) + a.nodeTypes() + a.edgeTypes() + a.maxNodes() + 1
                + a.nodeWeights().length;
            long expected = 16 + 2 + a.variant().label().length() + 6 * 4 + 1 + 4 + 4L * tables + 32 + model.bytes();
            for (PackedLinear linear : model.linears()) {
                expected += 2 + linear.name.length() + 8 + 1;
                int matrices = (linear.left == null ? 0 : 2) + (linear.residual == null ? 0 : 1);
                expected += linear.isFull() ? 0 : 14 + 1 + 5 + 10L * matrices + 4;
                expected += linear.codebook == null ? 0 : 5;
                expected += linear.transform == null ? 0 : 5;
                expected += linear.branch == null ? 0 : 4;
                expected += linear.hasStaticScale() ? 16L * (model.stepRanges() - 1) : 0;
            }
            expected += model == baselines ? 4 : 0;
            for (LayerNorm norm : model.norms()) {
                expected += 2 + norm.name().length() + 4;
            }
            assertThat(PackedModelFormat.toBytes(model)).hasSize((int) expected);
        }
    }

    @Test
    void codesTakeTheirOwnWidth() {
        for (int bits = 2; bits <= 8; bits++) {
            int max = CodeMatrix.maxCode(bits);
            byte[] codes = new byte[17];
            for (int k = 0; k < codes.length; k++) {
                codes[k] = (byte) (k % 3 == 0 ? -max : k % 3 == 1 ? max : k % (max + 1));
            }
            ByteSink sink = new ByteSink(1);
            sink.codes(codes, bits);
            byte[] packed = sink.bytes(0);
            assertThat(packed).hasSize((17 * bits + 7) / 8);
            assertThat(new ByteSource(packed).codes("codes", 17, bits)).isEqualTo(codes);
        }
    }

    @Test
    void truncatedBytesAreRefused() {
        truncated(PackedModelFormat.toBytes(everyForm()));
        truncated(PackedModelFormat.toBytes(everyBaseline()));
    }

    private static void truncated(byte[] bytes) {
        for (int length = 0; length < bytes.length; length += 1 + length / 50) {
            refuses(Arrays.copyOf(bytes, length));
        }
        refuses(Arrays.copyOf(bytes, bytes.length - 1));
        refuses(Arrays.copyOf(bytes, bytes.length + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(Arrays.copyOf(bytes, 5000)))
            .withMessageContaining("must be " + bytes.length + " bytes long, found 5000");
    }

    @Test
    void anyFlippedBitIsRefused() {
        byte[] bytes = PackedModelFormat.toBytes(everyForm());
        Random random = new Random(2);
        for (int trial = 0; trial < 200; trial++) {
            byte[] flipped = bytes.clone();
            flipped[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            refuses(flipped);
        }
        bytes[bytes.length / 2] ^= 1;
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(bytes))
            .withMessageContaining("SHA-256");
    }

    @Test
    void everyFeatureSetComesBack() {
        for (FeatureSet features : FeatureSet.values()) {
            boolean walks = features == FeatureSet.RRWP;
            Architecture architecture = new Architecture(Variant.MAIN, 1, 2, 1, 2, 7, 50, features, false, new float[0], 1,
                walks ? 3 : 0, false);
            PackedModel model = TestModels.tiny(architecture, Diffusion.cosine(50, new float[] {1}, new float[] {0.9f, 0.1f},
                new float[] {0, 0, 0, 1, 1, 1, 1, 1}), 3);
            byte[] bytes = PackedModelFormat.toBytes(model);
            assertThat(bytes[4]).as("version").isEqualTo((byte) (walks ? PackedModelFormat.FLOWS
                : features == FeatureSet.ALL ? 1 : PackedModelFormat.VERSION));
            PackedModel read = PackedModelFormat.fromBytes(bytes);
            assertThat(read.architecture().features()).isEqualTo(features);
            assertThat(PackedModelFormat.toBytes(read)).isEqualTo(bytes);
        }
    }

    @Test
    void aFutureVersionIsRefused() {
        byte[] bytes = PackedModelFormat.toBytes(TestModels.tiny(Variant.MAIN, 1));
        bytes[4] = PackedModelFormat.VERSION + 1;
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(signed(bytes)))
            .withMessageContaining("version must be in 1..3 or 5, found 4");
    }

    @Test
    void hostileBytesWithAValidHashAreRefusedOrHarmless() {
        hostile(PackedModelFormat.toBytes(everyForm()), 3);
        hostile(PackedModelFormat.toBytes(everyBaseline()), 4);
    }

    private static void hostile(byte[] bytes, long seed) {
        Random random = new Random(seed);
        int refused = 0;
        for (int trial = 0; trial < 600; trial++) {
            byte[] hostile = bytes.clone();
            // Mostly small offsets: the fields that say how much to read sit in front and between the layers.
            int at = 16 + random.nextInt(trial % 2 == 0 ? 120 : bytes.length - 60);
            if (trial % 3 == 0) {
                ByteBuffer.wrap(hostile).order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(at, List.of(Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 1 << 20).get(random.nextInt(4)));
            } else {
                hostile[at] = (byte) random.nextInt();
            }
            try {
                PackedModelFormat.fromBytes(signed(hostile));
            } catch (IllegalArgumentException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(100);
    }

    /** Fields of version 2 that contradict each other; found by their place from the start of the layer that holds them. */
    @Test
    void contradictionsOfVersionTwoAreRefused() {
        PackedModel model = everyBaseline();
        byte[] bytes = PackedModelFormat.toBytes(model);
        Architecture a = model.architecture();
        int ranges = 16 + 2 + a.variant().label().length() + 6 * 4 + 1 + 4 * a.nodeWeights().length + 4
            + 4 * (2 * (a.diffusionSteps() + 1) + a.nodeTypes() + a.edgeTypes() + a.maxNodes() + 1);
        for (int found : new int[] {0, -1, 51, Integer.MAX_VALUE}) {
            byte[] hostile = bytes.clone();
            ByteBuffer.wrap(hostile).order(ByteOrder.LITTLE_ENDIAN).putInt(ranges, found);
            assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(signed(hostile)))
                .withMessageContaining("ranges of steps must be in 1..50, found " + found);
        }
        byte[] older = bytes.clone();
        older[4] = 1;
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(signed(older)));
    }

    @Test
    void aFileOfVersionOneLoadsForever() throws IOException {
        try (InputStream in = getClass().getResourceAsStream("packed-model-v1.bin")) {
            byte[] bytes = in.readAllBytes();
            PackedModel model = PackedModelFormat.fromBytes(bytes);
            assertThat(Sha256.of(bytes)).isEqualTo(V1_SHA256);
            assertThat(PackedModelFormat.toBytes(model)).isEqualTo(bytes);
        }
    }

    private static void refuses(byte[] bytes) {
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(bytes))
            .withMessageStartingWith("packed model: ");
    }

    /** The same bytes with a hash that fits them. */
    private static byte[] signed(byte[] bytes) {
        assertThatCode(() -> {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes, 0, bytes.length - PackedModelFormat.HASH_BYTES);
            digest.digest(bytes, bytes.length - PackedModelFormat.HASH_BYTES, PackedModelFormat.HASH_BYTES);
        }).doesNotThrowAnyException();
        return bytes;
    }
}
