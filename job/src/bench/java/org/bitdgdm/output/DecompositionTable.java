package org.bitdgdm.output;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.quantize.DecompositionStudy;
import org.bitdgdm.quantize.DecompositionStudy.Way;

/** The rows of a study of decompositions as Markdown, with seeds put together. */
public final class DecompositionTable {
    private DecompositionTable() {
    }

    /** Two tables against the share of outliers, two against the condition number, and one of layers of the model. */
    public static String markdown(String model, List<DecompositionStudy.Row> rows) {
        return String.format(Locale.ROOT, "Planted: %d matrices of %d x %d and rank %d in every row; a search has arrived"
            + " where its relative distance from the planted low-rank part is at most %.0e, and has failed after %d iterations"
            + " or at a standstill. Iterations are the median of the searches that arrived, errors the median and quartiles of"
            + " all.\n\n",
            DecompositionStudy.SEEDS, DecompositionStudy.SIZE, DecompositionStudy.SIZE, DecompositionStudy.PLANTED_RANK,
            DecompositionStudy.ARRIVED, DecompositionStudy.MOST_ITERATIONS)
            + planted("outliers, condition number", rows, "outliers")
            + planted("condition number, outliers", rows, "condition")
            + String.format(Locale.ROOT, "Layers of %s, means over its blocks: ‖W − L Rᵀ − S‖ ÷ ‖W‖, where S ="
            + " T_α[W − L Rᵀ] for every method (rank %d, α %s), and iterations until the search ends; the condition number is"
            + " that of the low-rank part that ScaledGD with T_α finds.\n\n", model, DecompositionStudy.LAYER_RANK,
            percent(DecompositionStudy.LAYER_ALPHA))
            + layers(rows);
    }

    private static String planted(String first, List<DecompositionStudy.Row> rows, String subject) {
        Map<String, List<DecompositionStudy.Row>> groups = rows.stream().filter(row -> row.subject().equals(subject))
            .collect(Collectors.groupingBy(row -> subject.equals("outliers")
                ? percent(row.share()) + ", " + Numbers.significant(row.condition(), 3)
                : Numbers.significant(row.condition(), 3) + ", " + percent(row.share()),
                LinkedHashMap::new, Collectors.toList()));
        List<Way> ways = DecompositionStudy.OF_PLANTED;
        return table(first, "arrived; iterations", ways.stream().filter(way -> way != Way.SVD).toList(), groups,
            DecompositionTable::arrivals) + "\n" + table(first, "error", ways, groups, DecompositionTable::errors) + "\n";
    }

    private static String layers(List<DecompositionStudy.Row> rows) {
        Map<String, List<DecompositionStudy.Row>> all = new LinkedHashMap<>();
        List<DecompositionStudy.Row> layers =
            rows.stream().filter(row -> !NetworkSpec.module(row.subject()).equals(row.subject())).toList();
        for (DecompositionStudy.Row row : layers) {
            all.computeIfAbsent(NetworkSpec.module(row.subject()), absent -> new ArrayList<>()).add(row);
        }
        all.put("all", layers);
        Map<String, List<DecompositionStudy.Row>> groups = new LinkedHashMap<>();
        all.forEach((name, members) -> {
            DoubleSummaryStatistics conditions = members.stream().mapToDouble(DecompositionStudy.Row::condition)
                .summaryStatistics();
            groups.put(String.format(Locale.ROOT, "%s, %.1f–%.1f", name, conditions.getMin(), conditions.getMax()), members);
        });
        return table("layer, condition number", "error; iterations", DecompositionStudy.OF_LAYERS, groups,
            DecompositionTable::means);
    }

    private static String means(List<DecompositionStudy.Row> rows) {
        double error = rows.stream().mapToDouble(DecompositionStudy.Row::error).average().orElseThrow();
        double iterations = rows.stream().mapToInt(DecompositionStudy.Row::iterations).average().orElseThrow();
        return String.format(Locale.ROOT, "%.4f", error)
            + (rows.get(0).way() == Way.SVD ? "" : String.format(Locale.ROOT, "; %.0f", iterations));
    }

    private static String table(String first, String of, List<Way> ways, Map<String, List<DecompositionStudy.Row>> groups,
                                Function<List<DecompositionStudy.Row>, String> cell) {
        StringBuilder text = new StringBuilder("| ").append(first);
        for (Way way : ways) {
            text.append(" | ").append(way.label()).append(": ").append(of);
        }
        text.append(" |\n|").append("---|".repeat(1 + ways.size())).append('\n');
        groups.forEach((name, members) -> {
            StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
            line.add(name);
            for (Way way : ways) {
                line.add(cell.apply(members.stream().filter(row -> row.way() == way).toList()));
            }
            text.append(line);
        });
        return text.toString();
    }

    private static String arrivals(List<DecompositionStudy.Row> rows) {
        double[] iterations = rows.stream().filter(DecompositionStudy.Row::arrived)
            .mapToDouble(DecompositionStudy.Row::iterations).sorted().toArray();
        return iterations.length + " of " + rows.size()
            + (iterations.length == 0 ? "" : String.format(Locale.ROOT, "; %.0f", quantile(iterations, 0.5)));
    }

    private static String errors(List<DecompositionStudy.Row> rows) {
        double[] errors = rows.stream().mapToDouble(DecompositionStudy.Row::error).sorted().toArray();
        return String.format(Locale.ROOT, "%.1e [%.1e–%.1e]", quantile(errors, 0.5), quantile(errors, 0.25),
            quantile(errors, 0.75));
    }

    /** Linear between the two nearest of the sorted values. */
    private static double quantile(double[] sorted, double share) {
        double at = share * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
}
