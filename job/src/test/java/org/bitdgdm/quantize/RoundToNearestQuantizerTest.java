package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedLinear;
import org.junit.jupiter.api.Test;

class RoundToNearestQuantizerTest {
    private final RoundToNearestQuantizer quantizer = new RoundToNearestQuantizer();

    @Test
    void codesAreExact() {
        // (in, out) row-major: channels (−1.5, 0.625, 1.75) and (0, −7, 2.5).
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 3, 2,
            new float[] {-1.5f, 0, 0.625f, -7, 1.75f, 2.5f});
        PackedLinear packed = quantizer.quantize(layer, TestMatrices.inputs(layer, 1), recipe(4, 4, "row")).packed();
        assertThat(packed.residual.scale()).containsExactly(0.25f, 1f);
        assertThat(packed.residual.codes()).containsExactly(-6, 0, 2, -7, 7, 2);
        assertThat(packed.left).isNull();
        assertThat(packed.sparse.width()).isZero();
        assertThat(packed.activation.perRow()).isTrue();
        assertThat(packed.bias).isSameAs(layer.bias);
    }

    @Test
    void staticScalesComeFromThePercentile() {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.linE2", 30, 20, 1);
        RecordedInputs inputs = TestMatrices.inputs(layer, 2);
        PackedLinear packed = quantizer.quantize(layer, inputs, recipe(8, 8, "static")).packed();
        assertThat(packed.activation.perRow()).isFalse();
        assertThat(packed.activation.threshold()).isEqualTo(inputs.threshold(95));
        assertThat(packed.activation.scale()).isEqualTo(inputs.threshold(95) / 255);
    }

    @Test
    void withEverythingOffTheLayerIsLeftAlone() {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 30, 20, 1);
        QuantizedLayer untouched = quantizer.quantize(layer, TestMatrices.inputs(layer, 2), recipe(32, 16, "row"));
        assertThat(untouched.packed()).isSameAs(layer);
        PackedLinear activationsOnly = quantizer.quantize(layer, TestMatrices.inputs(layer, 2), recipe(16, 8, "row"))
            .packed();
        assertThat(activationsOnly.isFull()).isFalse();
        assertThat(activationsOnly.residual.values()).containsExactly(layer.weight);
    }

    @Test
    void eightBitsAreNearlyExactAndFourAreNot() {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 64, 48, 1);
        RecordedInputs inputs = TestMatrices.inputs(layer, 2);
        LayerReport eight = LayerReport.of(layer, quantizer.quantize(layer, inputs, recipe(8, 8, "row")), inputs,
            recipe(8, 8, "row"), 0);
        LayerReport four = LayerReport.of(layer, quantizer.quantize(layer, inputs, recipe(4, 4, "row")), inputs,
            recipe(4, 4, "row"), 0);
        assertThat(eight.outputError()).isBetween(0.001, 0.05);
        assertThat(four.outputError()).isBetween(5 * eight.outputError(), 0.9);
        assertThat(four.weightError()).isGreaterThan(eight.weightError());
        assertThat(four.kurtosisAfter()).isEqualTo(four.kurtosisBefore());
        assertThat(four.bytesAfter()).isEqualTo(64 * 48 / 2 + 48 * 4 + 48 * 4);
        assertThat(four.bytesBefore()).isEqualTo(64 * 48 * 4 + 48 * 4);
    }

    private static QuantizeConf recipe(int weightBits, int activationBits, String scale) {
        return TestRecipes.recipe("method=rtn,weight-bits=" + weightBits + ",activation-bits=" + activationBits + ","
            + "alpha=0.05,threshold-percentile=95,residual=0,activation-scale=" + scale);
    }
}
