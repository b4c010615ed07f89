package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Products of single layers on every instruction set, against {@link LinearReference}. */
class CpuLinearTest {
    /**
     * Codes are the same as the reference's and integer sums exact, so what remains is FP32 summation: 1e-4 relative to
     * the magnitude of the terms, which the widths used here keep near 1.
     */
    private static final Tolerance SUMS = new Tolerance(1e-4, 1e-4);
    private static final List<String> ISAS = CpuIsas.supported();

    @Test
    void everyFormAgreesWithTheReference() {
        int forms = 0;
        for (int[] widths : new int[][] {{7, 5}, {16, 16}, {33, 19}, {65, 47}}) {
            for (PackedLinear layer : TestLayers.combinations(widths[0], widths[1], 11)) {
                check(layer, 5);
                forms++;
            }
        }
        assertThat(forms).isGreaterThan(1000);
    }

    @Test
    void formsOfTheBaselinesAgreeWithTheReference() {
        int forms = 0;
        for (int[] widths : new int[][] {{7, 5}, {16, 16}, {33, 19}, {65, 47}, {300, 40}}) {
            for (PackedLinear layer : TestLayers.baselines(widths[0], widths[1], 12)) {
                check(layer, 1 + forms % 7);
                forms++;
            }
        }
        assertThat(forms).isGreaterThan(300);
        for (PackedLinear layer : TestLayers.baselines(256, 64, 13)) {
            check(layer, 150);
        }
    }

    @Test
    void rowsThatFillNoTileAgreeWithTheReference() {
        Random random = new Random(3);
        TestLayers.Form residual = new TestLayers.Form(3, 4, 4, TestLayers.Input.SIGNED, 4, 8, 2, true);
        for (int rows : new int[] {1, 2, 11, 12, 13, 16, 17, 25, 97, 200}) {
            check(TestLayers.full("full", 40, 70, random), rows);
            check(TestLayers.quantized(TestLayers.full("quantized", 40, 70, random), residual, random), rows);
        }
    }

    @Test
    void wideLayersAgreeWithTheReference() {
        Random random = new Random(5);
        TestLayers.Form form = new TestLayers.Form(16, 4, 4, TestLayers.Input.UNSIGNED, 8, 8, 20, true);
        for (int[] widths : new int[][] {{2048, 64}, {64, 2048}, {1024, 64}, {256, 256}}) {
            check(TestLayers.full("full", widths[0], widths[1], random), 9);
            check(TestLayers.quantized(TestLayers.full("quantized", widths[0], widths[1], random), form, random), 30);
        }
    }

    /** Few entries of S are taken by rows of W, many by columns; beside factors alone, and with X in several chunks of rows. */
    @Test
    void sparsePartsOfAnyDensityAgreeWithTheReference() {
        Random random = new Random(6);
        for (int sparseWidth : new int[] {1, 3, 8, 20, 200}) {
            for (int rank : new int[] {5, 16, 32, 40}) {
                TestLayers.Form form = new TestLayers.Form(rank, 4, 0, TestLayers.Input.SIGNED, 8, 8, sparseWidth, true);
                check(TestLayers.quantized(TestLayers.full("quantized", 256, 250, random), form, random), 161);
            }
        }
    }

    /** The sums that come closest to overflow: a saturating instruction where it must not be used would show here. */
    @Test
    void extremeCodesAreExact() {
        for (int weightBits : new int[] {2, 4, 5, 7, 8}) {
            for (int activationBits : new int[] {2, 4, 5, 7, 8}) {
                for (boolean unsigned : new boolean[] {false, true}) {
                    for (int sign : new int[] {-1, 1}) {
                        extremeCodes(weightBits, activationBits, unsigned, sign);
                    }
                }
            }
        }
    }

    private static void extremeCodes(int weightBits, int activationBits, boolean unsigned, int sign) {
        int in = 67;
        int out = 21;
        ActivationCodes activation = ActivationCodes.of(activationBits, unsigned, 1);
        byte[] codes = new byte[in * out];
        for (int at = 0; at < codes.length; at++) {
            codes[at] = (byte) (at % out == 3 && at / out % 2 == 0 ? 0 : sign * CodeMatrix.maxCode(weightBits));
        }
        float[] scale = new float[out];
        Arrays.fill(scale, 1);
        CodeMatrix residual = new CodeMatrix(in, out, weightBits, false, codes, scale, new float[0]);
        PackedLinear layer = PackedLinear.quantized("extreme", in, out, new float[out], activation, null, null, 32, 0,
            residual, SparseRows.empty(in, out), true);
        float[] input = new float[4 * in];
        for (int at = 0; at < input.length; at++) {
            int row = at / in;
            input[at] = row == 0 ? 1 : row == 1 && !unsigned ? -1 : row == 2 ? at % 2 : 0;
        }
        check(layer, input, 4);
    }

    @Test
    void emptyAndConstantLayers() {
        Random random = new Random(9);
        check(PackedLinear.full("no outputs", 12, 0, new float[0], new float[0]), 3);
        check(PackedLinear.full("one by one", 1, 1, new float[] {2}, new float[] {1}), 3);
        CodeMatrix zeros = new CodeMatrix(20, 20, 4, false, new byte[400], new float[20], new float[0]);
        check(PackedLinear.quantized("zeros", 20, 20, TestModels.gaussians(random, 20, 1), ActivationCodes.of(4, false, 1),
            null, null, 32, 0, zeros, SparseRows.empty(20, 20), true), 3);
        check(PackedLinear.quantized("no outputs, quantized", 20, 0, new float[0], ActivationCodes.of(4, false, 1),
            null, null, 32, 0, new CodeMatrix(20, 0, 4, false, new byte[0], new float[0], new float[0]),
            SparseRows.empty(20, 0), true), 3);
    }

    private static void check(PackedLinear layer, int rows) {
        check(layer, TestLayers.input(layer, rows, new Random(rows)), rows);
    }

    private static void check(PackedLinear layer, float[] input, int rows) {
        double[] sums = LinearReference.apply(layer, input, rows);
        float[] expected = new float[sums.length];
        for (int at = 0; at < sums.length; at++) {
            expected[at] = (float) sums[at];
        }
        float[] first = null;
        for (String isa : ISAS) {
            float[] output = CpuNative.product(layer, isa, input, rows);
            SUMS.check(layer.name + " " + layer.in + " x " + layer.out + " on " + isa, expected, output);
            if (first == null) {
                first = output;
            }
            assertThat(output).as("%s: %s = %s", layer.name, isa, ISAS.get(0)).isEqualTo(first);
        }
    }
}
