package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.InputTransform;
import org.bitdgdm.kernels.PackedForm;
import org.bitdgdm.kernels.PackedLinear;
import org.junit.jupiter.api.Test;

/** The methods that others have published, on single layers: identities, and what each is better at than rounding. */
class BaselinesTest {
    /** 70 = four blocks of 16 channels and a rest. */
    private static final PackedLinear LAYER = TestMatrices.layer("tf_layers.0.self_attn.q", 70, 48, 1);
    private static final RecordedInputs INPUTS = outlierChannels(LAYER, 2);

    /** Normal inputs, three channels of which are far larger than the others and one is always 0. */
    private static RecordedInputs outlierChannels(PackedLinear layer, long seed) {
        Random random = new Random(seed);
        float[] rows = new float[250 * layer.in];
        for (int at = 0; at < rows.length; at++) {
            int channel = at % layer.in;
            rows[at] = (float) random.nextGaussian() * (channel == 5 ? 0 : channel % 23 == 7 ? 30 : 1);
        }
        InputCollector collector = new InputCollector(layer.name, layer.in, 1, 0, 250);
        collector.accept(rows, 250, 1);
        return collector.recorded();
    }

    @Test
    void sixteenBitsLeaveNextToNoError() {
        for (String method : new String[] {"svdquant", "duquant"}) {
            LayerReport report = report(method, 16, 16, "row");
            assertThat(report.weightError()).as(method).isLessThan(1e-6);
            assertThat(report.outputError()).as(method).isLessThan(1e-6);
        }
        // As many table entries as weights of a channel: what is left is the rounding of tables to bfloat16.
        assertThat(report("squeezellm", 7, 16, "row").weightError()).isBetween(1e-4, 0x1p-8);
    }

    @Test
    void eightBitsAreCloseAndFourAreNot() {
        for (String method : new String[] {"svdquant", "duquant"}) {
            for (String scale : new String[] {"static", "row"}) {
                double eight = report(method, 8, 8, scale).outputError();
                double four = report(method, 4, 4, scale).outputError();
                assertThat(eight).as(method + " " + scale).isBetween(1e-4, 0.02);
                assertThat(four).as(method + " " + scale).isGreaterThan(4 * eight);
            }
        }
    }

    /** What both were made for: channels of X that take the whole range of a row's codes. */
    @Test
    void outlierChannelsHurtLessThanWithRounding() {
        double nearest = report("rtn", 4, 4, "row").outputError();
        assertThat(report("svdquant", 4, 4, "row").outputError()).isLessThan(0.6 * nearest);
        assertThat(report("duquant", 4, 4, "row").outputError()).isLessThan(0.6 * nearest);
    }

    @Test
    void theBranchHoldsTheLargestSingularValues() {
        PackedLinear packed = packed("svdquant", 4, 4, "row");
        assertThat(packed.forms()).contains(PackedForm.BRANCH, PackedForm.RESIDUAL);
        assertThat(packed.branch.rank()).isEqualTo(8);
        DenseMatrix smoothed = packed.transform == null ? LayerWeight.of(LAYER)
            : Smoothing.applied(LayerWeight.of(LAYER), packed.transform.scale());
        double[] values = DenseAlgebra.svd(smoothed).values();
        double tail = Math.sqrt(Arrays.stream(values, 8, values.length).map(v -> v * v).sum());
        DenseMatrix rest = smoothed.copy();
        DenseAlgebra.multiply(-1, LayerWeight.ofRowMajor(70, 8, packed.branch.down()), false,
            LayerWeight.ofRowMajor(8, 48, packed.branch.up()), false, 1, rest);
        // Eckart and Young: no rank is better; rounding the factors to 16 bits costs little.
        assertThat(Math.sqrt(DenseAlgebra.squaredNorm(rest))).isBetween(tail, 1.01 * tail);
        assertThat(packed.multiplyAdds()).isEqualTo(70 * 48 + 8 * (70 + 48) + (packed.transform == null ? 0 : 70));
        long branch = 2L * 8 * (70 + 48);
        assertThat(packed.bytes()).isEqualTo(4 * 48 + 70 * 48 / 2 + 4 * 48 + branch + (packed.transform == null ? 0 : 4 * 70));
    }

