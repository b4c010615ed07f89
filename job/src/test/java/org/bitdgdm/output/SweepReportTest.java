package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LikelihoodConf;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.SweepCell;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.metrics.Counts;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricFixture;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.junit.jupiter.api.Test;

/** The page of a made-up sweep. */
class SweepReportTest {
    private static final MetricRegistry NAMES =
        ReportFixture.FAMILY.registry(Protocol.DIGRESS);

    @Test
    void showsEveryCellItsCostAndTheBestOnes() {
        List<SweepEntry> entries = new ArrayList<>(List.of(
            entry("fp32", 16, 100, 0, 990, 50, 18_000_000, 100),
            entry("bit-dgdm", 8, 100, 0.4, 970, 90, 3_000_000, 100),
            entry("bit-dgdm", 16, 100, 0.01, 985, 80, 3_500_000, 100),
            entry("bit-dgdm", 32, 100, 0.02, 980, 70, 4_500_000, 100)));
        entries.add(SweepEntry.failed(entries.get(0).cell(), "no more <memory>"));
        String page = SweepReport.render("qm9", "cpu (avx2)", 5, entries, NAMES);

        assertThat(page).contains("Sweep of qm9").contains("5 cells of 1,000 graphs, cpu (avx2)")
            .contains("98.5% [").contains("+0.50 [").contains("0.0100 ± 0.0010").contains("3.50 MB (÷ 5.14)")
            .contains("no more &lt;memory&gt;").doesNotContain("<memory>").doesNotContain("NaN");
        List<String> rows = page.lines().filter(line -> line.contains("<td>") && line.contains("(÷")).toList();
        assertThat(rows).hasSize(4);
        // Rank 32 is beaten by rank 16 in everything.
        assertThat(rows.get(1)).contains("<td>speed, bytes</td>");
        assertThat(rows.get(2)).contains("<td>speed, bytes</td>");
        assertThat(rows.get(3)).contains("<td></td>");
        assertThat(page).contains("Quality against speed").contains("Quality against bytes").contains("Divergence by rank")
            .contains("Validity by rank").doesNotContain("by denoising steps");
        assertThat(page.split("<svg", -1)).hasSize(5);
        assertThat(SweepReport.render("qm9", "cpu (avx2)", 5, entries, NAMES)).isEqualTo(page);
    }

    @Test
    void theMarkdownTableHasTheSameCells() {
        SweepEntry full = entry("fp32", 16, 100, 0, 990, 50, 18_000_000, 100);
        String text = SweepMarkdown.render("qm9", "cpu (avx2)", 3, List.of(full,
            entry("bit-dgdm", 16, 100, 0.01, 985, 80, 3_500_000, 100), SweepEntry.failed(full.cell(), "a|b")), NAMES);
        assertThat(text).startsWith("3 cells of 1,000 graphs, model qm9, cpu (avx2).");
        List<String> table = text.lines().filter(line -> line.startsWith("|")).toList();
        assertThat(table).hasSize(5);
        assertThat(table.get(3)).contains(" 98.50% [").contains(" 0.0100 ± 0.0010 | 0.01% | 50.00% [9.45–90.55] | 80.0 | 25,000 | 3,500,000 (÷ ");
        assertThat(table.get(2)).endsWith(" | speed, bytes |");
        assertThat(table.get(4)).contains("failed: a\\|b");
        assertThat(table).allSatisfy(line -> assertThat(line.replace("\\|", "").split("\\|", -1)).hasSize(16));
        // The interval of this one is clipped at 0, which its standard error does not know.
        assertThat(table.get(3)).contains(" 0.00111 ± 0.0010 |");
        assertThat(text).doesNotContain("Distances").doesNotContain("Likelihood")
            .contains("along 2 full-precision graphs of 5 steps: entries changed")
            .contains(" the cells took 44.0 s (sampling 24.0 s, metrics 20.0 s).");

        List<Metric> near = new ArrayList<>(full.metrics().metrics());
        near.removeIf(metric -> metric.name().equals("w1_logp") || metric.name().equals("js_atoms"));
        near.add(new Metric("w1_logp", 0.0512, null, 1000L, 0.04, 0.0625));
        near.add(new Metric("js_atoms", 0.25, null, 1L, null, null));
        MetricReport measured = new MetricReport(full.metrics().protocol(), full.metrics().counts(), near,
            full.metrics().absent(), List.of(), full.metrics().distributions(), full.metrics().fidelity(), null, null);
        String distances = SweepMarkdown.render("qm9", "cpu (avx2)", 2, List.of(full,
            new SweepEntry(full.cell(), measured, full.run(), List.of(), "")), NAMES);
        assertThat(distances.lines().skip(distances.lines().toList().indexOf(distances.lines()
            .filter(line -> line.startsWith("Distances")).findFirst().orElseThrow()) + 2L).toList()).containsExactly(
            "| cell | W1 logP | JS atoms |", "|---|---|---|", "| fp3216100 | 0.0512 [0.0400–0.0625] | 0.250 |");
    }

