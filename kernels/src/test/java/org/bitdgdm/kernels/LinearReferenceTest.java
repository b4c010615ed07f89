package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The layer product of the reference against hand-counted numbers and against plain matrix products. */
class LinearReferenceTest {
    /** Scales are rounded to FP32 in the product, and are not in the plain matrix product. */
    private static final Tolerance FLOAT_SCALES = new Tolerance(2e-6, 2e-6);

    @Test
    void everyFormIsTheProductOfItsDequantizedParts() {
        Random random = new Random(5);
        int rows = 6;
        for (int[] shape : new int[][] {{11, 7}, {1, 5}, {9, 1}, {16, 32}}) {
            for (PackedLinear layer : TestLayers.combinations(shape[0], shape[1], 3)) {
                float[] input = TestLayers.input(layer, rows, random);
                float[] found = floats(LinearReference.apply(layer, input, rows));
                FLOAT_SCALES.check(layer.name, floats(dequantizedProduct(layer, input, rows)), found);
            }
        }
    }

    /** The transform first, then the product as without it, then the branch of the unquantized, transformed input. */
    @Test
    void formsOfTheBaselinesAreWhatTheySay() {
        Random random = new Random(6);
        for (PackedLinear layer : TestLayers.baselines(21, 12, 4)) {
            float[] input = TestLayers.input(layer, 5, random);
            float[] turned = layer.transform == null ? input : layer.transform.apply(input, 5);
            double[] expected = LinearReference.apply(layer.with(null, null), turned, 5);
            for (int at = 0; at < expected.length && layer.branch != null; at++) {
                for (int c = 0; c < layer.branch.rank(); c++) {
                    for (int i = 0; i < layer.in; i++) {
                        expected[at] += (double) turned[at / 12 * 21 + i] * layer.branch.down()[i * layer.branch.rank() + c]
                            * layer.branch.up()[c * 12 + at % 12];
                    }
                }
            }
            new Tolerance(1e-6, 1e-6).check(layer.name, floats(expected), floats(LinearReference.apply(layer, input, 5)));
        }
    }

    @Test
    void aLookedUpWeightIsItsTable() {
        Codebook codebook = new Codebook(2, 2, 2, 3, new byte[] {0, 2, 1, 0}, new float[] {1, 2, 3, 10, 20, 30});
        PackedLinear layer = PackedLinear.lookedUp("q", new float[] {0.5f, 0}, codebook,
            new SparseRows(2, 2, 1, new int[] {1, -1}, new float[] {100, 0}));
        // W = ((1, 30), (2, 10)); S adds 100 at (0, 1).
        assertThat(LinearReference.apply(layer, new float[] {1, 2}, 1)).containsExactly(1 + 4 + 0.5, 30 + 20 + 100);
        assertThat(layer.bytes()).isEqualTo(2 * 4 + 1 + 6 * 2 + layer.sparse.bytes());
        assertThat(layer.multiplyAdds()).isEqualTo(4);
        assertThat(layer.forms()).containsExactly(PackedForm.SPARSE, PackedForm.CODEBOOK);
    }

    @Test
    void aFullPrecisionLayerIsAMatrixProduct() {
        PackedLinear layer = PackedLinear.full("q", 2, 3, new float[] {1, 2, 3, 4, 5, 6}, new float[] {0.5f, 0, -1});
        assertThat(LinearReference.apply(layer, new float[] {1, 10, 2, 0}, 2)).containsExactly(41.5, 52, 62, 2.5, 4, 5);
    }

