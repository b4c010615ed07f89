package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Rates of whole steps of one model, ours and PyTorch's, and what follows from them: the best of each, and the targets. */
final class CudaRates {
    /** What precisions of PyTorch are called by digress_torch.py. */
    static final String EAGER = "fp32";
    static final String BF16 = "bf16";
    /** At this batch size memory is compared. */
    static final int MEMORY_BATCH = 4096;
    /** Settings that passed the equal-quality sweep, see docs/results/equal-quality.md; BF16 was not in it. */
    private static final Set<String> EQUAL_QUALITY =
        Set.of(Setting.FP32.name(), Setting.W8A8.name(), Setting.RESIDUAL.name());
    /** The shape of what {@code generate} does without flags. */
    private static final String DEFAULT = Setting.RESIDUAL.name();
    private static final String NONE = "not measured";

    /**
     * One measurement.
     *
     * @param name      setting and precision of ours, or PyTorch's mode
     * @param ours      whether it is not PyTorch's
     * @param rate      graph-steps per second, the median of all repeats
     * @param peakBytes most device memory that was allocated, in bytes
     */
    record Row(String name, boolean ours, int batch, double rate, long peakBytes) {

        /** From a line of results that has not failed. */
        static Row of(JsonNode line) {
            boolean ours = line.path(ResultLines.KIND).asText().equals(ResultLines.STEP);
            int batch = line.path("batch").asInt();
            return new Row(line.path(ours ? "setting" : "mode").asText(), ours, batch, ours
                ? batch / line.path("seconds").path("median").asDouble()
                : line.path("graph_steps_per_second").path("median").asDouble(), line.path("peak_bytes").asLong());
        }

        private String text() {
            return String.format(Locale.ROOT, "%s%s, batch %d", ours ? "" : "PyTorch ", name, batch);
        }
    }

    private final List<Row> rows = new ArrayList<>();

    /** The rates among the lines of a run that are of a model. */
    static CudaRates of(List<JsonNode> lines, String model) {
        CudaRates rates = new CudaRates();
        for (JsonNode line : lines) {
            String kind = line.path(ResultLines.KIND).asText();
            if (line.path("model").asText().equals(model) && line.has("batch") && !line.has("failed")
                && (kind.equals(ResultLines.STEP) || kind.equals(ResultLines.PEER))) {
                rates.add(Row.of(line));
            }
        }
        return rates;
    }

    void add(Row row) {
        rows.add(row);
    }

    /** The fastest batch size of a setting of ours, or of a mode of PyTorch's. */
    Optional<Row> best(boolean ours, String name) {
        return best(rows.stream().filter(row -> row.ours == ours && row.name.equals(name)));
    }

    private static Optional<Row> best(Stream<Row> rows) {
        return rows.max(Comparator.comparingDouble(Row::rate));
    }

    /** A table of the best batch size of each setting and mode, beside PyTorch's. */
    List<String> bests() {
        Optional<Row> eager = best(false, EAGER);
        Optional<Row> fastest = best(rows.stream().filter(row -> !row.ours));
        List<String> lines = new ArrayList<>(List.of(
            "| at its best batch size | batch | graph-steps/s | ÷ PyTorch fp32 | ÷ best PyTorch |",
            "|---|---|---|---|---|"));
        rows.stream().map(row -> List.of(row.ours, row.name)).distinct().forEach(key -> {
            Row row = best((Boolean) key.get(0), (String) key.get(1)).orElseThrow();
            lines.add(String.format(Locale.ROOT, "| %s%s | %d | %,.0f | %s | %s |", row.ours ? "" : "PyTorch ", row.name,
                row.batch, row.rate, times(Optional.of(row), eager), times(Optional.of(row), fastest)));
        });
        return lines;
    }

    /** The table of what the project aims at on one H200 with the shipped model. */
    List<String> targets() {
        Optional<Row> best = best(rows.stream().filter(row -> row.ours && EQUAL_QUALITY.contains(row.name)));
        Optional<Row> byDefault = best(true, DEFAULT);
        List<String> lines = new ArrayList<>(List.of(
            "| whole steps, each at its best batch size | measured | at least | of |", "|---|---|---|---|"));
        lines.add(ratio("best of ours at equal quality ÷ PyTorch FP32 eager", 10, best, best(false, EAGER)));
        lines.add(ratio("best of ours at equal quality ÷ best PyTorch", 4, best,
            best(rows.stream().filter(row -> !row.ours))));
        lines.add(ratio("quantized default ÷ our own true FP32", 2.5, byDefault, best(true, Setting.FP32.name())));
        lines.add(ratio("quantized default ÷ our own BF16", 0, byDefault, best(true, BF16)));
        Optional<Row> ourMemory = at(true, DEFAULT);
        Optional<Row> theirMemory = at(false, EAGER);
        String name = "peak of allocated device bytes at batch " + MEMORY_BATCH + ", PyTorch FP32 ÷ quantized default";
        lines.add(ourMemory.isEmpty() || theirMemory.isEmpty() ? "| " + name + " | " + NONE + " | 2.8× | |"
            : row(name, (double) theirMemory.get().peakBytes / ourMemory.get().peakBytes, 2.8, String.format(Locale.ROOT,
                "%,d ÷ %,d", theirMemory.get().peakBytes, ourMemory.get().peakBytes)));
        return lines;
    }

    private Optional<Row> at(boolean ours, String name) {
        return rows.stream().filter(row -> row.ours == ours && row.name.equals(name) && row.batch == MEMORY_BATCH)
            .findFirst();
    }

    /** @param target 0 for none */
    private static String ratio(String name, double target, Optional<Row> one, Optional<Row> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return "| " + name + " | " + NONE + " | " + atLeast(target) + " | |";
        }
        return row(name, one.get().rate / other.get().rate, target, String.format(Locale.ROOT, "%,.0f (%s) ÷ %,.0f (%s)",
            one.get().rate, one.get().text(), other.get().rate, other.get().text()));
    }

    private static String row(String name, double found, double target, String of) {
        String text = String.format(Locale.ROOT, "%.2f×", found);
        return "| " + name + " | " + (found >= target ? text : "**" + text + ", missed**") + " | " + atLeast(target) + " | "
            + of + " |";
    }

    private static String atLeast(double target) {
        return target == 0 ? "none; the terms explain it" : String.format(Locale.ROOT, "%.1f×", target);
    }

    private static String times(Optional<Row> row, Optional<Row> other) {
        return other.isEmpty() ? NONE : String.format(Locale.ROOT, "%.2f×", row.orElseThrow().rate / other.get().rate);
    }
}