    @Test
    void cellsOfDifferentStepsAreComparedByValidity() {
        String page = SweepReport.render("qm9", "cpu", 2, List.of(entry("fp32", 1, 10, 0, 800, 500, 18, 100),
            entry("fp32", 1, 50, 0, 950, 100, 18, 100)), NAMES);
        assertThat(page).contains("Validity by denoising steps").contains("both more valid and faster")
            .doesNotContain("Divergence by");
    }

    @Test
    void theLikelihoodHasATableOfItsOwn() {
        SweepEntry full = entry("fp32", 16, 100, 0, 990, 50, 18_000_000, 100);
        LikelihoodReport likelihood = new LikelihoodReport(30, 10, new Estimate(70.125, 1.5, 30), new Estimate(40.0, 1.0, 30),
            null, null, null, null, new Estimate(-0.25, 0.125, 30), new Estimate(0.5, null, 30));
        List<SweepEntry> entries = List.of(full, new SweepEntry(full.cell(), full.metrics().with(likelihood), full.run(),
            List.of(), ""));
        String text = SweepMarkdown.render("qm9", "cpu", 2, entries, NAMES);
        assertThat(text).contains("Likelihood of 30 given molecules, 10 times each")
            .endsWith("|---|---|---|---|---|\n| fp3216100 | 70.13 ± 1.5 | -0.2500 ± 0.13 | 40.00 ± 1.0 | +0.5000 |\n");
        assertThat(SweepReport.render("qm9", "cpu", 2, entries, NAMES)).contains("NLL, every edge once")
            .contains(">40.00 ± 1.0<").contains(">+0.5000<");
        assertThat(SweepReport.render("qm9", "cpu", 1, List.of(full), NAMES)).doesNotContain("NLL");
    }

    @Test
    void whereCellsDifferInStepsTheTableSaysAlongWhatTheyDiverge() {
        List<SweepEntry> entries = List.of(entry("bit-dgdm", 1, 10, 0.3, 800, 500, 18, 100),
            entry("bit-dgdm", 1, 50, 0.3, 950, 100, 18, 100));
        String along = "along 2 full-precision graphs of 5 steps by the cell's own sampler and schedule, whatever its own"
            + " number of steps";
        assertThat(SweepMarkdown.render("qm9", "cpu", 2, entries, NAMES)).contains(along);
        assertThat(SweepReport.render("qm9", "cpu", 2, entries, NAMES)).contains(along.replace("'", "&#39;"));
    }

    @Test
    void aSweepThatIsNotThroughSaysHowFarItIs() {
        List<SweepEntry> entries = List.of(entry("fp32", 1, 10, 0, 800, 500, 18, 100));
        assertThat(SweepMarkdown.render("qm9", "cpu", 7, entries, NAMES)).startsWith("So far 1 of 7 cells of 1,000 graphs, model qm9");
        assertThat(SweepReport.render("qm9", "cpu", 7, entries, NAMES)).contains("So far 1 of 7 cells of 1,000 graphs");
    }

    @Test
    void fullPrecisionHasAPlaceBelowALogarithmicAxis() {
        String page = SweepReport.render("qm9", "cpu", 2, List.of(entry("fp32", 16, 100, 0, 990, 50, 18_000_000, 100),
            entry("bit-dgdm", 8, 100, 0.4, 970, 90, 3_000_000, 100)), NAMES);
        assertThat(page).contains("1 (0)").contains("what does not diverge at all, as FP32, is marked (0) at its lower end");
        assertThat(SweepReport.render("qm9", "cpu", 2, List.of(entry("fp32", 16, 100, 0, 990, 50, 18_000_000, 100),
            entry("rtn", 8, 100, 0, 970, 90, 3_000_000, 100)), NAMES)).doesNotContain("<svg");
    }