    /** X W = (X T)(T⁻¹ W) for any X, and T keeps lengths but for its scales. */
    @Test
    void theTransformOfDuQuantIsUndoneByItsWeight() {
        DenseMatrix weight = LayerWeight.of(LAYER);
        InputTransform transform = DuQuantizer.transform(weight, INPUTS);
        DenseMatrix turned = DuQuantizer.inverted(weight, transform);
        Random random = new Random(4);
        float[] x = new float[70];
        for (int trial = 0; trial < 20; trial++) {
            double smoothed = 0;
            double rotated = 0;
            for (int i = 0; i < 70; i++) {
                x[i] = (float) random.nextGaussian();
                smoothed += Math.pow(x[i] * transform.scale()[i], 2);
            }
            float[] y = transform.apply(x, 1);
            for (int o = 0; o < 48; o++) {
                double expected = 0;
                double found = 0;
                for (int i = 0; i < 70; i++) {
                    expected += x[i] * weight.apply(i, o);
                    found += y[i] * turned.apply(i, o);
                }
                assertThat(found).isCloseTo(expected, within(1e-4));
            }
            for (float value : y) {
                rotated += value * value;
            }
            assertThat(rotated).isCloseTo(smoothed, within(0.01 * smoothed));
        }
    }

    @Test
    void rotationsAndTheZigzagEvenOutTheChannels() {
        InputTransform transform = DuQuantizer.transform(LayerWeight.of(LAYER), INPUTS);
        float[] smoothed = InputTransform.scaling(transform.scale()).apply(INPUTS.rows(), 250);
        float[] turned = transform.apply(INPUTS.rows(), 250);
        assertThat(largest(turned)).isLessThan(0.7 * largest(smoothed));
        int[] dealt = DuQuantizer.zigzag(new float[] {3, 9, 1}, 3);
        assertThat(dealt).containsExactly(1, 0, 2);
        // 64 channels in four blocks, ascending: 63 to the first, …, 60 and 59 to the last, …, 56 and 55 to the first, …
        float[] ascending = new float[64];
        for (int i = 0; i < 64; i++) {
            ascending[i] = i;
        }
        int[] places = DuQuantizer.zigzag(ascending, 64);
        assertThat(Arrays.copyOf(places, 4)).containsExactly(63, 56, 55, 48);
        assertThat(Arrays.copyOfRange(places, 16, 20)).containsExactly(62, 57, 54, 49);
    }

