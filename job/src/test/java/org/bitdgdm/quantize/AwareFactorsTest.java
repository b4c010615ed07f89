package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.LinearReference;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AwareFactorsTest {
    private static final int IN = 40;
    private static final int OUT = 30;
    private static final QuantizeConf RECIPE = recipe("");

    private static QuantizeConf recipe(String more) {
        return TestRecipes.recipe("factors=aware,rank=8,alpha=0.1,threshold-percentile=95,residual=0" + more);
    }

    /** H = Q diag(1 … 1 ÷ condition) Qᵀ. */
    private static DenseMatrix gram(int in, double condition, long seed) {
        DenseMatrix turned = TestMatrices.orthonormal(in, in, seed);
        DenseMatrix scaled = turned.copy();
        for (int at = 0; at < scaled.values().length; at++) {
            scaled.values()[at] *= Math.pow(condition, -(at / in) / (in - 1.0));
        }
        return DenseAlgebra.product(scaled, false, turned, true);
    }

    /** Rows whose directions differ in size as those of H do. */
    private static RecordedInputs inputs(PackedLinear layer, double condition, long seed) {
        DenseMatrix turned = TestMatrices.orthonormal(layer.in, layer.in, seed);
        Random random = new Random(seed);
        InputCollector collector = new InputCollector(layer.name, layer.in, 1, 0, 1024);
        float[] rows = new float[1024 * layer.in];
        for (int row = 0; row < 1024; row++) {
            for (int k = 0; k < layer.in; k++) {
                double size = random.nextGaussian() * Math.pow(condition, -k / (2.0 * Math.max(1, layer.in - 1)));
                for (int i = 0; i < layer.in; i++) {
                    rows[row * layer.in + i] += (float) (size * turned.apply(i, k) + 0.3 / layer.in);
                }
            }
        }
        collector.accept(rows, 1024, 1);
        return collector.recorded();
    }

    @Test
    void theErrorIsThatOfWhatFactorsAndSparsePartLeave() {
        DenseMatrix weight = TestMatrices.gaussian(IN, OUT, 1);
        InputNorm norm = new InputNorm(gram(IN, 1e3, 2));
        AwareFactors factors = AwareFactors.of(weight, norm, 8, 0, 0.1, 4);
        DenseMatrix sum = DenseAlgebra.product(LayerWeight.of(factors.left()), false, LayerWeight.of(factors.right()), true);
        SparseMatrix sparse = factors.sparse();
        DenseMatrix left = weight.copy();
        for (int at = 0; at < sum.values().length; at++) {
            left.values()[at] -= sum.values()[at] + (float) sparse.apply(at % IN, at / IN);
        }
        assertThat(factors.error()).isPositive().isEqualTo(norm.squared(left), within(1e-6 * factors.error()));
        assertThat(sparse.numNonzeros()).isPositive();
        int[] ofRow = new int[IN];
        for (int col = 0; col < OUT; col++) {
            assertThat(sparse.colPtrs()[col + 1] - sparse.colPtrs()[col]).isLessThanOrEqualTo(4);
        }
        for (int row : sparse.rowIndices()) {
            assertThat(++ofRow[row]).isLessThanOrEqualTo(3);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "1e3, 0.1", "1e6, 0.1", "1e6, 0.3"})
    void theErrorNeverGrowsAndCodesCostLittle(double condition, double alpha) {
        DenseMatrix weight = TestMatrices.gaussian(IN, OUT, 3);
        InputNorm norm = new InputNorm(gram(IN, condition, 4));
        List<Double> errors = new ArrayList<>();
        Decomposition found = new OutputDescent(8, alpha).decompose(weight, norm, errors::add);
        assertThat(errors).isSortedAccordingTo((a, b) -> Double.compare(b, a)).hasSizeGreaterThanOrEqualTo(1);
        assertThat(found.objective()).isEqualTo(errors.get(errors.size() - 1) / 2);
        double coarse = AwareFactors.of(weight, norm, 8, 0, alpha, 4).error();
        double fine = AwareFactors.of(weight, norm, 8, 0, alpha, 8).error();
        assertThat(fine).isLessThan(coarse);
        assertThat(coarse).isLessThan(1.35 * 2 * found.objective());
    }

    /** Gradients alone creep along the small directions of H, whose errors are what is left to remove. */
    @Test
    void findsPlantedFactorsUnderAnIllConditionedNormWherePlainDescentDoesNot() {
        DenseMatrix planted = DenseAlgebra.product(TestMatrices.gaussian(IN, 3, 5), false,
            TestMatrices.gaussian(OUT, 3, 6), true);
        DenseMatrix weight = planted.copy();
        Random random = new Random(7);
        for (int o = 0; o < OUT; o++) {
            weight.update((7 * o + 3) % IN, o, weight.apply((7 * o + 3) % IN, o) + 15 * Math.signum(random.nextGaussian()));
        }
        InputNorm norm = new InputNorm(gram(IN, 1e6, 8));
        OutputDescent descent = new OutputDescent(3, 0, 0.1, 0.5, 1e-12, 300);
        Decomposition found = descent.decompose(weight, norm);
        double relative = Math.sqrt(2 * found.objective() / norm.squared(weight));
        double plain = plainDescent(weight, norm, found, 300);
        assertThat(relative).isLessThan(1e-3);
        assertThat(plain).isGreaterThan(10 * relative);
    }

    /** Two columns of a twentieth of the energy each are dropped together where a tenth may be left, and the last one never. */
    @Test
    void aLayerTakesNoMoreColumnsThanTheShareThatMayBeLeftAsksFor() {
        assertThat(OutputDescent.columns(new double[] {-1e-18, 0.05, 0.05, 0.4, 0.5}, 0.1000001)).isEqualTo(2);
        assertThat(OutputDescent.columns(new double[] {-1e-18, 0.05, 0.05, 0.4, 0.5}, 0.09)).isEqualTo(3);
        assertThat(OutputDescent.columns(new double[] {0, 0, 0}, 0.5)).isEqualTo(1);
        for (int[] shape : new int[][] {{IN, OUT}, {OUT, IN}}) {
            DenseMatrix weight = DenseAlgebra.product(TestMatrices.gaussian(shape[0], 5, 11), false,
                TestMatrices.gaussian(shape[1], 5, 12), true);
            InputNorm norm = new InputNorm(gram(shape[0], 1e3, 13));
            assertThat(AwareFactors.of(weight, norm, 20, 1e-9, 0.1, 4).left().cols()).isEqualTo(5);
            assertThat(AwareFactors.of(weight, norm, 3, 1e-9, 0.1, 4).left().cols()).isEqualTo(3);
            AwareFactors half = AwareFactors.of(weight, norm, 20, 0.5, 0, 16);
            assertThat(half.left().cols()).isBetween(1, 4);
            assertThat(half.error()).isLessThanOrEqualTo(0.5 * norm.squared(weight));
        }
    }

    /** An error that is a billionth of the weight is found as well as one of its size. */
    @ParameterizedTest
    @CsvSource({"1, 1e-1", "1e6, 1e-1", "1e3, 1e-9", "1e6, 1e-12"})
    void errorsByTermsAreThoseOfTheRestItself(double condition, double noise) {
        InputNorm norm = new InputNorm(gram(IN, condition, 21));
        DenseMatrix left = TestMatrices.gaussian(IN, 5, 22);
        DenseMatrix right = TestMatrices.gaussian(OUT, 5, 23);
        SparseMatrix sparse = new AlphaSparsity(IN, OUT, 0.1).apply(TestMatrices.gaussian(IN, OUT, 24));
        DenseMatrix expected = TestMatrices.gaussian(IN, OUT, 25);
        for (int at = 0; at < expected.values().length; at++) {
            expected.values()[at] *= noise;
        }
        DenseMatrix weight = expected.copy();
        DenseAlgebra.multiply(1, left, false, right, true, 1, weight);
        for (int o = 0; o < OUT; o++) {
            for (int k = sparse.colPtrs()[o]; k < sparse.colPtrs()[o + 1]; k++) {
                int i = sparse.rowIndices()[k];
                weight.update(i, o, weight.apply(i, o) + sparse.values()[k]);
            }
        }
        FeltWeight.Factor factor = new FeltWeight(weight, norm).factor(left);
        assertThat(factor.error(right, sparse)).isCloseTo(norm.squared(expected), withinPercentage(0.1));
        DenseMatrix rest = factor.rest(right);
        assertThat(factor.error(right)).isCloseTo(norm.squared(rest), withinPercentage(1e-6));
        DenseMatrix weighted = norm.times(rest);
        assertThat(factor.weightedRest(right, 3, 4)).isCloseTo(weighted.apply(3, 4), within(1e-9));
    }

    /** Steps along the gradient of ½‖L Rᵀ + S − W‖²_H from the same start, S as found. */
    private static double plainDescent(DenseMatrix weight, InputNorm norm, Decomposition found, int steps) {
        DenseMatrix target = weight.copy();
        for (int o = 0; o < OUT; o++) {
            for (int k = found.sparse().colPtrs()[o]; k < found.sparse().colPtrs()[o + 1]; k++) {
                int i = found.sparse().rowIndices()[k];
                target.update(i, o, target.apply(i, o) - found.sparse().values()[k]);
            }
        }
        DenseAlgebra.Svd svd = DenseAlgebra.svd(weight);
        DenseMatrix left = DenseMatrix.zeros(IN, 3);
        DenseMatrix right = DenseMatrix.zeros(OUT, 3);
        for (int c = 0; c < 3; c++) {
            double root = Math.sqrt(svd.values()[c]);
            for (int i = 0; i < IN; i++) {
                left.update(i, c, svd.left().apply(i, c) * root);
            }
            for (int o = 0; o < OUT; o++) {
                right.update(o, c, svd.rightT().apply(c, o) * root);
            }
        }
        double size = 0.5 / svd.values()[0];
        DenseMatrix rest = target;
        for (int step = 0; step <= steps; step++) {
            rest = target.copy();
            DenseAlgebra.multiply(-1, left, false, right, true, 1, rest);
            DenseMatrix weighted = norm.times(rest);
            DenseMatrix next = left.copy();
            DenseAlgebra.multiply(size, weighted, false, right, false, 1, next);
            DenseAlgebra.multiply(size, weighted, true, left, false, 1, right);
            left = next;
        }
        return Math.sqrt(norm.squared(rest) / norm.squared(weight));
    }

    @Test
    void feedbackSaysTheErrorThatItLeavesAndLeavesLessThanRounding() {
        DenseMatrix gram = gram(IN, 1e4, 9);
        ErrorFeedback feedback = new ErrorFeedback(gram, 0);
        double[] values = TestMatrices.gaussian(IN, 1, 10).values();
        float[] narrow = new float[IN];
        for (int i = 0; i < IN; i++) {
            narrow[i] = (float) values[i];
        }
        byte[] codes = new byte[IN];
        double said = feedback.round(narrow, 0.3f, 7, codes);
        DenseMatrix left = DenseMatrix.zeros(IN, 1);
        DenseMatrix plain = DenseMatrix.zeros(IN, 1);
        for (int i = 0; i < IN; i++) {
            left.update(i, 0, narrow[i] - codes[i] * (double) 0.3f);
            plain.update(i, 0, narrow[i] - ScalarQuantizer.code(narrow[i], 1 / 0.3f, 7) * (double) 0.3f);
        }
        double found = DenseAlgebra.product(left, true, DenseAlgebra.product(gram, false, left, false), false).apply(0, 0);
        double rounded = DenseAlgebra.product(plain, true, DenseAlgebra.product(gram, false, plain, false), false).apply(0, 0);
        assertThat(said).isEqualTo(found, within(1e-6 * rounded));
        assertThat(found).isLessThan(rounded);
    }

    @Test
    void biasesTakeUpTheMeanOfWhatIsLeft() {
        PackedLinear layer = TestMatrices.layer("a", 12, 5, 11);
        RecordedInputs inputs = inputs(layer, 100, 12);
        QuantizeConf recipe = recipe(",rank=2,intermediate-bits=32,threshold-percentile=100");
        ActivationCodes codes = inputs.codes(recipe);
        assertThat(inputs.moments(codes, 12)).as("taken once").isSameAs(inputs.of("b").moments(codes, 12));
        double[] wanted = LinearReference.apply(layer, inputs.rows(), inputs.rowCount());
        double[] found = LinearReference.apply(quantized(layer, inputs, recipe), inputs.rows(), inputs.rowCount());
        for (int o = 0; o < 5; o++) {
            double mean = 0;
            double squares = 0;
            for (int row = 0; row < inputs.rowCount(); row++) {
                double error = found[row * 5 + o] - wanted[row * 5 + o];
                mean += error / inputs.rowCount();
                squares += error * error / inputs.rowCount();
            }
            assertThat(mean).isEqualTo(0, within(1e-5));
            assertThat(squares).isGreaterThan(1e-3);
        }
    }

    @Test
    void theCodedRowsAreThoseThatTheReferenceMultiplies() {
        PackedLinear layer = TestMatrices.layer("a", 12, 12, identity(12));
        RecordedInputs inputs = inputs(layer, 100, 13);
        for (ActivationCodes codes : List.of(ActivationCodes.of(4, false, inputs.threshold(95)),
            ActivationCodes.of(3, true, inputs.threshold(90)), ActivationCodes.perRow(4, false), ActivationCodes.off())) {
            PackedLinear coded = PackedLinear.quantized("a", 12, 12, new float[12], codes, null, null, 32, 0,
                ScalarQuantizer.MAXIMUM.quantize(LayerWeight.of(layer), 32, false), SparseRows.empty(12, 12), true);
            double[] expected = LinearReference.apply(coded, inputs.rows(), inputs.rowCount());
            for (int row = 0; row < inputs.rowCount(); row++) {
                float[] found = inputs.coded(codes, row, 12);
                for (int at = 0; at < 12; at++) {
                    assertThat((double) found[at]).isEqualTo(expected[row * 12 + at], within(1e-6));
                }
            }
        }
    }

    private static float[] identity(int size) {
        float[] identity = new float[size * size];
        for (int i = 0; i < size; i++) {
            identity[i * size + i] = 1;
        }
        return identity;
    }

    @Test
    void outputsComeNearerThanWithFactorsOfTheWeight() {
        PackedLinear layer = TestMatrices.layer("a", IN, OUT, 14);
        RecordedInputs inputs = inputs(layer, 1e3, 15).with(inputs(layer, 1e3, 15).rowsOnly());
        for (String residual : List.of(",residual=0", ",residual=4")) {
            QuantizeConf aware = recipe(residual);
            QuantizeConf published = recipe(residual + ",factors=weight");
            double near = LayerReport.outputError(layer, quantized(layer, inputs, aware), inputs);
            double far = LayerReport.outputError(layer, quantized(layer, inputs, published), inputs);
            assertThat(near).as(residual).isPositive().isLessThan((residual.endsWith("0") ? 0.8 : 1) * far);
        }
    }

    private static PackedLinear quantized(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        return new BitDgdmQuantizer().quantize(layer, inputs, recipe).packed();
    }

    /** All inputs along one direction: one column does all that the layer ever does. */
    @Test
    void inputsOfRankOneNeedOneColumn() {
        PackedLinear layer = TestMatrices.layer("a", IN, OUT, 16);
        float[] direction = new float[IN];
        for (int i = 0; i < IN; i++) {
            direction[i] = 1 + i % 3;
        }
        InputCollector collector = new InputCollector("a", IN, 1, 0);
        Random random = new Random(17);
        float[] rows = new float[256 * IN];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = direction[at % IN];
        }
        for (int row = 0; row < 256; row++) {
            float size = (float) random.nextGaussian();
            for (int i = 0; i < IN; i++) {
                rows[row * IN + i] *= size;
            }
        }
        collector.accept(rows, 256, 1);
        RecordedInputs inputs = collector.recorded();
        QuantizeConf recipe = recipe(",rank=1,alpha=0,weight-bits=8,activation-bits=8,threshold-percentile=100");
        assertThat(LayerReport.outputError(layer, quantized(layer, inputs, recipe), inputs)).isLessThan(0.02);
    }

    @ParameterizedTest
    @CsvSource({"1, 7", "7, 1", "1, 1", "6, 5", "1100, 3"})
    void layersOfAnyShapeAndInputsOfZerosOnlyAreQuantized(int in, int out) {
        PackedLinear layer = TestMatrices.layer("a", in, out, 18);
        for (String setting : List.of("", ",residual=4", ",weight-bits=2,activation-bits=2", ",weight-bits=16",
            ",activation-scale=row,intermediate-bits=32", ",alpha=1")) {
            for (RecordedInputs inputs : List.of(zeros(in), halfDead(in), RecordedInputs.none("a"))) {
                PackedLinear packed = quantized(layer, inputs, recipe(setting));
                for (double value : LayerWeight.effective(packed).values()) {
                    assertThat(value).as(setting).isFinite();
                }
                for (float value : packed.bias) {
                    assertThat(value).isFinite();
                }
            }
        }
    }

    private static RecordedInputs zeros(int in) {
        InputCollector collector = new InputCollector("a", in, 1, 0);
        collector.accept(new float[20 * in], 20, 1);
        return collector.recorded();
    }

    /** Every other entry is always 0. */
    private static RecordedInputs halfDead(int in) {
        InputCollector collector = new InputCollector("a", in, 1, 0);
        Random random = new Random(19);
        float[] rows = new float[20 * in];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = at % in % 2 == 0 ? (float) random.nextGaussian() : 0;
        }
        collector.accept(rows, 20, 1);
        return collector.recorded();
    }

    @Test
    void publishedFactorsAreThoseOfTheWeightWhateverTheInputs() {
        PackedLinear layer = TestMatrices.layer("a", IN, OUT, 20);
        PackedLinear one = quantized(layer, inputs(layer, 1, 21), recipe(",factors=weight"));
        PackedLinear other = quantized(layer, inputs(layer, 1e4, 22), recipe(",factors=weight"));
        assertThat(one.left.codes()).isEqualTo(other.left.codes());
        assertThat(one.bias).isEqualTo(layer.bias);
        assertThat(quantized(layer, inputs(layer, 1e4, 22), RECIPE).left.codes()).isNotEqualTo(one.left.codes());
    }
}
