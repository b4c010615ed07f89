package org.bitdgdm.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.Test;

/** Times of layers counted by hand. */
class LayerCostTest {
    private static final LayerRates RATES = new LayerRates("none", 2, 4, 8, 16, 32);
    private static final PackedModel FULL = TinyModel.packed(1);

    @Test
    void aLayerCostsItsOperationsOverTheRates() {
        LayerRates.Cost costs = LayerRates.Cost.ofGraphs(RATES, FULL);
        double nodes = mean(1);
        double pairs = mean(2);
        PackedLinear q = FULL.linear("tf_layers.0.self_attn.q");
        PackedLinear edge = FULL.linear("tf_layers.0.linE1");
        PackedLinear global = FULL.linear("tf_layers.0.self_attn.y_x_add");
        assertThat(costs.seconds(q, Double.NaN)).isCloseTo(nodes * 2 * q.in * q.out / 2, within(1e-6));
        assertThat(costs.seconds(edge, Double.NaN)).isCloseTo(pairs * 2 * edge.in * edge.out / 2, within(1e-6));
        assertThat(costs.seconds(global, Double.NaN)).isCloseTo(global.in * global.out, within(1e-6));
        PackedLinear unread = FULL.linear("tf_layers." + (FULL.architecture().layers() - 1) + ".lin_y1");
        assertThat(costs.seconds(unread, Double.NaN)).as("y after the last block").isZero();

        PackedModel quantized = Quantization.quantize(new Calibrations(FULL, 1, ReferenceDenoiser::new),
            TestRecipes.recipe("rank=3,alpha=0.2,threshold-percentile=90,calibration-graphs=3,"
                + "calibration-steps=3")).model();
        PackedLinear coded = quantized.linear(q.name);
        double size = q.in * q.out;
        assertThat(coded.integerProduct()).isTrue();
        assertThat(coded.sparse.entries()).isPositive();
        assertThat(costs.seconds(coded, 0.25)).isCloseTo(nodes * (2 * size / 4 + 2.0 * 3 * (q.in + q.out) / 8
            + 2 * (coded.sparse.entries() + 0.25 * size) / 16 + q.in / 32.0), within(1e-6));
        PackedLinear k = quantized.linear("tf_layers.0.self_attn.k");
        assertThat(costs.seconds(k, 0.25)).as("q has made the codes").isCloseTo(nodes * (2 * size / 4
            + 2.0 * 3 * (k.in + k.out) / 8 + 2 * (k.sparse.entries() + 0.25 * size) / 16), within(1e-6));
        assertThatThrownBy(() -> costs.seconds(FULL.linear("mlp_in_X.0"), 0)).hasMessageContaining("only layers of blocks");
    }

    @Test
    void ratesAreThereForTheCpuAndMissingOnesAreRefused() {
        LayerRates cpu = LayerRates.of("cpu");
        assertThat(cpu.full()).isBetween(1e9, 1e13);
        assertThat(cpu.dense()).isGreaterThan(cpu.full());
        assertThat(cpu.machine()).contains("commit");
        assertThatThrownBy(() -> LayerRates.of("reference")).isInstanceOf(InputException.class)
            .hasMessageContaining("--recipe auto needs measured rates of the backend reference");
    }

    private static double mean(int power) {
        float[] sizes = FULL.diffusion().sizes().weights();
        double sum = 0;
        double weight = 0;
        for (int n = 1; n < sizes.length; n++) {
            sum += sizes[n] * Math.pow(n, power);
            weight += sizes[n];
        }
        return sum / weight;
    }
}
