package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricDefinition;
import org.bitdgdm.metrics.MetricRegistry;

/** {@code sweep.md}: the cells of a sweep as a Markdown table, to be quoted in documents. */
public final class SweepMarkdown {
    private static final List<String> PHASES = List.of("quantization", "sampling", "comparison", "metrics");

    private SweepMarkdown() {
    }

    /**
     * The table with a line above that says what it is of, to be written as UTF-8.
     *
     * @param model   name of the model
     * @param backend what computed
     * @param cells   of the whole sweep
     * @param entries those that have run so far, in order; at least one
     * @param names   of the metrics of their graphs
     */
    public static String render(String model, String backend, int cells, List<SweepEntry> entries, MetricRegistry names) {
        StringBuilder text = new StringBuilder();
        String quality = names.quality().name();
        text.append(SweepEntry.soFar(cells, entries)).append(" of ")
            .append(SweepEntry.amount(entries, names)).append(", model ").append(plain(model))
            .append(", ").append(backend).append(". In brackets 95% intervals")
            .append(names.words().bounds())
            .append(", after ± standard errors; Δ ").append(quality)
            .append(" is the paired difference from FP32 at the same graph ids,")
            .append(" steps and seed, in percentage points.");
        String along = SweepEntry.trajectories(entries, names);
        if (!along.isEmpty()) {
            text.append(" KL, from FP32 in nats, a ").append(names.words().whole())
                .append("'s per step, and agreement with FP32 are ").append(along).append(": ").append(names.words().entries())
                .append(" changed when both step from the same state with the same random numbers, ").append(names.unit())
                .append(" identical after each has run alone.");
        }
        int atOnce = SweepEntry.atOnce(entries);
        if (atOnce > 1) {
            text.append(" Up to ").append(atOnce).append(" cells ran at once: their ").append(names.unit())
                .append("/s are not what one alone reaches,")
                .append(" and do not compare.");
        }
        SweepFront front = SweepFront.of(entries, names);
        text.append(' ').append(front.meaning(names)).append(seconds(entries)).append("\n\n");
        List<String> columns = new ArrayList<>(List.of("cell", quality, "Δ " + quality));
        names.words().beside().forEach(name -> columns.add(name.replace('_', ' ')));
        if (!along.isEmpty()) {
            names.divergences().forEach(divergence -> columns.add(MetricRegistry.column(divergence)));
            names.agreements().forEach(agreement -> columns.add(agreement.name().replace('_', ' ')));
        }
        columns.addAll(List.of(names.unit() + "/s", "core-s per million", "model bytes", "best"));
        header(text, columns);
        for (int i = 0; i < entries.size(); i++) {
            text.append(row(entries.get(i), names, columns.size(), !along.isEmpty(), front.best(i))).append('\n');
        }
        likelihood(text, entries);
        distances(text, entries, names.all().stream()
            .filter(definition -> definition.form() == MetricDefinition.Form.DISTANCE)
            .filter(distance -> entries.stream().anyMatch(entry -> entry.metric(distance.name()).isPresent())).toList());
        return text.toString();
    }

    /** What the cells have taken by their own records, whatever number of starts it was. */
    private static String seconds(List<SweepEntry> entries) {
        double total = 0;
        StringJoiner parts = new StringJoiner(", ", " (", ")");
        for (String phase : PHASES) {
            double seconds = entries.stream().mapToDouble(entry -> entry.seconds(phase)).sum();
            if (seconds > 0) {
                total += seconds;
                parts.add(phase + " " + Numbers.duration(seconds));
            }
        }
        return total == 0 ? "" : " By their own records the cells took " + Numbers.duration(total) + parts + ".";
    }

    /** A text of an input as text, whatever Markdown would make of it. */
    private static String plain(String text) {
        return text.replaceAll("([\\\\`*\\[\\]<>|&])", "\\\\$1");
    }

    private static void header(StringBuilder text, List<String> columns) {
        text.append("| ").append(String.join(" | ", columns)).append(" |\n|").append("---|".repeat(columns.size()))
            .append('\n');
    }

