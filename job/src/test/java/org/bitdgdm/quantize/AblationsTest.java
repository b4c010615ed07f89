package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedLinear;
import org.junit.jupiter.api.Test;

/** The paper's ablations on one layer. */
class AblationsTest {
    private static final PackedLinear LAYER = TestMatrices.layer("tf_layers.0.self_attn.q", 40, 25, 1);
    private static final RecordedInputs INPUTS = TestMatrices.inputs(LAYER, 2);

    @Test
    void minusDropsTheCrossTermAndNothingElse() {
        PackedLinear whole = packed("bit-dgdm");
        PackedLinear minus = packed("bit-dgdm-minus");
        assertThat(whole.crossTerm).isTrue();
        assertThat(minus.crossTerm).isFalse();
        assertThat(minus.left).usingRecursiveComparison().isEqualTo(whole.left);
        assertThat(minus.sparse).usingRecursiveComparison().isEqualTo(whole.sparse);
        assertThat(minus.activation).isEqualTo(whole.activation);
        assertThat(error("bit-dgdm-minus")).isGreaterThan(error("bit-dgdm"));
    }

    @Test
    void denseActivationsHaveNoOutliersAmongTheRecordedInputs() {
        PackedLinear dense = packed("bit-dgdm-dense-activations");
        assertThat(dense.activation.threshold()).isEqualTo(INPUTS.maximum());
        assertThat(INPUTS.outlierShare(dense.activation.threshold())).isZero();
        assertThat(dense.sparse).usingRecursiveComparison().isEqualTo(packed("bit-dgdm").sparse);
        assertThat(error("bit-dgdm-dense-activations")).isGreaterThan(error("bit-dgdm"));
    }

    @Test
    void thresholdTakesTheLargestWeightsWhereverTheyAre() {
        PackedLinear threshold = packed("bit-dgdm-threshold");
        assertThat(threshold.rank()).isZero();
        assertThat(threshold.sparse.entries()).isEqualTo(50);
        DenseMatrix weight = LayerWeight.of(LAYER);
        double smallestKept = Double.POSITIVE_INFINITY;
        for (int at = 0; at < threshold.sparse.columns().length; at++) {
            if (threshold.sparse.columns()[at] >= 0) {
                int row = at / threshold.sparse.width();
                int col = threshold.sparse.columns()[at];
                assertThat(threshold.sparse.values()[at]).isEqualTo((float) weight.apply(row, col));
                assertThat(threshold.residual.get(row, col)).isZero();
                smallestKept = Math.min(smallestKept, Math.abs(weight.apply(row, col)));
                weight.update(row, col, 0);
            }
        }
        for (double other : weight.values()) {
            assertThat(Math.abs(other)).isLessThanOrEqualTo(smallestKept);
        }
    }

    @Test
    void tiesAndZerosAreTakenAsTold() {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 2, 3, new float[] {1, -1, 0, 1, 0, 0});
        // Two of the three ones: column 0 first. Zeros are never kept, whatever the share.
        PackedLinear two = new ThresholdQuantizer().quantize(layer, INPUTS, recipe("bit-dgdm-threshold", 0.34)).packed();
        assertThat(two.sparse.width()).isEqualTo(1);
        assertThat(two.sparse.columns()).containsExactly(0, 0);
        PackedLinear all = new ThresholdQuantizer().quantize(layer, INPUTS, recipe("bit-dgdm-threshold", 1)).packed();
        assertThat(all.sparse.entries()).isEqualTo(3);
        PackedLinear none = new ThresholdQuantizer().quantize(layer, INPUTS, recipe("bit-dgdm-threshold", 0)).packed();
        assertThat(none.sparse.entries()).isZero();
    }

    @Test
    void settingsThatAMethodCannotHaveAreRefusedAtOnce() {
        assertThatThrownBy(() -> TestRecipes.recipe("method=bit-dgdm-minus,rank=8,alpha=0.05,threshold-percentile=95,"
            + "activation-scale=row"))
            .isInstanceOf(InputException.class).hasMessageContaining("sparse-dense activations")
            .hasMessageContaining("bit-dgdm-minus");
        assertThatThrownBy(() -> TestRecipes.recipe("method=bit-dgdm-dense-activations,activation-bits=32,rank=8,"
            + "alpha=0.05,threshold-percentile=95"))
            .isInstanceOf(InputException.class).hasMessageContaining("activation-bits 32");
        assertThatThrownBy(() -> TestRecipes.recipe("method=gptq,weight-bits=16,rank=8,alpha=0.05,"
            + "threshold-percentile=95,activation-scale=row"))
            .isInstanceOf(InputException.class).hasMessageContaining("--weight-bits must be in 2..8 for method gptq");
    }

    private static PackedLinear packed(String method) {
        return Quantizer.of(Method.of(method)).quantize(LAYER, INPUTS, recipe(method, 0.05)).packed();
    }

    private static double error(String method) {
        QuantizeConf recipe = recipe(method, 0.05);
        QuantizedLayer made = Quantizer.of(Method.of(method)).quantize(LAYER, INPUTS, recipe);
        return LayerReport.of(LAYER, made, INPUTS, recipe, 0).outputError();
    }

    private static QuantizeConf recipe(String method, double alpha) {
        return TestMatrices.recipe(method, 4, 4, 8, alpha, 4);
    }
}
