package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.Test;

class QuantizationTest {
    private static final PackedModel FULL = TinyModel.packed(1);

    @Test
    void bytesAreTheSameTwiceAndWithOneThreadOrTwo() {
        byte[] first = PackedModelFormat.toBytes(quantize(recipe(Map.of()), 5, 1).model());
        assertThat(PackedModelFormat.toBytes(quantize(recipe(Map.of()), 5, 2).model())).isEqualTo(first);
        assertThat(PackedModelFormat.toBytes(quantize(recipe(Map.of()), 5, 2).model())).isEqualTo(first);
        assertThat(PackedModelFormat.toBytes(quantize(recipe(Map.of()), 6, 2).model())).isNotEqualTo(first);
    }

    @Test
    void blocksAreQuantizedAndTheRestIsNot() {
        QuantizedModel<PackedModel> quantized = quantize(recipe(Map.of()), 5, 2);
        for (int k = 0; k < FULL.linears().size(); k++) {
            PackedLinear layer = quantized.model().linears().get(k);
            LayerReport report = quantized.layers().get(k);
            boolean block = FULL.spec().layer(layer.name).quantized();
            assertThat(layer.isFull()).as(layer.name).isEqualTo(!block);
            assertThat(report.layer()).isEqualTo(layer.name);
            assertThat(report.method()).isEqualTo(block ? "bit-dgdm" : "fp32");
            assertThat(report.bytesAfter()).isEqualTo(layer.bytes());
            if (block) {
                assertThat(report.weightError()).as(layer.name).isBetween(1e-6, 0.2);
                assertThat(report.outputError()).as(layer.name).isBetween(1e-6, 0.6);
                assertThat(report.threshold()).isPositive();
                assertThat(report.outlierShare()).isBetween(0.0, 0.051);
                assertThat(report.kurtosisBefore()).isGreaterThan(1);
            } else {
                assertThat(layer).isSameAs(FULL.linears().get(k));
                assertThat(report.weightError()).isZero();
            }
        }
        assertThat(quantized.bytesBefore()).isEqualTo(FULL.bytes());
        assertThat(quantized.bytesAfter()).isEqualTo(quantized.model().bytes());
    }

    @Test
    void awareFactorsAreTheSameForAnyNumberOfThreadsAndNearerThanPublishedOnes() {
        QuantizeConf aware = recipe(Map.of()).with(Map.of(Option.FACTORS, "aware", Option.RESIDUAL, 0));
        QuantizedModel<PackedModel> one = quantize(aware, 5, 1);
        QuantizedModel<PackedModel> four = quantize(aware, 5, 4);
        assertThat(PackedModelFormat.toBytes(four.model())).isEqualTo(PackedModelFormat.toBytes(one.model()));
        QuantizedModel<PackedModel> published = quantize(aware.with(Map.of(Option.FACTORS, "weight")), 5, 2);
        assertThat(meanError(one)).isLessThan(0.8 * meanError(published));
    }

    @Test
    void layersOutsideTheBlocksHaveCodesOfWeightsAndOfInputsBesideAwareFactors() {
        QuantizeConf aware = recipe(Map.of()).with(Map.of(Option.FACTORS, "aware", Option.OUTER_BITS, 6));
        PackedModel model = quantize(aware, 5, 2).model();
        for (String name : List.of("mlp_in_X.2", "mlp_in_y.2", "mlp_out_X.0", "mlp_out_X.2", "mlp_out_E.0")) {
            assertThat(model.linear(name).residual.bits()).as(name).isEqualTo(6);
            assertThat(model.linear(name).activation.bits()).as(name).isEqualTo(8);
            assertThat(model.linear(name).activation.perRow()).as(name).isTrue();
        }
        for (String name : List.of("mlp_in_X.0", "mlp_in_E.0", "mlp_in_y.0")) {
            assertThat(model.linear(name).residual.bits()).as(name).isEqualTo(6);
            assertThat(model.linear(name).activation.coded()).as(name).isFalse();
        }
        PackedModel full = quantize(aware.with(Map.of(Option.ACTIVATION_BITS, 32)), 5, 2).model();
        assertThat(full.linear("mlp_out_X.0").activation.coded()).isFalse();
        PackedModel published = quantize(aware.with(Map.of(Option.FACTORS, "weight")), 5, 2).model();
        assertThat(published.linear("mlp_out_X.0").isFull()).isTrue();
    }