    private static double largest(float[] rows) {
        double largest = 0;
        for (float value : rows) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    @Test
    void greedyRotationsAreOrthogonal() {
        for (int size : new int[] {1, 2, 7, 32}) {
            Random random = new Random(size);
            double[] rows = random.doubles(50L * size, -1, 1).toArray();
            rows[size - 1] = 40;
            double[] rotation = GreedyRotation.of(rows.clone(), 50, size, 9);
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    double product = 0;
                    for (int k = 0; k < size; k++) {
                        product += rotation[i * size + k] * rotation[j * size + k];
                    }
                    assertThat(product).isCloseTo(i == j ? 1 : 0, within(1e-12));
                }
            }
        }
    }

    /** k-means against an evenly spaced table of as many entries, by the error that it minimises. */
    @Test
    void tablesHaveLessWeightedErrorThanCodes() {
        double[] sensitivity = new double[70];
        for (int at = 0; at < INPUTS.rows().length; at++) {
            sensitivity[at % 70] += INPUTS.rows()[at] * INPUTS.rows()[at] / 250;
        }
        QuantizeConf recipe = recipe("squeezellm", 4, 16, "row", 0);
        PackedLinear looked = Quantizer.of(Method.SQUEEZELLM).quantize(LAYER, INPUTS, recipe).packed();
        CodeMatrix codes = ScalarQuantizer.LEAST_SQUARES.quantize(LayerWeight.of(LAYER), 4, false);
        double ofTables = 0;
        double ofCodes = 0;
        for (int i = 0; i < 70; i++) {
            for (int o = 0; o < 48; o++) {
                double weight = LAYER.weight[i * 48 + o];
                ofTables += sensitivity[i] * Math.pow(weight - looked.codebook.get(i, o), 2);
                ofCodes += sensitivity[i] * Math.pow(weight - codes.get(i, o), 2);
            }
        }
        assertThat(ofTables).isPositive().isLessThan(0.3 * ofCodes);
        assertThat(looked.sparse.entries()).isZero();
        assertThat(looked.bytes()).isEqualTo(4 * 48 + 70 * 48 / 2 + 48 * 16 * 2);
    }

    @Test
    void sparseWeightsAreExact() {
        QuantizeConf recipe = recipe("squeezellm", 3, 32, "row", 0.05);
        PackedLinear looked = Quantizer.of(Method.SQUEEZELLM).quantize(LAYER, INPUTS, recipe).packed();
        DenseMatrix effective = LayerWeight.effective(looked);
        assertThat(looked.sparse.entries()).isEqualTo(70 * 48 / 20);
        for (int at = 0; at < looked.sparse.columns().length; at++) {
            if (looked.sparse.columns()[at] >= 0) {
                int row = at / looked.sparse.width();
                int col = looked.sparse.columns()[at];
                assertThat(effective.apply(row, col)).isCloseTo(LAYER.weight[row * 48 + col], within(1e-6));
            }
        }
        assertThat(report("squeezellm", 3, 32, "row").weightError())
            .isLessThan(LayerReport.of(LAYER, Quantizer.of(Method.SQUEEZELLM).quantize(LAYER, INPUTS,
                recipe("squeezellm", 3, 32, "row", 0)), INPUTS, recipe, 0).weightError());
    }

    @Test
    void layersWithoutInputsOrWeightsAreQuantizedToo() {
        PackedLinear zeros = TestMatrices.layer("tf_layers.0.self_attn.q", 9, 4, new float[36]);
        InputCollector collector = new InputCollector(zeros.name, 9, 1, 0);
        collector.accept(new float[5 * 9], 5, 1);
        for (String method : new String[] {"svdquant", "duquant", "squeezellm"}) {
            for (PackedLinear layer : new PackedLinear[] {zeros, TestMatrices.layer(zeros.name, 9, 4, 3)}) {
                QuantizeConf recipe = recipe(method, 4, method.equals("squeezellm") ? 16 : 4, "static", 0.05);
                PackedLinear packed = Quantizer.of(Method.of(method)).quantize(layer, collector.recorded(), recipe).packed();
                for (double weight : LayerWeight.effective(packed).values()) {
                    assertThat(weight).as(method).isFinite();
                }
            }
        }
    }

    @Test
    void whatAMethodCannotRepresentIsRefusedAtOnce() {
        assertThatThrownBy(() -> recipe("squeezellm", 4, 8, "row", 0.01)).isInstanceOf(InputException.class)
            .hasMessageContaining("--activation-bits must be 16 or 32 for method squeezellm").hasMessageContaining("found 8");
        assertThatThrownBy(() -> recipe("squeezellm", 16, 16, "row", 0.01)).isInstanceOf(InputException.class)
            .hasMessageContaining("--weight-bits must be in 2..8 for method squeezellm");
    }

    private static LayerReport report(String method, int weightBits, int activationBits, String scale) {
        QuantizeConf recipe = recipe(method, weightBits, activationBits, scale, 0.05);
        return LayerReport.of(LAYER, Quantizer.of(Method.of(method)).quantize(LAYER, INPUTS, recipe), INPUTS, recipe, 0);
    }

    private static PackedLinear packed(String method, int weightBits, int activationBits, String scale) {
        QuantizeConf recipe = recipe(method, weightBits, activationBits, scale, 0.05);
        return Quantizer.of(Method.of(method)).quantize(LAYER, INPUTS, recipe).packed();
    }

    private static QuantizeConf recipe(String method, int weightBits, int activationBits, String scale, double alpha) {
        return TestRecipes.recipe("method=" + method + ",weight-bits=" + weightBits + ",activation-bits="
            + activationBits + ",rank=8,alpha=" + alpha + ",residual=0,activation-scale=" + scale);
    }
}
