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
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.SamplerConf;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Comparisons of small models on Spark, and one whose divergence is known in closed form. */
class FidelityProbeTest {
    private static final PackedModel FULL = TinyModel.packed(1);
    private static final BackendOpener OPENER = new BackendOpener(Backend.REFERENCE, "auto", "");

    /** Divergence per node, edge and graph along the steps that models of DiGress are trained for. */
    private static final double[] FROZEN = {6.410549672774593E-4, 8.897223998868617E-4, 0.010422521008525951};

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

    /** What a run takes from noise to data, by its options; the first is what the model was trained for. */
    private static Stream<FidelityConf> runs() {
        return Stream.of(SamplerConf.AUTO, sampler("posterior", 0, "identity"), sampler("flow", 0, "polydec"),
                sampler("flow", 20, "polydec"), sampler("tau-leaping", 0, "identity"))
            .map(sampler -> new FidelityConf(5, 4, "uniform", sampler));
    }

    private static SamplerConf sampler(String name, double eta, String distortion) {
        return new SamplerConf(name, eta, 0, distortion, "general", "");
    }

    /** Graph by graph, asking both models at every state that the run itself would pass through. */
    @ParameterizedTest
    @MethodSource("runs")
    void theDivergenceIsAlongWhatARunOfTheSameSamplerPassesThrough(FidelityConf conf) throws InterruptedException {
        PackedModel scaled = scaled(1.5f);
        List<Sampler.Step> steps = FidelityProbe.sampler(conf, FULL.diffusion()).steps(FULL.diffusion(), conf.steps());
        double nodes = 0;
        double edges = 0;
        long entries = 0;
        long pairs = 0;
        try (ReferenceDenoiser full = new ReferenceDenoiser(FULL);
             ReferenceDenoiser other = new ReferenceDenoiser(scaled);
             var probe = FidelityProbe.ofGraphs(spark, FULL, conf, OPENER, false)) {
            for (long id = 0; id < conf.graphs(); id++) {
                int n = FULL.diffusion().sizes().draw(FidelityProbe.SEED, id);
                GraphBatch state = InitialNoise.draw(FULL.diffusion(), n, new long[] {id}, FidelityProbe.SEED,
                    full.firstCounter(steps));
                for (Sampler.Step step : steps) {
                    float[][] p = {new float[n * 4], new float[n * n * 5]};
                    float[][] q = {new float[n * 4], new float[n * n * 5]};
                    full.logits(state, step, p[0], p[1]);
                    other.logits(state, step, q[0], q[1]);
                    for (int i = 0; i < n; i++) {
                        nodes += divergence(p[0], q[0], i * 4, 4);
                        for (int j = i + 1; j < n; j++) {
                            edges += divergence(p[1], q[1], (i * n + j) * 5, 5);
                        }
                    }
                    full.advance(state, FidelityProbe.SEED, List.of(step));
                }
                GraphBatch made = full.sample(n, new long[] {id}, FidelityProbe.SEED, steps);
                assertThat(made.nodes()).isEqualTo(state.nodes());
                assertThat(made.edges()).isEqualTo(state.edges());
                entries += (long) n * steps.size();
                pairs += (long) n * (n - 1) / 2 * steps.size();
            }
            Divergence found = probe.measure(scaled).divergence();
            assertThat(found.node().value()).isPositive().isCloseTo(nodes / entries, withinPercentage(1e-4));
            assertThat(found.edge().value()).isPositive().isCloseTo(edges / pairs, withinPercentage(1e-4));
        }
    }

    private static double divergence(float[] p, float[] q, int from, int classes) {
        double pNorm = IntStream.range(from, from + classes).mapToDouble(k -> Math.exp(p[k])).sum();
        double qNorm = IntStream.range(from, from + classes).mapToDouble(k -> Math.exp(q[k])).sum();
        return IntStream.range(from, from + classes)
            .mapToDouble(k -> Math.exp(p[k]) / pNorm * (p[k] - Math.log(pNorm) - q[k] + Math.log(qNorm))).sum();
    }

    @Test
    void eachSamplerHasItsOwnDivergenceAndThatOfTheModelIsTheOneOfTheReleaseBefore() {
        PackedModel scaled = scaled(1.5f);
        List<FidelityReport> found = new ArrayList<>();
        for (FidelityConf conf : Stream.concat(runs(), Stream.of(new FidelityConf(5, 4, "noise", SamplerConf.AUTO))).toList()) {
            try (var probe = FidelityProbe.ofGraphs(spark, FULL, conf, OPENER, false)) {
                found.add(probe.measure(scaled));
            }
        }
        assertThat(found.get(1)).isEqualTo(found.get(0));
        assertThat(found.subList(1, found.size())).extracting(report -> report.divergence().graph().value())
            .doesNotHaveDuplicates().hasSize(5);
        Divergence frozen = found.get(0).divergence();
        assertThat(new double[] {frozen.node().value(), frozen.edge().value(), frozen.graph().value()})
            .containsExactly(FROZEN, within(1e-12));
    }

    private static double closedForm(float[] logits, int from, double shift) {
        double norm = Arrays.stream(new int[] {0, 1, 2, 3}).mapToDouble(k -> Math.exp(logits[from + k])).sum();
        double p = Math.exp(logits[from + 2]) / norm;
        return Math.log(1 - p + p * Math.exp(shift)) - p * shift;
    }

    @Test
    void refusesMoreStepsThanTheModelHasAndNumbersThatAreNone() {
        assertThatThrownBy(() -> FidelityProbe.checkSteps("--fidelity-steps", new FidelityConf(1, 21), FULL.diffusion()))
            .isInstanceOf(InputException.class)
            .hasMessage("--fidelity-steps must be at most 20, the diffusion steps of the model, found 21");
        FidelityProbe.checkSteps("--fidelity-steps", new FidelityConf(1, 20), FULL.diffusion());
        FidelityProbe.checkSteps("--fidelity-steps", new FidelityConf(1, 21, "uniform", sampler("flow", 0, "identity")),
            FULL.diffusion());
        assertThatThrownBy(() -> FidelityProbe.checkSteps("--fidelity-steps", new FidelityConf(1, 1, "uniform",
            sampler("tau-leaping", 0, "identity")), FULL.diffusion())).isInstanceOf(InputException.class)
            .hasMessage("--fidelity-steps must be at least 2, the fewest of the sampler tau-leaping, found 1");
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
