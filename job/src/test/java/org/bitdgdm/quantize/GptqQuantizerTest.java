package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Random;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedLinear;
import org.junit.jupiter.api.Test;

class GptqQuantizerTest {
    private final GptqQuantizer quantizer = new GptqQuantizer();

    @Test
    void independentInputsAreRoundedToNearest() {
        // Each row has one channel only, so that no channel can make up for another: H is diagonal.
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 12, 9, 1);
        float[] rows = new float[12 * 12];
        for (int i = 0; i < 12; i++) {
            rows[i * 12 + i] = i + 1;
        }
        RecordedInputs inputs = recorded(layer, rows, 12);
        PackedLinear gptq = quantizer.quantize(layer, inputs, recipe("gptq", 32)).packed();
        PackedLinear nearest = new RoundToNearestQuantizer().quantize(layer, inputs, recipe("rtn", 32)).packed();
        assertThat(gptq.residual.codes()).isEqualTo(nearest.residual.codes());
        assertThat(gptq.residual.scale()).isEqualTo(nearest.residual.scale());
        assertThat(gptq.sparse.width()).isZero();
        assertThat(gptq.rank()).isZero();
    }

    /** Two inputs that are nearly equal: what the first one's rounding leaves goes to the second. */
    @Test
    void aChannelMakesUpForTheRoundingOfAnother() {
        // Scale max|w| / 7 = 1: 7 and 2.4, 2.4 and 2.4, whose sum is to be 4.8 instead of 2 + 2.
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 3, 1, new float[] {7, 2.4f, 2.4f});
        Random random = new Random(3);
        float[] rows = new float[3 * 500];
        for (int row = 0; row < 500; row++) {
            rows[row * 3] = (float) random.nextGaussian();
            rows[row * 3 + 1] = (float) random.nextGaussian();
            rows[row * 3 + 2] = rows[row * 3 + 1] + 0.01f * (float) random.nextGaussian();
        }
        byte[] codes = quantizer.quantize(layer, recorded(layer, rows, 500), recipe("gptq", 32)).packed().residual.codes();
        assertThat(codes[0]).isEqualTo((byte) 7);
        assertThat(codes[1] + codes[2]).isEqualTo(5);
    }

    @Test
    void outputsAreBetterThanThoseOfRoundToNearestWhereInputsCorrelate() {
        PackedLinear layer = TestMatrices.layer("tf_layers.0.self_attn.q", 64, 48, 5);
        Random random = new Random(6);
        float[] rows = new float[64 * 400];
        for (int row = 0; row < 400; row++) {
            float common = (float) random.nextGaussian();
            for (int i = 0; i < 64; i++) {
                // Channel 63 is always 0.
                rows[row * 64 + i] = i == 63 ? 0 : 2 * common * (i % 3) + (float) random.nextGaussian();
            }
        }
        RecordedInputs inputs = recorded(layer, rows, 400);
        for (int bits : new int[] {32, 8}) {
            LayerReport gptq = LayerReport.of(layer, quantizer.quantize(layer, inputs, recipe("gptq", bits)), inputs,
                recipe("gptq", bits), 0);
            LayerReport nearest = LayerReport.of(layer, new RoundToNearestQuantizer().quantize(layer, inputs,
                recipe("rtn", bits)), inputs, recipe("rtn", bits), 0);
            assertThat(gptq.outputError()).isPositive().isLessThan(0.7 * nearest.outputError());
            assertThat(gptq.weightError()).isGreaterThan(nearest.weightError());
            assertThat(gptq.bytesAfter()).isEqualTo(nearest.bytesAfter());
        }
    }

    @Test
    void asksForMoreRowsThanOthersWithinLimits() {
        assertThat(quantizer.rows(TestMatrices.layer("a", 8, 1, 1), null)).isEqualTo(256);
        assertThat(quantizer.rows(TestMatrices.layer("a", 256, 1, 1), null)).isEqualTo(1024);
        assertThat(quantizer.rows(TestMatrices.layer("a", 2048, 1, 1), null)).isEqualTo(2048);
    }

    private static RecordedInputs recorded(PackedLinear layer, float[] rows, int count) {
        InputCollector collector = new InputCollector(layer.name, layer.in, 1, 0, count);
        collector.accept(rows, count, 1);
        return collector.recorded();
    }

    private static QuantizeConf recipe(String method, int activationBits) {
        return TestRecipes.recipe("method=" + method + ",activation-bits=" + activationBits + ",alpha=0.05,residual=0,"
            + "activation-scale=row");
    }
}