    @Test
    void layersTakeTheColumnsThatAShareOfWhatTheyDoAsksFor() {
        QuantizeConf aware = recipe(Map.of()).with(Map.of(Option.FACTORS, "aware", Option.RESIDUAL, 0, Option.RANK, 12));
        PackedModel most = quantize(aware, 5, 2).model();
        PackedModel some = quantize(aware.with(Map.of(Option.RANK_LEFT, 0.05)), 5, 2).model();
        PackedModel few = quantize(aware.with(Map.of(Option.RANK_LEFT, 0.3)), 5, 2).model();
        List<String> blocks = FULL.spec().layerNames().stream().filter(name -> FULL.spec().layer(name).quantized()).toList();
        assertThat(blocks).allSatisfy(name -> {
            assertThat(some.linear(name).rank()).isBetween(1, most.linear(name).rank());
            assertThat(few.linear(name).rank()).isBetween(1, some.linear(name).rank());
        });
        assertThat(blocks.stream().map(name -> few.linear(name).rank()).distinct().count()).isGreaterThan(1);
        assertThat(few.bytes()).isLessThan(some.bytes());
        // Published factors and those beside a residual do not know what is left.
        QuantizeConf residual = aware.with(Map.of(Option.RESIDUAL, 4));
        assertThat(PackedModelFormat.sha256(quantize(residual.with(Map.of(Option.RANK_LEFT, 0.3)), 5, 2).model()))
            .isEqualTo(PackedModelFormat.sha256(quantize(residual, 5, 2).model()));
    }

    private static double meanError(QuantizedModel<PackedModel> model) {
        return model.layers().stream().mapToDouble(LayerReport::outputError).filter(error -> error > 0).average().orElseThrow();
    }

    @Test
    void outputErrorsAreThoseOfGraphsThatNoMethodHasSeen() {
        int[] rows = new int[FULL.linears().size()];
        Arrays.fill(rows, 64);
        List<RecordedInputs> inputs = new Calibrations(FULL, 1, ReferenceDenoiser::new).of(8, 4, rows, 2);
        PackedLinear layer = FULL.linear("tf_layers.0.self_attn.e_out");
        RecordedInputs seen = inputs.get(FULL.linears().indexOf(layer));
        RecordedInputs heldOut = seen.heldOut();
        assertThat(heldOut.present()).isTrue();
        assertThat(heldOut.ranges()).hasSize(2).allMatch(RecordedInputs::present);
        assertThat(heldOut.magnitudes()).isEmpty();
        assertThat(Arrays.copyOf(heldOut.rows(), layer.in)).isNotEqualTo(Arrays.copyOf(seen.rows(), layer.in));

        QuantizeConf recipe = recipe(Map.of());
        QuantizedLayer quantized = Quantizer.of(Method.GPTQ).quantize(layer, seen, recipe);
        double error = LayerReport.of(layer, quantized, seen, recipe, 0).outputError();
        assertThat(error).isPositive().isEqualTo(LayerReport.outputError(layer, quantized.packed(), heldOut))
            .isNotEqualTo(LayerReport.outputError(layer, quantized.packed(), seen));
    }

    @Test
    void layersThatReadTheSameInputHaveTheSameCodes() {
        PackedModel model = quantize(recipe(Map.of()), 5, 2).model();
        for (PackedLinear layer : model.linears()) {
            assertThat(layer.activation).as(layer.name)
                .isEqualTo(model.linear(model.spec().layer(layer.name).firstWithInput()).activation);
        }
    }

    @Test
    void overridesApplyByPatternAndTheFirstMatchWins() {
        Map<String, Map<String, String>> overrides = new LinkedHashMap<>();
        overrides.put("*.self_attn.q", Map.of("method", "fp32"));
        overrides.put("*.self_attn.?", Map.of("residual", "8", "rank", "2"));
        overrides.put("mlp_out_X.0", Map.of("method", "rtn", "activation-scale", "row"));
        PackedModel model = quantize(recipe(overrides), 5, 2).model();
        assertThat(model.linear("tf_layers.0.self_attn.q").isFull()).isTrue();
        assertThat(model.linear("tf_layers.0.self_attn.k").residual.bits()).isEqualTo(8);
        assertThat(model.linear("tf_layers.0.self_attn.k").rank()).isEqualTo(2);
        assertThat(model.linear("tf_layers.0.self_attn.e_add").residual.bits()).isEqualTo(4);
        assertThat(model.linear("mlp_out_X.0").residual).isNotNull();
        assertThat(model.linear("mlp_out_X.2").isFull()).isTrue();
    }

