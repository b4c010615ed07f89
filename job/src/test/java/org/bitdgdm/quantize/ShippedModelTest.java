package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.model.ModelBundle;
import org.junit.jupiter.api.Test;

/**
 * Mean relative errors of the shipped model's layers against those of a first look at fake quantization in PyTorch, which
 * spanned the maximum with its scales.
 */
class ShippedModelTest {
    private static final PackedModel FULL = ModelBundle.load(Path.of("../conf/models/qm9")).packed();

    @Test
    void roundToNearestHasTheErrorsOfTheFirstLook() {
        assertThat(mean(quantize(rtn(4, 4)), LayerReport::weightError)).isCloseTo(0.106, within(0.001));
        assertThat(mean(quantize(rtn(8, 8)), LayerReport::weightError)).isCloseTo(0.006, within(0.0005));
    }

    @Test
    void bitDgdmIsNotFarFromTheFirstLook() {
        // One block of five, to be done in seconds; its layers are no better than those of the others.
        List<LayerReport> literal = quantize(bitDgdm(0.05, 0));
        assertThat(literal).hasSize(22);
        // The first look, 0.593, bounded the rows of S only; T_α bounds rows and columns and keeps fewer entries.
        assertThat(mean(literal, LayerReport::weightError)).isCloseTo(0.61, within(0.03));
        assertThat(mean(literal, LayerReport::outputError)).isBetween(0.2, 0.6);
        List<LayerReport> residual = quantize(bitDgdm(0.01, 4));
        assertThat(mean(residual, LayerReport::weightError)).isBetween(0.060, 0.070);
        assertThat(mean(residual, LayerReport::outputError)).isBetween(0.05, 0.15);
        for (LayerReport layer : literal) {
            assertThat(layer.iterations()).as(layer.layer()).isBetween(1, 100);
            assertThat(layer.nnz()).isLessThanOrEqualTo(layer.in() * layer.out() / 20);
            assertThat(layer.bytesAfter()).isLessThan(layer.bytesBefore() / 4);
        }
    }

    private static List<LayerReport> quantize(QuantizeConf recipe) {
        return Quantization.quantize(new Calibrations(FULL, 0, ReferenceDenoiser::new), recipe).layers().stream()
            .filter(layer -> !layer.method().equals("fp32")).toList();
    }

    private static double mean(List<LayerReport> layers, ToDoubleFunction<LayerReport> value) {
        return layers.stream().mapToDouble(value).average().orElseThrow();
    }

    private static QuantizeConf rtn(int weightBits, int activationBits) {
        return TestRecipes.recipe("method=rtn,weight-bits=" + weightBits + ",activation-bits=" + activationBits + ","
            + "residual=0,activation-scale=row,calibration-graphs=1,calibration-steps=1");
    }

    private static QuantizeConf bitDgdm(double alpha, int residual) {
        Map<String, Map<String, String>> others = new LinkedHashMap<>();
        for (int block : new int[] {0, 1, 3, 4}) {
            others.put("tf_layers." + block + ".*", Map.of("method", "fp32"));
        }
        return TestRecipes.recipe("alpha=" + alpha + ",residual=" + residual, others);
    }
}