    @Test
    void residualsAndRangesOfStepsMakeCurvesFrom0And1On() {
        List<SweepEntry> entries = new ArrayList<>();
        for (int[] setting : new int[][] {{0, 1}, {2, 1}, {4, 1}, {4, 2}, {4, 5}}) {
            QuantizeConf quantize = TestRecipes.recipe("residual=" + setting[0] + ",calibration-graphs=1,"
                + "calibration-steps=10,threshold-buckets=" + setting[1]);
            entries.add(entry(quantize, 100, 0.1 / (1 + setting[0] + setting[1]), 970, 90, 3_000_000, 100));
        }
        String page = SweepReport.render("qm9", "cpu", 5, entries, NAMES);
        for (String quality : List.of("Divergence", "Validity")) {
            // Those at residual 0 and at one range of steps among them.
            assertThat(chart(page, quality + " by bits of the residual")).contains(">  1<").contains(">  2<").contains(">  3<");
            assertThat(chart(page, quality + " by ranges of steps with thresholds of their own")).contains(">  3<")
                .contains(">  4<").contains(">  5<").doesNotContain(">  1<");
        }
    }

    /** The figure of a label. */
    private static String chart(String page, String label) {
        int at = page.indexOf("<b>" + label);
        return page.substring(page.lastIndexOf("<svg", at), at);
    }

    @Test
    void theFrontIsWhatNoOtherPointBeats() {
        assertThat(SweepFront.front(List.of(1.0, 2.0, 3.0, 2.0, Double.NaN, 1.0), List.of(5.0, 3.0, 4.0, 3.0, 0.0, 6.0)))
            .containsExactly(true, true, false, true, false, false);
    }

    private static SweepEntry entry(String method, int rank, int steps, double divergence, long valid, double speed,
                                    long bytes, long seed) {
        return entry(TestRecipes.recipe("method=" + method + ",rank=" + rank + ",calibration-graphs=1,"
            + "calibration-steps=1"), steps,
            divergence, valid, speed, bytes, seed);
    }

    private static SweepEntry entry(QuantizeConf quantize, int steps, double divergence, long valid, double speed,
                                    long bytes, long seed) {
        String method = quantize.method().toString();
        JobConf conf = new JobConf("m", List.of(), quantize, new RecipeConf("", 0, List.of()),
            new SampleConf(1000, steps, "uniform", seed, 1, 0, "cpu", "auto", "fp32", ""),
            FoldConf.NONE, new FidelityConf(2, 5), new FidelityConf(0, 1), new LikelihoodConf("", 0), "none", "",
            new OutputConf("out", List.of(), "", "digress"), false);
        Divergence found = new Divergence(10, 1, new Estimate(divergence / 9, 0.001, 90),
            new Estimate(divergence / 36, 0.001, 360), new Estimate(divergence, divergence / 10, 10));
        MetricReport metrics = NAMES.with(MetricFixture.molecules(Protocol.DIGRESS, new Counts.OfMolecules(1000, valid, valid,
            1000, 1000, valid, valid, null, null, new TreeMap<>()), ReportFixture.distributions(1)),
            new FidelityReport(2, 5, 1, found, List.of(found), new Estimate(divergence / 100, 0.0, 400), 1));
        ObjectNode run = new ObjectMapper().createObjectNode().put("graphs_per_second", speed)
            .put("core_seconds_per_million_graphs", 2e6 / speed)
            .put("backend", "cpu");
        run.putObject("timings").put("sampling_seconds", 12).put("metrics_seconds", 10.0).put("total_seconds", 99);
        run.putObject("model_bytes").put("before", 18_000_000).put("after", bytes);
        return new SweepEntry(new SweepCell(method + quantize.rank() + steps, conf), metrics, run,
            method.equals("fp32") ? List.of() : List.of(new Metric("validity_difference", 0.005, 5L, 1000L, -0.0028,
            0.0128)), "");
    }
}