    @Test
    void handCountedProduct() {
        // Scale 1, codes ±7, τ = 7. L = (2, 3), R = (5, 1), H requantized to ±7 with scale 4; E = ((1, 0), (0, -1)).
        ActivationCodes activation = ActivationCodes.of(4, false, 7);
        CodeMatrix left = codes(2, 1, 4, false, 2, 3);
        CodeMatrix right = codes(2, 1, 4, true, 5, 1);
        CodeMatrix residual = codes(2, 2, 4, false, 1, 0, 0, -1);
        SparseRows sparse = new SparseRows(2, 2, 1, new int[] {1, -1}, new float[] {100, 0});
        float[] bias = {0.25f, 0.25f};
        PackedLinear layer = PackedLinear.quantized("q", 2, 2, bias, activation, left, right, 4, 4, residual, sparse, true);
        // Ties to even: 2.5 -> 2, 1.5 -> 2. A = 2·2 + 2·3 = 10; 10/4 = 2.5 -> 2; H = 8. S adds 2.5 · 100.
        assertThat(LinearReference.apply(layer, new float[] {2.5f, 1.5f}, 1))
            .containsExactly(8 * 5 + 2 + 0.25, 8 + -2 + 250 + 0.25);
        // 8 > τ goes to X_S: dense part is ((2·5+1, 2·1), (3·5, 3·1-1)). The code of 3 is 3: A = 9; 9/4 -> 2; H = 8.
        assertThat(LinearReference.apply(layer, new float[] {8, 3}, 1))
            .containsExactly(8 * 5 + 8 * 11 + 0.25, 8 - 3 + 8 * 2 + 800 + 0.25);
        // A = 2·7 + 3·7 = 35; 35/4 = 8.75 is clamped to 7; H = 28. τ itself is no outlier.
        assertThat(LinearReference.apply(layer, new float[] {7, 7}, 1))
            .containsExactly(28 * 5 + 7 + 0.25, 28 - 7 + 700 + 0.25);
        PackedLinear ablation =
            PackedLinear.quantized("q", 2, 2, bias, activation, left, right, 4, 4, residual, sparse, false);
        assertThat(LinearReference.apply(ablation, new float[] {8, 3}, 1))
            .as("without the cross term").containsExactly(8 * 5 + 8 * 11 + 0.25, 8 - 3 + 8 * 2 + 0.25);
    }

    @Test
    void aScalePerRowIsFoundAtRunTime() {
        PackedLinear layer = PackedLinear.quantized("q", 2, 1, new float[1], ActivationCodes.perRow(3, false), null, null,
            8, 0, codes(2, 1, 4, false, 1, 1), SparseRows.empty(2, 1), true);
        // Codes ±3: rows (6, 2.9) -> (3, 1) with scale 2, (0.6, -0.3) -> (3, -2), -1.5 to even; and a row of zeros.
        double[] found = LinearReference.apply(layer, new float[] {6, 2.9f, 0.6f, -0.3f, 0, 0}, 3);
        assertThat(found[0]).isEqualTo(8);
        assertThat(found[1]).isCloseTo(0.2, within(1e-7));
        assertThat(found[2]).isZero();
        assertThat(LinearReference.apply(layer, new float[] {Float.MIN_VALUE, 0}, 1))
            .as("a row whose scale has no reciprocal is taken as 0").containsExactly(0);
    }

    @Test
    void aThresholdOfZeroMakesEverythingAnOutlier() {
        Random random = new Random(1);
        TestLayers.Form form = new TestLayers.Form(3, 4, 4, TestLayers.Input.ALL_OUTLIERS, 4, 8, 2, true);
        PackedLinear layer = TestLayers.quantized(TestLayers.full("q", 8, 8, random), form, random);
        float[] input = TestLayers.input(layer, 3, random);
        float[] dense = layer.densePart();
        double[] expected = new double[3 * 8];
        for (int row = 0; row < 3; row++) {
            for (int o = 0; o < 8; o++) {
                expected[row * 8 + o] = layer.bias[o];
                for (int i = 0; i < 8; i++) {
                    expected[row * 8 + o] += input[row * 8 + i] * ((double) dense[i * 8 + o] + sparse(layer.sparse, i, o));
                }
            }
        }
        new Tolerance(1e-6, 1e-6).check("all outliers", floats(expected), floats(LinearReference.apply(layer, input, 3)));
    }

