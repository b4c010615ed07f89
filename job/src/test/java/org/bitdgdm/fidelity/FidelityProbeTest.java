package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Comparisons of small models on Spark, and one whose divergence is known in closed form. */
class FidelityProbeTest {
    private static final PackedModel FULL = TinyModel.packed(1);
    private static final BackendOpener OPENER = new BackendOpener(Backend.REFERENCE, "auto", "");

    private static JavaSparkContext spark;

    @BeforeAll
    static void startSpark() {
        spark = JavaSparkContext.fromSparkContext(TestSpark.on("local[2]").getOrCreate().sparkContext());
    }

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    @Test
    void aModelDoesNotDivergeFromItself() {
        try (var probe = FidelityProbe.ofGraphs(spark, FULL, new FidelityConf(9, 6), OPENER, false)) {
            FidelityReport report = probe.measure(FULL);
            assertThat(report.divergence().graph().value()).isZero();
            assertThat(report.changedEntries().value()).isZero();
            assertThat(report.identicalGraphs()).isEqualTo(9);
            assertThat(report.graphs()).isEqualTo(9);
            assertThat(report.steps()).isEqualTo(6);
        }
    }

    @Test
    void aLittleNoiseIsALittleDivergenceAndMuchIsMore() {
        try (var probe = FidelityProbe.ofGraphs(spark, FULL, new FidelityConf(9, 6), OPENER, true)) {
            FidelityReport little = probe.measure(scaled(1.01f));
            FidelityReport much = probe.measure(scaled(1.5f));
            assertThat(little.divergence().node().value()).isPositive()
                .isLessThan(much.divergence().node().value() / 10);
            assertThat(little.divergence().edge().value()).isPositive()
                .isLessThan(much.divergence().edge().value() / 10);
            assertThat(much.changedEntries().value()).isPositive();
            assertThat(much.identicalGraphs()).isLessThan(9);
            assertThat(probe.measure(scaled(1.5f))).as("kept trajectories").isEqualTo(much);
        }
    }

    /** Along the same trajectories; layers in full precision are left out. */
    @Test
    void aLayerAloneIsTheModelWithThatLayerReplaced() {
        FidelityConf conf = new FidelityConf(5, 4);
        PackedModel quantized = Quantization.quantize(new Calibrations(FULL, 1, ReferenceDenoiser::new),
            TestRecipes.recipe("method=rtn,weight-bits=3,activation-bits=3,rank=1,alpha=0,residual=0,"
                + "intermediate-bits=32,activation-scale=row,calibration-graphs=1,calibration-steps=1",
                Map.of("tf_layers.0.linX1", Map.of("method", "fp32")))).model();
        String name = "tf_layers.0.self_attn.e_out";
        PackedModel alone = FULL.withLinears(FULL.linears().stream()
            .map(layer -> layer.name.equals(name) ? quantized.linear(name) : layer).toList());
        try (var scan = SensitivityScan.ofGraphs(spark, FULL, conf, OPENER);
             var probe = FidelityProbe.ofGraphs(spark, FULL, conf, OPENER, false, SensitivityScan.SEED)) {
            List<SensitivityScan.OfLayer> found = scan.measure(quantized);
            assertThat(found).extracting(SensitivityScan.OfLayer::layer).containsExactlyElementsOf(quantized.linears().stream()
                .filter(layer -> !layer.isFull()).map(layer -> layer.name).toList()).doesNotContain("tf_layers.0.linX1");
            SensitivityScan.OfLayer layer = found.stream().filter(one -> one.layer().equals(name)).findFirst().orElseThrow();
            Divergence expected = probe.measure(alone).divergence();
            assertThat(layer.graph().value()).isPositive().isCloseTo(expected.graph().value(), withinPercentage(1e-6));
            assertThat(layer.node().value()).isCloseTo(expected.node().value(), withinPercentage(1e-6));
            assertThat(layer.edge().value()).isCloseTo(expected.edge().value(), withinPercentage(1e-6));
            assertThat(layer.graph().standardError()).isCloseTo(expected.graph().standardError(), withinPercentage(1e-6));
            assertThat(scan.measure(FULL)).isEmpty();
        }
    }