    /** Errors of outputs tell the methods apart as far as a tiny model can. */
    @Test
    void everyMethodQuantizesTheBlocksAndRunsThroughTheReference() {
        for (Method method : Method.values()) {
            int bits = method == Method.SQUEEZELLM ? 16 : 4;
            QuantizeConf conf = TestRecipes.recipe("method=" + method + ",activation-bits=" + bits + ",rank=2,"
                + "alpha=0.25,threshold-percentile=95,calibration-steps=3");
            QuantizedModel<PackedModel> quantized = quantize(conf, 5, 2);
            for (LayerReport layer : quantized.layers()) {
                boolean changed = FULL.spec().layer(layer.layer()).quantized() && method != Method.FP32;
                assertThat(layer.method()).as(layer.layer()).isEqualTo((changed ? method : Method.FP32).toString());
                assertThat(layer.outputError()).as(method + " " + layer.layer()).isBetween(0.0, changed ? 0.9 : 0);
            }
            byte[] bytes = PackedModelFormat.toBytes(quantized.model());
            assertThat(PackedModelFormat.toBytes(PackedModelFormat.fromBytes(bytes))).isEqualTo(bytes);
            try (ReferenceDenoiser denoiser = new ReferenceDenoiser(quantized.model())) {
                denoiser.advance(InitialNoise.draw(FULL.diffusion(), 4, new long[] {1}, 3), 3, new int[] {20, 10, 0});
            }
        }
    }

    @Test
    void rangesOfStepsHaveThresholdsOfTheirOwn() {
        for (String method : new String[] {"bit-dgdm", "bit-dgdm-dense-activations", "rtn", "duquant"}) {
            QuantizedModel<PackedModel> one = quantize(inRanges(method, 1, Map.of()), 5, 2);
            QuantizedModel<PackedModel> three =
                quantize(inRanges(method, 3, Map.of("*linX1", Map.of("method", "rtn", "activation-scale",
                "row"))), 5, 2);
            assertThat(one.model().stepRanges()).isEqualTo(1);
            assertThat(three.model().stepRanges()).isEqualTo(3);
            int differing = 0;
            for (int layer = 0; layer < FULL.linears().size(); layer++) {
                PackedLinear alone = one.model().linears().get(layer);
                PackedLinear first = three.model().linears(0).get(layer);
                PackedLinear last = three.model().linears(2).get(layer);
                if (!first.hasStaticScale()) {
                    assertThat(last).isSameAs(first);
                    continue;
                }
                // Weights come from all steps; the threshold of all lies within those of the ranges.
                assertThat(first.residual).usingRecursiveComparison().isEqualTo(alone.residual);
                float[] thresholds = {first.activation.threshold(), three.model().linears(1).get(layer).activation.threshold(),
                    last.activation.threshold()};
                Arrays.sort(thresholds);
                if (alone.transform == null) {
                    assertThat(alone.activation.threshold()).as(method + " " + alone.name)
                        .isBetween(thresholds[0], thresholds[2]);
                }
                differing += thresholds[0] < thresholds[2] ? 1 : 0;
                assertThat(three.layers().get(layer).note()).contains("thresholds by range of steps");
                assertThat(three.layers().get(layer).outputError()).isBetween(0.0, 0.9);
            }
            assertThat(differing).as(method).isGreaterThan(10);
        }
    }

    @Test
    void rangesWithoutThresholdsOrStepsAreRefused() {
        assertThatThrownBy(() -> inRanges("bit-dgdm", 6, Map.of())).isInstanceOf(InputException.class)
            .hasMessageContaining("--threshold-buckets must be at most calibration-steps, 5").hasMessageContaining("found 6");
        assertThatThrownBy(() -> TestRecipes.recipe("method=rtn,rank=4,alpha=0.2,threshold-percentile=95,"
            + "activation-scale=row,calibration-graphs=6,threshold-buckets=2"))
            .isInstanceOf(InputException.class).hasMessageContaining("--threshold-buckets must be 1")
            .hasMessageContaining("activation-scale row");
    }

    private static QuantizeConf inRanges(String method, int ranges, Map<String, Map<String, String>> overrides) {
        return TestRecipes.recipe("method=" + method + ",rank=4,alpha=0.2,threshold-percentile=95,calibration-graphs=6,"
            + "threshold-buckets=" + ranges, overrides);
    }

