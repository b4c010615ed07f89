package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.Test;

/** What the study of variants does to a model. */
class VariantsTest {
    private static final QuantizeConf RECIPE = TestRecipes.recipe("factors=aware,residual=0,rank=3,activation-bits=8");
    private static final PackedModel FULL = TinyModel.packed(3);

    private static Calibrations calibrations() {
        return new Calibrations(FULL, 0, model -> new CpuDenoiser(model, new BackendOptions(1, "auto", null)));
    }

    @Test
    void aTemperatureAndOffsetsThatWerePlantedAreFound() {
        Random random = new Random(1);
        float[] quantized = new float[4 * 500];
        float[] full = new float[quantized.length];
        double[] offsets = {0.3, -0.2, 0.1, -0.2};
        for (int at = 0; at < full.length; at++) {
            quantized[at] = (float) (2 * random.nextGaussian());
            full[at] = (float) (1.25 * quantized[at] + offsets[at % 4]);
        }
        LogitShift shift = new LogitShift(4, true, true);
        shift.fit(full, quantized);
        float[] shifted = shift.applied(quantized);
        for (int at = 0; at < full.length; at++) {
            assertThat(shifted[at]).isCloseTo(full[at], within(1e-3f));
        }
        LogitShift only = new LogitShift(4, true, false);
        only.fit(full, quantized);
        float[] scaled = only.applied(quantized);
        assertThat(scaled[0] / quantized[0]).isBetween(1.1f, 1.4f).isCloseTo(scaled[1] / quantized[1], within(1e-5f));
    }

    @Test
    void whatNothingCanImproveStays() {
        float[] logits = {1, 0, -1, 0.5f, 0.25f, 2};
        LogitShift shift = new LogitShift(3, true, true);
        shift.fit(logits, logits);
        float[] shifted = shift.applied(logits);
        for (int at = 0; at < logits.length; at++) {
            assertThat(shifted[at]).isCloseTo(logits[at], within(1e-5f));
        }
    }

    @Test
    void layersThatShareAFirstFactorHaveOneAndTheirOwnSecondOnes() {
        SharedFactors own = SharedFactors.none(calibrations(), RECIPE);
        Map<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("self_attn.q", 3);
        SharedFactors shared = SharedFactors.of(own, calibrations(), RECIPE, ranks);
        List<PackedLinear> members = List.of("q", "k", "v").stream()
            .map(name -> shared.model().linear("tf_layers.0.self_attn." + name)).toList();
        assertThat(members).allSatisfy(layer -> {
            assertThat(layer.left).isSameAs(members.get(0).left);
            assertThat(layer.rank()).isEqualTo(3);
        });
        assertThat(members.get(1).right.codes()).isNotEqualTo(members.get(0).right.codes());
        // Two first factors of 8 x 3 fewer, for 7 nodes.
        assertThat(shared.multiplyAdds()).isEqualTo(own.multiplyAdds() - 2 * 7 * 8 * 3);
        assertThat(shared.bytes()).isLessThan(own.bytes());
        for (int at = 0; at < FULL.linears().size(); at++) {
            PackedLinear layer = shared.model().linears().get(at);
            assertThat(layer == own.model().linears().get(at)).as(layer.name).isEqualTo(!members.contains(layer));
        }
    }

    @Test
    void oneFirstFactorOfAllColumnsLeavesWhatRoundingLeaves() {
        QuantizeConf fine = TestRecipes.recipe("factors=aware,residual=0,rank=8,weight-bits=8,activation-bits=8");
        Map<String, Integer> ranks = Map.of("self_attn.q", 8);
        PackedModel shared = SharedFactors.of(SharedFactors.none(calibrations(), fine), calibrations(), fine, ranks).model();
        int[] kept = new int[FULL.linears().size()];
        Arrays.fill(kept, InputCollector.MOST_ROWS);
        List<RecordedInputs> inputs = calibrations().of(4, 5, kept, 1);
        for (String name : List.of("q", "k", "v")) {
            PackedLinear layer = FULL.linear("tf_layers.0.self_attn." + name);
            InputNorm norm = inputs.get(FULL.linears().indexOf(layer)).moments(ActivationCodes.off(), layer.in).norm();
            DenseMatrix weight = LayerWeight.of(layer);
            DenseMatrix rest = LayerWeight.effective(shared.linear(layer.name));
            for (int at = 0; at < rest.values().length; at++) {
                rest.values()[at] -= weight.values()[at];
            }
            assertThat(norm.squared(rest)).as(layer.name).isLessThan(1e-3 * norm.squared(weight));
        }
    }

    @Test
    void layersBehindNothingQuantizedAreFittedAsEverAndThoseBehindOthersAreNot() {
        PackedModel first = Quantization.quantize(calibrations(), RECIPE).model();
        PackedModel later = LaterInputs.inOrder(FULL, first, RECIPE, LaterInputs.Target.SAME_INPUT);
        assertThat(later.linears()).allSatisfy(layer
            -> assertThat(layer.isFull()).isEqualTo(first.linear(layer.name).isFull()));
        for (String name : List.of("self_attn.q", "self_attn.e_mul", "self_attn.y_y")) {
            assertThat(LayerWeight.effective(later.linear("tf_layers.0." + name)))
                .isEqualTo(LayerWeight.effective(first.linear("tf_layers.0." + name)));
        }
        assertThat(LayerWeight.effective(later.linear("tf_layers.0.linE2")))
            .isNotEqualTo(LayerWeight.effective(first.linear("tf_layers.0.linE2")));
    }
}