    private static void likelihood(StringBuilder text, List<SweepEntry> entries) {
        List<SweepEntry> asked = entries.stream()
            .filter(entry -> entry.done() && entry.metrics().likelihood() != null).toList();
        if (asked.isEmpty()) {
            return;
        }
        LikelihoodReport any = asked.get(0).metrics().likelihood();
        text.append("\nLikelihood of ").append(Numbers.count(any.molecules())).append(" given molecules, ")
            .append(Numbers.count(any.times())).append(" times each: DiGress's bound of −log p in nats per molecule, lower is")
            .append(" better; Δ is the difference from FP32, molecule by molecule with the same noise.\n\n");
        header(text, List.of("cell", "NLL", "Δ NLL", "NLL, every edge once", "Δ NLL, every edge once"));
        for (SweepEntry entry : asked) {
            LikelihoodReport found = entry.metrics().likelihood();
            text.append(new StringJoiner(" | ", "| ", " |").add(entry.cell().name())
                .add(SweepEntry.signed(found.nll(), "")).add(SweepEntry.signed(found.difference(), "+"))
                .add(SweepEntry.signed(found.nllPairs(), "")).add(SweepEntry.signed(found.pairsDifference(), "+")))
                .append('\n');
        }
    }

    private static void distances(StringBuilder text, List<SweepEntry> entries, List<MetricDefinition<?>> distances) {
        List<String> names = distances.stream().<String>map(MetricDefinition::name).toList();
        List<SweepEntry> near = entries.stream().filter(entry -> names.stream()
            .anyMatch(name -> entry.metric(name).isPresent())).toList();
        if (near.isEmpty()) {
            return;
        }
        text.append("\nDistances from the training set with 95% intervals: Wasserstein-1 (W1) in own units,")
            .append(" Jensen–Shannon (JS) in bits. Chance alone keeps a sample above 0, the more the smaller it is.\n\n");
        List<String> columns = new ArrayList<>(List.of("cell"));
        distances.forEach(distance -> columns.add(distance.label()));
        header(text, columns);
        near.forEach(entry -> text.append(distances(entry, names)).append('\n'));
    }

    private static String distances(SweepEntry entry, List<String> names) {
        StringJoiner row = new StringJoiner(" | ", "| ", " |").add(entry.cell().name());
        for (String name : names) {
            Metric metric = entry.metric(name).orElse(null);
            row.add(metric == null ? "" : Numbers.significant(metric.value(), 3) + (metric.low() == null ? "" : " ["
                + Numbers.significant(metric.low(), 3) + "–" + Numbers.significant(metric.high(), 3) + "]"));
        }
        return row.toString();
    }

    private static String row(SweepEntry entry, MetricRegistry names, int columns, boolean compared,
                              String best) {
        String quality = names.quality().name();
        StringJoiner row = new StringJoiner(" | ", "| ", " |");
        row.add(entry.cell().name());
        if (!entry.done()) {
            // A reason is one line, but may hold the table's own sign.
            return row.add("failed: " + plain(entry.error())) + " |".repeat(columns - 2);
        }
        row.add(share(entry, quality));
        row.add(entry.differenceInPoints(quality).orElse(""));
        names.words().beside().forEach(name -> row.add(names.isShare(name) ? share(entry, name) : number(entry, name)));
        if (compared) {
            names.divergences().forEach(name -> row.add(entry.divergence(name).map(SweepEntry::text).orElse("")));
            names.agreements().forEach(name -> row.add(share(entry, name.name())));
        }
        row.add(Double.isFinite(entry.graphsPerSecond()) ? Numbers.significant(entry.graphsPerSecond(), 3) : "");
        row.add(Double.isFinite(entry.coreSecondsPerMillion()) ? Numbers.count(Math.round(entry.coreSecondsPerMillion())) : "");
        row.add(entry.bytes() == 0 ? "" : Numbers.count(entry.bytes()) + " (÷ "
            + Numbers.significant((double) entry.bytesBefore() / entry.bytes(), 3) + ")");
        return row.add(best).toString();
    }

    private static String number(SweepEntry entry, String name) {
        Metric metric = entry.metric(name).orElse(null);
        return metric == null ? "" : Numbers.significant(metric.value(), 4) + (metric.low() == null ? ""
            : " [" + Numbers.significant(metric.low(), 4) + "–" + Numbers.significant(metric.high(), 4) + "]");
    }

    private static String share(SweepEntry entry, String name) {
        Metric metric = entry.metric(name).orElse(null);
        if (metric == null) {
            return "";
        }
        String value = String.format(Locale.ROOT, "%.2f%%", 100 * metric.value());
        return metric.low() == null || metric.low().equals(metric.high()) ? value
            : value + String.format(Locale.ROOT, " [%.2f–%.2f]", 100 * metric.low(), 100 * metric.high());
    }
}
