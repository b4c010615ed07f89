package org.bitdgdm.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.sql.Row;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.metrics.DesignReport;
import org.bitdgdm.metrics.Metric;

/**
 * {@code report.html} of a run of sequences: numbers, recovery along the chain, by structure and length, which residue stands in
 * the place of which, and designs beside native sequences. Text goes through a template that escapes it.
 */
public final class DesignPage {
    private static final Template PAGE = Mustache.compiler().escapeHTML(true).strictSections(true)
        .withLoader(DesignPage::resource).loadTemplate("design.mustache");
    private static final int LINE = 60;
    private static final Map<String, String> MEANINGS = Map.of(
        "recovery", "residues of all single samples that are as in the native chain ÷ those designed",
        "perplexity", "exp of the mean over residues of −log p(native), single samples",
        "median_recovery", "median over chains of the recovery of their single samples, as many papers give it",
        "ensemble_recovery", "the same of ensembles: of each chain the mean of its samples' logits",
        "ensemble_perplexity", "exp of the mean over residues of −log p(native), ensembles",
        "ensemble_median_recovery", "median over chains of the recovery of their ensembles");
    private static final List<String> HEADLINE = List.of("ensemble_recovery", "ensemble_perplexity", "recovery", "perplexity");

    private DesignPage() {
    }

    record Tile(String label, String value, String detail) {
    }

    record MetricLine(String label, String meaning, String value, String interval, String counts) {
    }

    record Bar(String kind, String share, String percent, String counts) {
    }

    record Section(String title, List<Bar> bars) {
    }

    record Cell(String count, String shade) {
    }

    record Line(String letter, List<Cell> cells) {
    }

    record Strand(String start, String wanted, String found, String same, String states) {
    }

    record Alignment(String title, List<Strand> strands) {
    }

    record Refusal(String reason, String count) {
    }

    record Page(String title, String subtitle, List<Tile> headline, List<MetricLine> metrics, List<Section> sections,
                List<String> letters, List<Line> confusion, List<Alignment> alignments, boolean hasAlignments,
                List<Refusal> refusals, boolean hasRefusals, List<ReportPage.KeyValue> configuration) {
    }

    private static Reader resource(String name) {
        return new InputStreamReader(Objects.requireNonNull(DesignPage.class.getResourceAsStream(name), name),
            StandardCharsets.UTF_8);
    }

    /**
     * The page, to be written as UTF-8.
     *
     * @param run   the tree of {@code run.json}
     * @param shown rows of ensembles, to be aligned
     */
    public static String render(String title, String subtitle, DesignReport report, JsonNode run, List<Row> shown) {
        List<Tile> tiles = new ArrayList<>();
        for (String name : HEADLINE) {
            report.metric(name).filter(metric -> metric.value() != null)
                .ifPresent(metric -> tiles.add(new Tile(label(name), value(metric), interval(metric))));
        }
        tiles.add(new Tile("Chains", Numbers.count(report.chains()), ""));
        List<MetricLine> metrics = report.metrics().stream().map(metric -> new MetricLine(label(metric.name()),
            MEANINGS.get(metric.name()), metric.value() == null ? "not available: " + report.absent().get(metric.name())
                : value(metric), interval(metric), counts(metric))).toList();
        List<ReportPage.KeyValue> configuration = new ArrayList<>();
        run.path("configuration").properties().forEach(entry ->
            configuration.add(new ReportPage.KeyValue(entry.getKey(), entry.getValue().isValueNode() ? entry.getValue().asText()
                : entry.getValue().toString())));
        return PAGE.execute(new Page(title, subtitle, tiles, metrics,
            List.of(section("Along the chain", report.byPart()), section("By secondary structure", report.byState()),
                section("By length of the chain", report.byLength())),
            ProteinGraph.LETTERS.chars().mapToObj(letter -> String.valueOf((char) letter)).toList(),
            confusion(report.confusion()), shown.stream().map(DesignPage::alignment).toList(), !shown.isEmpty(),
            report.refused().entrySet().stream().map(one -> new Refusal(one.getKey(), Numbers.count(one.getValue()))).toList(),
            !report.refused().isEmpty(), configuration));
    }

    private static String label(String name) {
        return Character.toUpperCase(name.charAt(0)) + name.substring(1).replace('_', ' ');
    }

    private static boolean isShare(Metric metric) {
        return metric.name().endsWith("recovery");
    }

    private static String value(Metric metric) {
        return isShare(metric) ? Numbers.fixed(100 * metric.value(), 1) + "%" : Numbers.significant(metric.value(), 4);
    }

    private static String interval(Metric metric) {
        if (metric.low() == null) {
            return "";
        }
        return isShare(metric) ? Numbers.fixed(100 * metric.low(), 1) + "–" + Numbers.fixed(100 * metric.high(), 1) + "%"
            : Numbers.significant(metric.low(), 3) + "–" + Numbers.significant(metric.high(), 3);
    }

    private static String counts(Metric metric) {
        String over = Numbers.count(metric.denominator());
        return metric.numerator() == null ? "over " + over : Numbers.count(metric.numerator()) + " / " + over;
    }

    private static Section section(String title, List<DesignReport.Rate> rates) {
        return new Section(title, rates.stream().filter(rate -> rate.residues() > 0).map(rate -> {
            double share = rate.recovered() / (double) rate.residues();
            return new Bar(rate.kind(), Numbers.fixed(100 * share, 1), Numbers.fixed(100 * share, 1) + "%",
                Numbers.count(rate.recovered()) + " / " + Numbers.count(rate.residues()));
        }).toList());
    }

    private static List<Line> confusion(List<List<Long>> counts) {
        List<Line> lines = new ArrayList<>();
        for (int k = 0; k < counts.size(); k++) {
            long all = counts.get(k).stream().mapToLong(Long::longValue).sum();
            lines.add(new Line(String.valueOf(ProteinGraph.LETTERS.charAt(k)), counts.get(k).stream().map(count -> {
                double share = all == 0 ? 0 : count / (double) all;
                return new Cell(count == 0 ? "" : Numbers.fixed(100 * share, 0), Numbers.fixed(share, 2));
            }).toList()));
        }
        return lines;
    }

    private static Alignment alignment(Row row) {
        String wanted = row.getAs("native");
        String found = row.getAs("sequence");
        String states = row.getAs("states");
        List<Strand> strands = new ArrayList<>();
        for (int from = 0; from < wanted.length(); from += LINE) {
            int to = Math.min(wanted.length(), from + LINE);
            StringBuilder same = new StringBuilder();
            for (int i = from; i < to; i++) {
                same.append(wanted.charAt(i) == found.charAt(i) ? '|' : ' ');
            }
            strands.add(new Strand(String.valueOf(from + 1), wanted.substring(from, to), found.substring(from, to),
                same.toString(), states.substring(from, to)));
        }
        Double recovery = row.getAs("recovery");
        return new Alignment(row.getAs("structure") + ", chain " + row.getAs("chain")
            + (recovery == null ? "" : ", recovery " + Numbers.fixed(100 * recovery, 1) + "%"), strands);
    }
}
