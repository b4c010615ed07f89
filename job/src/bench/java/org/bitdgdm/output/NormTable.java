package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.quantize.NormStudy;
import org.bitdgdm.quantize.NormStudy.Way;

/** The rows of a study of decompositions in the norm of inputs as Markdown. */
public final class NormTable {
    private NormTable() {
    }

    /** Planted matrices, layers of the model, and layers that read the same input. */
    public static String markdown(String model, List<NormStudy.Row> rows, List<NormStudy.Shared> shared,
                                  NormStudy.Whole whole) {
        Map<String, List<NormStudy.Row>> planted = rows.stream().filter(row -> row.subject().equals("planted"))
            .collect(Collectors.groupingBy(row -> String.format(Locale.ROOT, "%.0f", roundedCondition(row.condition())),
                LinkedHashMap::new, Collectors.toList()));
        return String.format(Locale.ROOT, "Planted: %d matrices of %d x %d and rank %d in every row, with %d outliers in each"
            + " of their rows and columns; a search has arrived where ‖W − L Rᵀ − S‖_H ÷ ‖W‖_H is at most %.0e, and has failed"
            + " after %d updates. Of those that arrived the median of the updates, of all the median of the least"
            + " error. The condition"
            + " number is that of H after damping, the median.%n%n", NormStudy.SEEDS, NormStudy.SIZE, NormStudy.SIZE,
            NormStudy.PLANTED_RANK, NormStudy.PLANTED_ENTRIES, NormStudy.ARRIVED, NormStudy.MOST_PLANTED)
            + table("condition number of H", planted)
            + layers(model, rows) + shared(shared, whole);
    }

    private static String layers(String model, List<NormStudy.Row> rows) {
        Map<String, List<NormStudy.Row>> layers = new LinkedHashMap<>();
        List<NormStudy.Row> all = rows.stream().filter(row -> !row.subject().equals("planted")).toList();
        for (NormStudy.Row row : all) {
            layers.computeIfAbsent(String.format(Locale.ROOT, "%s, %.0f", NetworkSpec.module(row.subject()), row.condition()),
                absent -> new ArrayList<>()).add(row);
        }
        layers.put("all", all);
        return String.format(Locale.ROOT, "%nLayers of %s, one block (rank %d, α %.0f%%, before rounding), at most %d updates:"
            + " a search has arrived within %.0f%% of the least error of all ways.%n%n", model, NormStudy.LAYER_RANK,
            100 * NormStudy.LAYER_ALPHA, NormStudy.MOST_OF_LAYERS, 100 * (NormStudy.CLOSE - 1))
            + table("layer, condition number of H", layers);
    }

    private static double roundedCondition(double condition) {
        double unit = Math.pow(10, Math.floor(Math.log10(condition)));
        return Math.round(condition / unit) * unit;
    }

    private static String table(String first, Map<String, List<NormStudy.Row>> groups) {
        StringBuilder text = new StringBuilder("| ").append(first);
        for (Way way : Way.values()) {
            text.append(" | ").append(way.label()).append(": arrived; updates; error");
        }
        text.append(" |\n|").append("---|".repeat(1 + Way.values().length)).append('\n');
        groups.forEach((name, members) -> {
            StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
            line.add(name);
            for (Way way : Way.values()) {
                line.add(cell(members.stream().filter(row -> row.way() == way).toList()));
            }
            text.append(line);
        });
        return text.toString();
    }

    private static String cell(List<NormStudy.Row> rows) {
        double[] updates = rows.stream().filter(NormStudy.Row::arrived).mapToDouble(NormStudy.Row::iterations).toArray();
        return String.format(Locale.ROOT, "%d of %d; %s; %.2g", updates.length, rows.size(),
            updates.length == 0 ? "–" : String.format(Locale.ROOT, "%.0f", median(updates)),
            median(rows.stream().mapToDouble(NormStudy.Row::error).toArray()));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static String shared(List<NormStudy.Shared> groups, NormStudy.Whole whole) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%nLayers that read the same input, by singular"
            + " values of H^½ W, means over blocks: the share of ‖W‖²_H of all of them that is left by %d columns for each, by"
            + " one first factor for all at no more multiply-adds, and what one needs to leave no more than the"
            + " separate ones.%n%n"
            + "| layers, in x out | %d columns each: left | one first factor: columns | left | columns for no more left | their"
            + " multiply-adds ÷ separate |%n|---|---|---|---|---|---|%n", NormStudy.LAYER_RANK, NormStudy.LAYER_RANK));
        groups.stream().collect(Collectors.groupingBy(group -> String.format(Locale.ROOT, "%s, %d x %d",
            group.layers().stream().map(NetworkSpec::module).collect(Collectors.joining(" ")), group.in(), group.out()),
            LinkedHashMap::new, Collectors.toList())).forEach((name, members) ->
                text.append(String.format(Locale.ROOT, "| %s | %.2f%% | %.0f | %.2f%% | %.1f | %.2f |%n", name,
                    100 * members.stream().mapToDouble(NormStudy.Shared::separate).average().orElseThrow(),
                    members.stream().mapToDouble(NormStudy.Shared::rank).average().orElseThrow(),
                    100 * members.stream().mapToDouble(NormStudy.Shared::joint).average().orElseThrow(),
                    members.stream().mapToDouble(NormStudy.Shared::asGood).average().orElseThrow(),
                    members.stream().mapToDouble(NormStudy.Shared::cost).average().orElseThrow())));
        return text.append(String.format(Locale.ROOT, "%nWith one first factor wherever it takes fewer multiply-adds for no"
            + " more left, all factors of the blocks take %,d instead of %,d for a graph of most nodes and a step,"
            + " %.1f%% fewer.%n",
            whole.shared(), whole.separate(), 100 - 100.0 * whole.shared() / whole.separate())).toString();
    }
}
