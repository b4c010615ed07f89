package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.LinearReference;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BitDgdmQuantizerTest {
    private static final PackedLinear LAYER = TestMatrices.layer("tf_layers.0.self_attn.q", 48, 40, 1);
    private static final RecordedInputs INPUTS = TestMatrices.inputs(LAYER, 2);
    private final BitDgdmQuantizer quantizer = new BitDgdmQuantizer();

    @ParameterizedTest
    @CsvSource({"2,8,0.05", "4,8,0.05", "8,8,0.05", "4,8,0", "4,8,1", "4,100,0.05", "32,8,0.05"})
    void partsAddUpToTheWeight(int bits, int rank, double alpha) {
        // A residual in full precision is E itself.
        PackedLinear packed = quantize(TestMatrices.recipe("bit-dgdm", bits, 4, rank, alpha, 32)).packed();
        assertThat(packed.rank()).isEqualTo(Math.min(rank, 40));
        DenseMatrix sum = LayerWeight.effective(packed);
        DenseMatrix weight = LayerWeight.of(LAYER);
        for (int at = 0; at < sum.values().length; at++) {
            // L̂R̂ᵀ and E are rounded to FP32 once each, and so is their sum.
            double tolerance = 3 * Math.ulp((float) Math.max(Math.abs(weight.values()[at]), 1));
            assertThat(sum.values()[at]).isCloseTo(weight.values()[at], Offset.offset(tolerance));
        }
    }

    @Test
    void sparsePartIsExactAndBounded() {
        PackedLinear packed = quantize(TestMatrices.recipe()).packed();
        assertThat(packed.sparse.width()).isBetween(1, 2); // ⌊0.05 · 40⌋
        assertThat(packed.sparse.entries()).isPositive();
        DenseMatrix dense = LayerWeight.effective(PackedLinear.quantized(packed.name, packed.in, packed.out, packed.bias,
            packed.activation, packed.left, packed.right, 32, 0, null, SparseRows.empty(48, 40), true));
        int[] inColumn = new int[40];
        for (int at = 0; at < packed.sparse.columns().length; at++) {
            int column = packed.sparse.columns()[at];
            if (column >= 0) {
                inColumn[column]++;
                int row = at / packed.sparse.width();
                double expected = LAYER.weight[row * 40 + column] - dense.apply(row, column);
                assertThat((double) packed.sparse.values()[at]).isCloseTo(expected,
                    Offset.offset(1e-6));
                assertThat(Math.abs(packed.residual.get(row, column))).isLessThan(1e-6f);
            }
        }
        assertThat(Arrays.stream(inColumn).boxed()).allMatch(count -> count <= 2); // ⌊0.05 · 48⌋
    }

    @Test
    void errorsShrinkWithBitsAndRank() {
        double[] byResidual = errors(new int[] {2, 3, 4, 5, 6, 7, 8}, bits -> recipe(4, 8, 8, bits));
        double[] byFactor = errors(new int[] {2, 3, 4, 6}, bits -> recipe(bits, 8, 8, 0));
        double[] byRank = errors(new int[] {1, 2, 4, 8, 16, 32}, rank -> recipe(8, 8, rank, 0));
        double[] byActivation = errors(new int[] {2, 3, 4, 5, 6, 7, 8}, bits -> recipe(8, bits, 8, 8), true);
        for (double[] errors : new double[][] {byResidual, byFactor, byRank, byActivation}) {
            for (int k = 1; k < errors.length; k++) {
                assertThat(errors[k]).as("step %d of %s", k, Arrays.toString(errors)).isLessThan(errors[k - 1]);
            }
            assertThat(errors[errors.length - 1]).isPositive();
        }
        // Each further bit of the residual halves its error, roughly.
        assertThat(byResidual[6]).isLessThan(byResidual[2] / 10);
    }

    @Test
    void emptySparsePartIsSaid() {
        QuantizedLayer quantized = quantize(TestMatrices.recipe("bit-dgdm", 4, 4, 8, 0.02, 4));
        assertThat(quantized.packed().sparse.width()).isZero();
        assertThat(quantized.note()).contains("S is empty").contains("0.02");
        assertThat(quantize(TestMatrices.recipe()).note()).isEmpty();
    }

    @Test
    void inputsOfZerosMakeEverythingAnOutlier() {
        InputCollector zeros = new InputCollector(LAYER.name, 48, 1, 0);
        zeros.accept(new float[48 * 5], 5, 1);
        QuantizedLayer quantized = quantizer.quantize(LAYER, zeros.recorded(), TestMatrices.recipe());
        assertThat(quantized.packed().activation.threshold()).isZero();
        assertThat(quantized.note()).contains("every input is an outlier");
        // With nothing quantized, the product is the one of the effective weight.
        assertThat(LayerReport.of(LAYER, quantized, INPUTS, TestMatrices.recipe(), 0).outputError())
            .isCloseTo(outputErrorOfWeights(quantized.packed()), Percentage.withPercentage(0.01));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "1,30", "30,1", "5,3"})
    void smallMatricesWork(int in, int out) {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", in, out, 3);
        for (double alpha : new double[] {0, 0.05, 1}) {
            QuantizeConf recipe = TestMatrices.recipe("bit-dgdm", 8, 8, 16, alpha, 8);
            LayerReport report = report(layer, recipe);
            assertThat(report.rank()).isEqualTo(Math.min(in, out));
            assertThat(report.weightError()).isLessThan(1e-3);
            assertThat(report.outputError()).isLessThan(0.02);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {0, 0.25f})
    void constantMatricesWork(float value) {
        float[] weight = new float[20 * 30];
        Arrays.fill(weight, value);
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 20, 30, weight);
        for (double alpha : new double[] {0, 0.1, 1}) {
            // Entries of S tie everywhere; which ones are taken leaves the factors a small rest at alpha 0.1.
            double tolerance = alpha == 0.1 ? 0.02 : 1e-5;
            LayerReport literal = report(layer, TestMatrices.recipe("bit-dgdm", 4, 8, 8, alpha, 0));
            assertThat(literal.weightError()).isLessThan(tolerance);
            LayerReport report = report(layer, TestMatrices.recipe("bit-dgdm", 4, 8, 8, alpha, 4));
            assertThat(report.weightError()).isLessThan(tolerance / 4);
            assertThat(report.outputError()).isLessThan(0.02);
        }
    }

    @Test
    void intermediateStaysFullWhereTheProductIsNotInteger() {
        assertThat(quantize(TestMatrices.recipe("bit-dgdm", 4, 32, 8, 0.05, 4)).packed().intermediateBits).isEqualTo(32);
        assertThat(quantize(TestMatrices.recipe("bit-dgdm", 4, 4, 8, 0.05, 32)).packed().intermediateBits).isEqualTo(32);
        PackedLinear integer = quantize(TestMatrices.recipe()).packed();
        assertThat(integer.intermediateBits).isEqualTo(8);
        assertThat(integer.intermediateScale).isPositive();
        assertThat(integer.integerProduct()).isTrue();
    }

    @Test
    void reluInputsHaveUnsignedCodes() {
        PackedLinear relu = TestMatrices.layer("tf_layers.0.linX2", 20, 10, 4);
        QuantizedLayer quantized = quantizer.quantize(relu, TestMatrices.inputs(relu, 5), TestMatrices.recipe());
        assertThat(quantized.packed().activation.unsigned()).isTrue();
        assertThat(quantize(TestMatrices.recipe()).packed().activation.unsigned()).isFalse();
    }

    @Test
    void recordedInputsAreNeededForStaticScalesOnly() {
        assertThat(quantizer.needsInputs(TestMatrices.recipe())).isTrue();
        QuantizeConf free = TestRecipes.recipe("rank=8,alpha=0.05,threshold-percentile=95,intermediate-bits=32,"
            + "activation-scale=row");
        assertThat(quantizer.needsInputs(free)).isFalse();
        RecordedInputs none = RecordedInputs.none(LAYER.name);
        LayerReport report = LayerReport.of(LAYER, quantizer.quantize(LAYER, none, free), none, free, 0);
        assertThat(report.outputError()).isNaN();
        assertThat(report.weightError()).isPositive();
    }

    private QuantizedLayer quantize(QuantizeConf recipe) {
        return quantizer.quantize(LAYER, INPUTS, recipe);
    }

    private LayerReport report(PackedLinear layer, QuantizeConf recipe) {
        RecordedInputs inputs = TestMatrices.inputs(layer, 6);
        return LayerReport.of(layer, quantizer.quantize(layer, inputs, recipe), inputs, recipe, 0);
    }

    private static QuantizeConf recipe(int weightBits, int activationBits, int rank, int residual) {
        return TestMatrices.recipe("bit-dgdm", weightBits, activationBits, rank, 0.05, residual);
    }

    private double[] errors(int[] settings, IntFunction<QuantizeConf> recipe) {
        return errors(settings, recipe, false);
    }

    private double[] errors(int[] settings, IntFunction<QuantizeConf> recipe, boolean ofOutput) {
        return Arrays.stream(settings).mapToDouble(setting -> {
            LayerReport report = LayerReport.of(LAYER, quantize(recipe.apply(setting)), INPUTS, recipe.apply(setting), 0);
            return ofOutput ? report.outputError() : report.weightError();
        }).toArray();
    }

    private static double outputErrorOfWeights(PackedLinear packed) {
        double[] effective = LayerWeight.effective(packed).values();
        float[] weight = new float[effective.length];
        for (int i = 0; i < packed.in; i++) {
            for (int o = 0; o < packed.out; o++) {
                weight[i * packed.out + o] = (float) effective[o * packed.in + i];
            }
        }
        PackedLinear plain = PackedLinear.full(packed.name, packed.in, packed.out, weight, packed.bias);
        double[] found = LinearReference.apply(plain, INPUTS.rows(), INPUTS.rowCount());
        double[] exact = LinearReference.apply(LAYER, INPUTS.rows(), INPUTS.rowCount());
        double error = 0;
        double norm = 0;
        for (int at = 0; at < exact.length; at++) {
            error += (found[at] - exact[at]) * (found[at] - exact[at]);
            norm += (exact[at] - LAYER.bias[at % LAYER.out]) * (exact[at] - LAYER.bias[at % LAYER.out]);
        }
        return Math.sqrt(error / norm);
    }
}