    @Test
    void overridesThatCannotApplyAreRefused() {
        assertThatThrownBy(() -> quantize(recipe(Map.of("mlp_out_X.0", Map.of("method", "gptq"))), 5, 1))
            .isInstanceOf(InputException.class).hasMessageContaining("choose another method than gptq");
        assertThatThrownBy(() -> quantize(recipe(Map.of("tf_layers.7.*", Map.of("rank", "2"))), 5, 1))
            .isInstanceOf(InputException.class).hasMessageContaining("tf_layers.7.*").hasMessageContaining("no layer");
        assertThatThrownBy(() -> quantize(recipe(Map.of("mlp_out_X.0", Map.of("rank", "2"))), 5, 1))
            .isInstanceOf(InputException.class).hasMessageContaining("mlp_out_X.0")
            .hasMessageContaining("activation-scale=row,intermediate-bits=32");
    }

    @Test
    void fullPrecisionNeedsNoCalibration() {
        QuantizeConf fp32 = TestRecipes.recipe("method=fp32,rank=4,alpha=0.1,threshold-percentile=95,"
            + "calibration-graphs=3,calibration-steps=4");
        QuantizedModel<PackedModel> model = Quantization.quantize(new Calibrations(FULL, 5, (PackedModel full) -> {
            assertThat(full).as("opened").isNull();
            return new ReferenceDenoiser(full);
        }), fp32);
        assertThat(model.model().linears()).isEqualTo(FULL.linears());
        assertThat(model.bytesAfter()).isEqualTo(model.bytesBefore());
    }

    @Test
    void moreStepsThanTheModelHasAreRefused() {
        QuantizeConf recipe = TestRecipes.recipe("rank=4,alpha=0.1,threshold-percentile=95,calibration-graphs=3,"
            + "calibration-steps=21");
        assertThatThrownBy(() -> quantize(recipe, 5, 1)).isInstanceOf(InputException.class)
            .hasMessageContaining("--calibration-steps").hasMessageContaining("20").hasMessageContaining("21");
    }

    @Test
    void activationsThatAreNotFiniteStopItNamingLayerAndStep() {
        List<PackedLinear> broken = new ArrayList<>(FULL.linears());
        int at = FULL.spec().layerNames().indexOf("tf_layers.0.linE1");
        PackedLinear layer = broken.get(at);
        float[] bias = layer.bias.clone();
        bias[0] = Float.POSITIVE_INFINITY;
        broken.set(at, PackedLinear.full(layer.name, layer.in, layer.out, layer.weight, bias));
        PackedModel model = FULL.withLinears(broken);
        assertThatThrownBy(() -> Quantization.quantize(new Calibrations(model, 5, ReferenceDenoiser::new), recipe(Map.of())))
            .isInstanceOf(InputException.class).hasMessageContaining("tf_layers.0.linE2").hasMessageContaining("t = 20");
    }

    @Test
    void quantizedModelStaysCloseToTheFullOne() {
        QuantizeConf fine = TestRecipes.recipe("weight-bits=8,activation-bits=8,rank=4,alpha=0.1,residual=8,"
            + "calibration-graphs=6");
        GraphBatch batch = InitialNoise.draw(FULL.diffusion(), 6,
            new long[] {1, 2, 3}, 9);
        float[] nodes = new float[3 * 6 * 4];
        float[] edges = new float[3 * 36 * 5];
        float[] fineNodes = new float[nodes.length];
        float[] fineEdges = new float[edges.length];
        try (ReferenceDenoiser full = new ReferenceDenoiser(FULL);
             ReferenceDenoiser quantized = new ReferenceDenoiser(quantize(fine, 5, 2).model())) {
            full.logits(batch, 10, nodes, edges);
            quantized.logits(batch, 10, fineNodes, fineEdges);
        }
        assertThat(distance(fineNodes, nodes)).isBetween(1e-6, 0.05);
        assertThat(distance(fineEdges, edges)).isBetween(1e-6, 0.05);
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

    private static QuantizeConf recipe(Map<String, Map<String, String>> overrides) {
        return TestRecipes.recipe("rank=4,alpha=0.2,threshold-percentile=95,calibration-graphs=6", overrides);
    }

    private static QuantizedModel<PackedModel> quantize(QuantizeConf recipe, long seed, int threads) {
        return Quantization.quantize(new Calibrations(FULL, seed, ReferenceDenoiser::new), recipe, threads);
    }
}