    /** The same product with every part as a plain matrix in double: slower, and independent of the order of terms. */
    private static double[] dequantizedProduct(PackedLinear layer, float[] input, int rows) {
        ActivationCodes activation = layer.activation;
        boolean integer = layer.integerProduct();
        float[] dense = layer.densePart();
        double[] output = new double[rows * layer.out];
        for (int row = 0; row < rows; row++) {
            double[] inlier = new double[layer.in];
            double[] outlier = new double[layer.in];
            double largest = 0;
            for (int i = 0; i < layer.in; i++) {
                largest = Math.max(largest, Math.abs(input[row * layer.in + i]));
            }
            float scale = activation.perRow() ? (float) (largest / activation.maxCode()) : activation.scale();
            float inverse = activation.perRow() ? (float) (activation.maxCode() / largest) : activation.inverse();
            for (int i = 0; i < layer.in; i++) {
                float x = input[row * layer.in + i];
                if (activation.coded() && !activation.perRow() && Math.abs(x) > activation.threshold()) {
                    outlier[i] = x;
                } else if (activation.coded()) {
                    double bound = activation.maxCode();
                    double code = scale == 0 ? 0 : Math.rint(x * inverse);
                    inlier[i] = Math.max(activation.unsigned() ? 0 : -bound, Math.min(bound, code)) * scale;
                } else {
                    inlier[i] = x;
                }
            }
            double[] h = new double[layer.rank()];
            for (int c = 0; c < h.length && integer; c++) {
                for (int i = 0; i < layer.in; i++) {
                    h[c] += inlier[i] * layer.left.get(i, c);
                }
                if (layer.intermediateBits <= 8) {
                    double bound = CodeMatrix.maxCode(layer.intermediateBits);
                    double code = Math.rint(h[c] * layer.intermediateInverse);
                    h[c] = Math.max(-bound, Math.min(bound, code)) * layer.intermediateScale;
                }
            }
            for (int o = 0; o < layer.out; o++) {
                double sum = layer.bias[o];
                for (int c = 0; c < h.length && integer; c++) {
                    sum += h[c] * layer.right.get(o, c);
                }
                for (int i = 0; i < layer.in; i++) {
                    double residual = layer.residual == null ? 0 : layer.residual.get(i, o);
                    sum += inlier[i] * (integer ? residual : dense[i * layer.out + o]);
                    sum += outlier[i] * dense[i * layer.out + o];
                    float x = input[row * layer.in + i];
                    sum += (outlier[i] == 0 || layer.crossTerm ? x : 0) * sparse(layer.sparse, i, o);
                }
                output[row * layer.out + o] = sum;
            }
        }
        return output;
    }

    private static double sparse(SparseRows sparse, int row, int col) {
        for (int at = row * sparse.width(); at < (row + 1) * sparse.width(); at++) {
            if (sparse.columns()[at] == col) {
                return sparse.values()[at];
            }
        }
        return 0;
    }

    /** Codes with scale 1. */
    private static CodeMatrix codes(int rows, int cols, int bits, boolean scalePerRow, int... codes) {
        byte[] bytes = new byte[codes.length];
        for (int k = 0; k < codes.length; k++) {
            bytes[k] = (byte) codes[k];
        }
        float[] scale = new float[scalePerRow ? rows : cols];
        Arrays.fill(scale, 1);
        return new CodeMatrix(rows, cols, bits, scalePerRow, bytes, scale, new float[0]);
    }

    private static float[] floats(double[] values) {
        float[] out = new float[values.length];
        for (int k = 0; k < values.length; k++) {
            out[k] = (float) values[k];
        }
        return out;
    }

    @Test
    void theGeneratorMakesTheFormsItSays() {
        List<PackedLinear> layers = TestLayers.combinations(12, 10, 8);
        assertThat(layers).hasSizeGreaterThan(200);
        assertThat(layers.stream().filter(PackedLinear::integerProduct)).hasSizeGreaterThan(100);
        assertThat(layers.stream().filter(layer -> layer.sparse.entries() > 0)).hasSizeGreaterThan(100);
    }
}
