package org.bitdgdm.output;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.bitdgdm.metrics.DistributionDistances;
import org.bitdgdm.metrics.Metric;

/** {@code sweep.md}: the cells of a sweep as a Markdown table, to be quoted in documents. */
public final class SweepMarkdown {
    private static final List<String> SHARES = List.of("validity", "uniqueness", "novelty");
    private static final List<String> DIVERGENCES = List.of("kl_node", "kl_edge", "kl_graph");

    private SweepMarkdown() {
    }

    /**
     * The table with a line above that says what it is of, to be written as UTF-8.
     *
     * @param model   name of the model
     * @param backend what computed
     * @param entries all cells, in order
     */
    public static String render(String model, String backend, List<SweepEntry> entries) {
        StringBuilder text = new StringBuilder();
        text.append(Numbers.count(entries.size())).append(" cells of ")
            .append(Numbers.count(entries.get(0).cell().conf().sample().count())).append(" graphs, model ").append(model)
            .append(", ").append(backend).append(". In brackets 95% intervals, after ± standard errors; Δ validity is the paired")
            .append(" difference from FP32 at the same graph ids, in percentage points; KL from FP32 in nats, a graph's")
            .append(" per step.");
        int atOnce = SweepEntry.atOnce(entries);
        if (atOnce > 1) {
            text.append(" Up to ").append(atOnce).append(" cells ran at once: their graphs/s are not what one alone reaches,")
                .append(" and do not compare.");
        }
        text.append("\n\n");
        text.append("| cell | validity | Δ validity | uniqueness | novelty | KL node | KL edge | KL graph | graphs/s |")
            .append(" model bytes |\n|---|---|---|---|---|---|---|---|---|---|\n");
        for (SweepEntry entry : entries) {
            text.append(row(entry)).append('\n');
        }
        List<SweepEntry> near = entries.stream().filter(entry -> DistributionDistances.METRICS.stream()
            .anyMatch(name -> entry.metric(name).isPresent())).toList();
        if (!near.isEmpty()) {
            text.append("\nDistances from the training set with 95% intervals: Wasserstein-1 (W1) in own units,")
                .append(" Jensen–Shannon (JS) in bits. Chance alone keeps a sample above 0, the more the smaller it is.\n\n")
                .append("| cell |");
            DistributionDistances.METRICS.forEach(name -> text.append(' ').append(name.startsWith("w1_") ? "W1 " : "JS ")
                .append(name.substring(3)).append(" |"));
            text.append("\n|---|").append("---|".repeat(DistributionDistances.METRICS.size())).append('\n');
            near.forEach(entry -> text.append(distances(entry)).append('\n'));
        }
        return text.toString();
    }

    private static String distances(SweepEntry entry) {
        StringJoiner row = new StringJoiner(" | ", "| ", " |").add(entry.cell().name());
        for (String name : DistributionDistances.METRICS) {
            Metric metric = entry.metric(name).orElse(null);
            row.add(metric == null ? "" : Numbers.significant(metric.value(), 3) + (metric.low() == null ? "" : " ["
                + Numbers.significant(metric.low(), 3) + "–" + Numbers.significant(metric.high(), 3) + "]"));
        }
        return row.toString();
    }

    private static String row(SweepEntry entry) {
        StringJoiner row = new StringJoiner(" | ", "| ", " |");
        row.add(entry.cell().name());
        if (!entry.done()) {
            // A reason is one line, but may hold the table's own sign.
            return row.add("failed: " + entry.error().replace("|", "\\|")).toString() + " | | | | | | | |";
        }
        row.add(share(entry, "validity"));
        row.add(entry.difference("validity_difference").map(metric -> String.format(Locale.ROOT,
            "%+.2f [%+.2f to %+.2f]", 100 * metric.value(), 100 * metric.low(), 100 * metric.high())).orElse(""));
        SHARES.stream().skip(1).forEach(name -> row.add(share(entry, name)));
        DIVERGENCES.forEach(name -> row.add(divergence(entry, name)));
        row.add(Double.isFinite(entry.graphsPerSecond()) ? Numbers.significant(entry.graphsPerSecond(), 3) : "");
        row.add(entry.bytes() == 0 ? "" : Numbers.count(entry.bytes()) + " (÷ "
            + Numbers.significant((double) entry.bytesBefore() / entry.bytes(), 3) + ")");
        return row.toString();
    }

    private static String share(SweepEntry entry, String name) {
        Metric metric = entry.metric(name).orElse(null);
        if (metric == null) {
            return "";
        }
        String value = String.format(Locale.ROOT, "%.2f%%", 100 * metric.value());
        return metric.low() == null ? value
            : value + String.format(Locale.ROOT, " [%.2f–%.2f]", 100 * metric.low(), 100 * metric.high());
    }

    private static String divergence(SweepEntry entry, String name) {
        Metric metric = entry.metric(name).orElse(null);
        if (metric == null) {
            return "";
        }
        String value = Numbers.significant(metric.value(), 3);
        // Half the width of a 95% interval is 1.96 standard errors.
        return metric.high() == null || metric.value() == 0 ? value
            : value + " ± " + Numbers.significant((metric.high() - metric.low()) / 2 / 1.96, 2);
    }
}
