package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitdgdm.family.FamilyWords;

/** What a metric is called on the page, and what it counts, in one line each. */
final class MetricNotes {
    /** How names of means and of divergences begin; all others are shares. */
    private static final List<String> NUMBERS = List.of("mean_", "kl_", "nll", "w1_", "js_");

    private static final String UNIQUE_AMONG_FIRST = "unique@";

    private static final Map<String, String> LABELS = Map.of("nll", "Likelihood bound (NLL)", "nll_pairs", "Likelihood bound over i < j",
        "nll_difference", "NLL − FP32", "nll_pairs_difference", "NLL over i < j − FP32", "kl_node", "Divergence per node", "kl_edge", "Divergence per edge", "kl_graph",
        "Divergence per graph");

    private static final Map<String, String> FIDELITY = Map.of(
        "kl_node", "mean KL(full precision ‖ quantized) of what both predict for a node at a step, nats",
        "kl_edge", "the same for an edge",
        "nll", "upper bound of −log p of the given molecules, nats each, every edge counted twice as DiGress's own code does",
        "nll_pairs", "the same with every edge counted once",
        "nll_difference", "mean of nll − that of full precision, molecule by molecule with the same noise",
        "nll_pairs_difference", "the same of nll_pairs",
        "kl_graph", "the same summed over the nodes and edges of a graph, per step",
        "changed_entries", "share of drawn nodes and edges that differ from full precision, from the same state with the "
            + "same random numbers",
        "identical_graphs", "share of graphs that full precision and quantized model make alike, each run alone");

    private final FamilyWords words;

    MetricNotes(FamilyWords words) {
        this.words = words;
    }

    /** What the ratios of the table have in common. */
    String introduction() {
        return words.introduction() + " The interval says how far chance alone may have moved a ratio of this many graphs.";
    }

    /** Whether a metric is a number of its own rather than a share. */
    static boolean isNumber(String metric) {
        return NUMBERS.stream().anyMatch(metric::startsWith);
    }

    /** Whether a metric compares distributions: no mean over graphs. */
    static boolean isDistance(String metric) {
        return metric.startsWith("w1_") || metric.startsWith("js_");
    }

    /** The name as words: {@code relaxed_validity} is {@code Relaxed validity}. */
    static String label(String name) {
        String words = LABELS.getOrDefault(name, name.replace('_', ' '));
        return words.isEmpty() ? words : words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    /** What a metric is called. */
    String labelOf(String metric) {
        return words.labels().getOrDefault(metric, label(metric));
    }

    /** Empty for a metric that is not known here. */
    String meaning(String metric) {
        if (words.meanings().containsKey(metric)) {
            return words.meanings().get(metric);
        }
        if (metric.startsWith(UNIQUE_AMONG_FIRST)) {
            long first = Long.parseLong(metric.substring(UNIQUE_AMONG_FIRST.length()));
            return "different molecules among the first " + Numbers.count(first) + " by graph id";
        }
        if (metric.endsWith("_difference") && !metric.startsWith("nll")) {
            return metric.substring(0, metric.indexOf("_difference")).replace('_', ' ')
                + " here − there, at the graph ids of both runs";
        }
        if (metric.startsWith("w1_")) {
            return "Wasserstein-1 distance of " + metric.substring(3) + " from the training set, in its own unit";
        }
        if (metric.startsWith("js_")) {
            return "Jensen–Shannon divergence of " + metric.substring(3) + " from the training set, bits, 0 to 1";
        }
        return FIDELITY.getOrDefault(metric, "");
    }

    /** What the whole page counts, in one line each. */
    List<ReportPage.Definition> definitions() {
        List<ReportPage.Definition> definitions = new ArrayList<>(words.definitions().stream()
            .map(one -> new ReportPage.Definition(one.get(0), one.get(1))).toList());
        definitions.addAll(List.of(
            new ReportPage.Definition("95% interval",
                "Wilson for ratios over graphs, jackknife for uniqueness, novelty and distances from the training set. Where "
                    + "none of n molecules repeats, uniqueness has a one-sided bound, 1 − 3.81/n, and a novelty of 100% or "
                    + "0% of n different ones one of 3/n. Uniqueness and distances fall as more is generated: compare "
                    + "them at equal numbers only."),
            new ReportPage.Definition("Reference set",
                "Hashes and histograms of the training " + words.many() + ", kept with the model; without one there is no novelty."),
            new ReportPage.Definition("Total variation distance",
                "Half the sum of the absolute differences between two histograms: 0 is equal, 1 is disjoint."),
            new ReportPage.Definition("Graphs per second",
                "Graphs ÷ seconds from the start of the first sampling task to the end of the last one."),
            new ReportPage.Definition("Model size",
                "Bytes of all parameters, before and after quantization.")));
        return definitions;
    }
}
