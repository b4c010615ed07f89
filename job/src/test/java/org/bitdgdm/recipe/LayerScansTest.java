package org.bitdgdm.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LikelihoodConf;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the searches of a sweep share, and how they measure speed. */
class LayerScansTest {
    private static final PackedModel FULL = TinyModel.packed(1);
    private static final BackendOpener OPENER = new BackendOpener(Backend.REFERENCE, "auto", "");
    private static final LayerRates RATES = new LayerRates("test", 1e9, 4e9, 3e9, 1e8, 1e9);
    private static final Map<String, String> ROW = Map.of("method", "rtn", "activation-scale", "row");
    private static final Map<String, String> FIXED = Map.of("method", "rtn", "activation-scale", "static");

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
    void searchesOfOtherBudgetsScanNothingAgain() {
        Calibrations calibrations = new Calibrations(FULL, 1, ReferenceDenoiser::new);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream console = new PrintStream(said, true, StandardCharsets.UTF_8);
        try (LayerScans<PackedModel> scans = new LayerScans<>(new StudiedGraphs(spark, calibrations, OPENER))) {
            Candidates<PackedModel> first = scans.candidates(conf(0.1, List.of(ROW)), RATES, console);
            assertThat(first.all()).hasSize(2);
            assertThat(first.divergence(first.uniform(0))).isZero();
            assertThat(first.divergence(first.uniform(1))).isPositive();
            said.reset();
            assertThat(scans.candidates(conf(0.2, List.of(ROW)), RATES, console)).isSameAs(first);
            assertThat(said.size()).isZero();
            Candidates<PackedModel> more = scans.candidates(conf(0.1, List.of(ROW, FIXED)), RATES, console);
            assertThat(more.all()).hasSize(3);
            // The same model has been looked at before.
            assertThat(more.all().get(1).alone()).isSameAs(first.all().get(1).alone());
            FidelityConf other = new FidelityConf(2, 2);
            PackedModel model = Quantization.quantize(calibrations, conf(0, List.of()).quantize().withSettings(ROW)).model();
            assertThat(scans.measure(new FidelityConf(3, 2), model)).isSameAs(first.all().get(1).alone());
            assertThat(scans.measure(other, model)).isSameAs(scans.measure(other, model))
                .isNotSameAs(first.all().get(1).alone());
            assertThat(scans.probe(other, FidelityProbe.SEED)).isSameAs(scans.probe(other, FidelityProbe.SEED))
                .isNotSameAs(scans.probe(other, 1));
        }
    }

    private static JobConf conf(double budget, List<Map<String, String>> candidates) {
        return new JobConf("m", List.of(), TestRecipes.recipe("rank=2,alpha=0.1,residual=0,calibration-graphs=2,"
            + "calibration-steps=2"), new RecipeConf(budget == 0 ? "" : "auto", budget, candidates),
            new SampleConf(10, 2, "uniform", 0, 4, 0, "reference", "auto", "fp32", ""), FoldConf.NONE,
            new FidelityConf(0, 5),
            new FidelityConf(3, 2), new LikelihoodConf("", 0), "none", "",
            new OutputConf("out", List.of(), "", "digress"), false);
    }

    /**
     * Opens a model that takes long for a call, and others that do not.
     *
     * @param mark first weight of the one
     */
    private record Sleeping(float mark) implements DenoiserOpener {
        @Override
        public Denoiser open(PackedModel model, int threads) {
            return new SleepingDenoiser(new ReferenceDenoiser(model), model.linears().get(0).weight[0] == mark ? 40 : 1);
        }

        @Override
        public String key() {
            return "sleeping";
        }
    }

    /** Full precision takes longer by what is slept; the work itself, a few ms, comes on top for both. */
    @Test
    void aSlowerModelHasALowerRate() {
        PackedModel other = TinyModel.packed(2);
        DenoiserOpener opener = new Sleeping(FULL.linears().get(0).weight[0]);
        double[] rates = StepRates.measure(spark, opener, List.of(FULL, other, FULL), 2);
        assertThat(rates).hasSize(3);
        // 2 graphs × 10 steps in at least 40 ms.
        assertThat(rates[0]).isPositive().isLessThanOrEqualTo(500);
        assertThat(rates[2]).isPositive().isLessThanOrEqualTo(500);
        assertThat(rates[1]).isGreaterThan(rates[0]);
    }

    @Test
    void whatIsFasterForAllLayersAlikeComesFastestFirst() {
        assertThat(RecipeSearch.faster(100, new double[] {50, 120, Double.NaN, 101, 150, 102.5})).containsExactly(4, 1, 5);
        assertThat(RecipeSearch.faster(100, new double[] {100, Double.NaN})).isEmpty();
    }
}