    @Test
    void aLayerThatIsBrokenAloneIsNamedWithItsStep() {
        // A copy: layers that are quantized share their bias with the original.
        PackedModel quantized = PackedModelFormat.fromBytes(PackedModelFormat.toBytes(
            Quantization.quantize(new Calibrations(FULL, 1, ReferenceDenoiser::new),
                TestRecipes.recipe("method=rtn,rank=1,alpha=0,residual=0,intermediate-bits=32,activation-scale=row,"
                    + "calibration-graphs=1,calibration-steps=1")).model()));
        quantized.linear("tf_layers.0.self_attn.v").bias[3] = Float.NaN;
        try (var scan = SensitivityScan.ofGraphs(spark, FULL, new FidelityConf(2, 4), OPENER)) {
            assertThatThrownBy(() -> scan.measure(quantized))
                .hasMessageContaining("with tf_layers.0.self_attn.v quantized alone, logits at time 20 are not finite")
                .hasMessageContaining("the output of tf_layers.0.self_attn.v is the first that is not finite");
        }
    }

    /** The last bias of the node logits shifted by δ for one class: KL = log Σ p e^δ[k=c] − p_c δ, whatever the network. */
    @Test
    void theDivergenceOfAShiftedLogitIsTheClosedForm() {
        float shift = 0.75f;
        List<PackedLinear> layers = new ArrayList<>();
        for (PackedLinear layer : FULL.linears()) {
            float[] bias = layer.bias.clone();
            if (layer.name.equals("mlp_out_X.2")) {
                bias[2] += shift;
            }
            layers.add(PackedLinear.full(layer.name, layer.in, layer.out, layer.weight, bias));
        }
        PackedModel shifted = FULL.withLinears(layers);
        int n = 5;
        long[] ids = {3, 4};
        List<Sampler.Step> taken = Sampler.posterior(Schedule.UNIFORM).steps(FULL.diffusion(), 2);
        try (ReferenceDenoiser full = new ReferenceDenoiser(FULL);
             ReferenceDenoiser other = new ReferenceDenoiser(shifted)) {
            List<FidelityReport.OfGraph> found = Trajectory.of(full, FULL.diffusion(), n, ids, 11, taken)
                .compare(other, new int[] {0, 1});
            GraphBatch batch = InitialNoise.draw(FULL.diffusion(), n, ids, 11);
            for (int step = 0; step < 2; step++) {
                float[] logits = new float[ids.length * n * 4];
                full.logits(batch, taken.get(step), logits, new float[ids.length * n * n * 5]);
                for (int g = 0; g < ids.length; g++) {
                    int from = g * n;
                    double expected = IntStream.range(from, from + n)
                        .mapToDouble(i -> closedForm(logits, i * 4, shift)).sum();
                    assertThat(found.get(g).nodeDivergence()[step]).isPositive().isCloseTo(expected, within(1e-5));
                    assertThat(found.get(g).edgeDivergence()[step]).isZero();
                }
                full.advance(batch, 11, List.of(taken.get(step)));
            }
        }
    }

    private static double closedForm(float[] logits, int from, double shift) {
        double norm = Arrays.stream(new int[] {0, 1, 2, 3}).mapToDouble(k -> Math.exp(logits[from + k])).sum();
        double p = Math.exp(logits[from + 2]) / norm;
        return Math.log(1 - p + p * Math.exp(shift)) - p * shift;
    }

    @Test
    void refusesMoreStepsThanTheModelHasAndNumbersThatAreNone() {
        assertThatThrownBy(() -> FidelityProbe.checkSteps("--fidelity-steps", 21, FULL.diffusion()))
            .isInstanceOf(InputException.class)
            .hasMessage("--fidelity-steps must be at most 20, the diffusion steps of the model, found 21");
        FidelityProbe.checkSteps("--fidelity-steps", 20, FULL.diffusion());
        Trajectory broken = new Trajectory(1, new long[] {0}, 0,
            Sampler.posterior(Schedule.UNIFORM).steps(FULL.diffusion(), 1), new byte[][] {{0}, {0}},
            new byte[][] {{0}, {0}}, new float[][] {{0, Float.NaN, 0, 0}}, new float[][] {{0, 0, 0, 0, 0}});
        try (ReferenceDenoiser other = new ReferenceDenoiser(FULL)) {
            assertThatThrownBy(() -> broken.compare(other, new int[] {0})).isInstanceOf(KernelException.class)
                .hasMessageContaining("logits at time 20 must be finite").hasMessageContaining("NaN");
        }
    }

    /** The weights of the blocks times a factor. */
    private static PackedModel scaled(float factor) {
        return FULL.withLinears(FULL.linears().stream().map(layer -> {
            float[] weight = layer.weight.clone();
            for (int k = 0; k < weight.length && FULL.spec().layer(layer.name).quantized(); k++) {
                weight[k] *= factor;
            }
            return PackedLinear.full(layer.name, layer.in, layer.out, weight, layer.bias);
        }).toList());
    }
}
