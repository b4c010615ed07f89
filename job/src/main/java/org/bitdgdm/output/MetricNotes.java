package org.bitdgdm.output;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitdgdm.metrics.Protocol;

/** What a metric is called on the page, and what it counts, in one line each. */
final class MetricNotes {
    /** The ratios at the top of the page, in order. */
    static final List<String> HEADLINE = List.of("validity", "relaxed_validity", "uniqueness", "novelty");

    /** How names of means and of divergences begin; all others are shares. */
    private static final List<String> NUMBERS = List.of("mean_", "kl_", "nll", "w1_", "js_");

    private static final String UNIQUE_AMONG_FIRST = "unique@";

    private static final Map<String, String> LABELS = Map.of("vun", "Valid, unique and novel", "mean_fragments",
        "Fragments per graph", "nll", "Likelihood bound (NLL)", "nll_pairs", "Likelihood bound over i < j",
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

    private static final Map<String, String> MEANINGS = Map.of(
        "validity", "share of graphs in which no atom exceeds its valence and aromatic bonds kekulise, without charges",
        "relaxed_validity", "the same, where N, O and S with one bond order too many take charge +1",
        "uniqueness", "different molecules ÷ relaxed-valid graphs",
        "novelty", "different molecules absent from the training set ÷ different molecules",
        "vun", "different molecules absent from the training set ÷ graphs",
        "connected", "share of graphs of one component, valid or not",
        "mean_fragments", "components of all graphs ÷ graphs");

    private static final Map<String, String> GUACAMOL = Map.of(
        "uniqueness", "different molecules ÷ graphs asked for",
        "novelty", "different molecules absent from the training set ÷ graphs asked for");

    private static final Map<Protocol, String> PROTOCOLS = Map.of(Protocol.DIGRESS, "DiGress", Protocol.MOSES, "MOSES",
        Protocol.GUACAMOL, "GuacaMol");

    private final Protocol protocol;

    MetricNotes(Protocol protocol) {
        this.protocol = protocol;
    }

    /** What the ratios of the table have in common. */
    String introduction() {
        return "Ratios as " + PROTOCOLS.get(protocol) + " defines them. The interval says how far chance alone may have "
            + "moved a ratio of this many graphs.";
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

    /** Empty for a metric that is not known here. */
    String meaning(String metric) {
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
        String meaning = MEANINGS.getOrDefault(metric, FIDELITY.getOrDefault(metric, ""));
        return protocol == Protocol.GUACAMOL ? GUACAMOL.getOrDefault(metric, meaning) : meaning;
    }

    /** What the whole page counts, in one line each. */
    static List<ReportPage.Definition> definitions() {
        return List.of(
            new ReportPage.Definition("Molecule",
                "The largest fragment of a relaxed-valid graph (of equal ones, that with the lowest atom index), as "
                    + "canonical SMILES by CDK. Hydrogens fill free valences."),
            new ReportPage.Definition("95% interval",
                "Wilson for ratios over graphs, jackknife for uniqueness, novelty and distances from the training set. Where "
                    + "none of n molecules repeats, uniqueness has a one-sided bound, 1 − 3.81/n, and a novelty of 100% or "
                    + "0% of n different ones one of 3/n. Uniqueness and distances fall as more is generated: compare "
                    + "them at equal numbers only."),
            new ReportPage.Definition("Reference set",
                "Hashes and histograms of the training molecules, kept with the model; without one there is no novelty."),
            new ReportPage.Definition("Total variation distance",
                "Half the sum of the absolute differences between two histograms: 0 is equal, 1 is disjoint."),
            new ReportPage.Definition("Graphs per second",
                "Graphs ÷ seconds from the start of the first sampling task to the end of the last one."),
            new ReportPage.Definition("Model size",
                "Bytes of all parameters, before and after quantization."));
    }
}
