package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;
import org.bitdgdm.model.ProteinBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped model of proteins, quantized by the methods of the other models, with inputs of its own runs. */
class ProteinQuantizationTest {
    private static final PackedProteinModel FULL = ProteinBundle.load(Path.of("..", "conf", "models", "gradeif")).packed();
    private static final String FEW = ",calibration-graphs=1,calibration-steps=2";
    private static final int RESIDUES = 16;

    private static ProteinGraph backbone(long seed) {
        return TestBackbones.of(RESIDUES, seed);
    }

    private static QuantizedModel<PackedProteinModel> quantize(QuantizeConf conf) {
        return Quantization.quantize(new ProteinCalibrations(FULL, 0, () -> new CpuProteinDenoiser(FULL,
            BackendOptions.defaults()), recipe -> List.of(backbone(1), backbone(2))), conf);
    }

    private static float[] logits(ProteinDenoiser opened) {
        byte[] sequence = new byte[RESIDUES];
        new Random(3).nextBytes(sequence);
        for (int i = 0; i < RESIDUES; i++) {
            sequence[i] = (byte) Math.floorMod(sequence[i], 20);
        }
        float[] logits = new float[RESIDUES * 20];
        try (opened; ProteinDenoiser.Conditioned network = opened.condition(backbone(1))) {
            network.logits(sequence, 300, logits);
        }
        return logits;
    }

    private static double distance(float[] found, float[] exact) {
        double error = 0;
        double norm = 0;
        for (int at = 0; at < exact.length; at++) {
            error += (found[at] - exact[at]) * (double) (found[at] - exact[at]);
            norm += exact[at] * (double) exact[at];
        }
        return Math.sqrt(error / norm);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "method=rtn,weight-bits=8,activation-bits=8,activation-scale=static,threshold-percentile=99.9; 0.1",
        "method=rtn,weight-bits=8,activation-bits=8,activation-scale=row; 0.1",
        "method=rtn,weight-bits=8,activation-bits=8,threshold-percentile=99.9,threshold-buckets=2; 0.1",
        "method=gptq,weight-bits=4,activation-bits=8,threshold-percentile=99.9; 0.6",
        "method=rtn,weight-bits=4,activation-bits=4,activation-scale=row; 1",
        "method=bit-dgdm,weight-bits=8,activation-bits=8,rank=8,residual=8,threshold-percentile=99.9; 0.15"})
    void quantizedModelsStayNearAndBackendsAgree(String settings, double tolerance) {
        QuantizedModel<PackedProteinModel> quantized = quantize(TestRecipes.recipe(settings + FEW));
        assertThat(quantized.layers()).hasSameSizeAs(FULL.linears());
        for (PackedLinear layer : quantized.model().linears()) {
            assertThat(layer.isFull()).as(layer.name).isEqualTo(!FULL.spec().layer(layer.name).quantized());
        }
        assertThat(quantized.model().bytes()).isLessThan(FULL.bytes() / 2);
        float[] exact = logits(new ReferenceProteinDenoiser(FULL));
        float[] found = logits(new ReferenceProteinDenoiser(quantized.model()));
        assertThat(distance(found, exact)).isBetween(1e-5, tolerance);
        float[] fast = logits(new CpuProteinDenoiser(quantized.model(), BackendOptions.defaults()));
        // A code on the other side of a rounding moves what follows by a step of the codes.
        assertThat(distance(fast, found)).isLessThan(distance(found, exact));
    }

    @Test
    void theOutcomeDoesNotDependOnTheRun() {
        QuantizeConf conf = TestRecipes.recipe("method=rtn,weight-bits=8,activation-bits=8" + FEW);
        List<PackedLinear> first = quantize(conf).model().linears();
        List<PackedLinear> second = quantize(conf).model().linears();
        for (int layer = 0; layer < first.size(); layer++) {
            assertThat(second.get(layer).activation).as(first.get(layer).name).isEqualTo(first.get(layer).activation);
        }
    }

    @Test
    void settingsThatFitNoLayerOrNoModelAreRefused() {
        QuantizeConf none = TestRecipes.recipe("method=rtn" + FEW, Map.of("tf_layers.*", Map.of("weight-bits", "8")));
        assertThatThrownBy(() -> quantize(none)).isInstanceOf(InputException.class)
            .hasMessageContaining("'tf_layers.*' matches no layer; names are like mpnn_layes.0.edge_mlp.0");
        QuantizeConf many = TestRecipes.recipe("method=rtn,calibration-steps=501");
        assertThatThrownBy(() -> quantize(many)).isInstanceOf(InputException.class)
            .hasMessageContaining("--calibration-steps must be at most 500").hasMessageContaining("found 501");
    }
}
