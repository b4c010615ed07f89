package org.bitdgdm.metrics;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.metrics.MetricDefinition.Need;

/** Definitions of the metrics that compare a quantized model with its full-precision original, whatever graphs they make. */
final class ModelMetrics {
    private static final String NATS = "nats";

    /** How closely it follows. */
    static final List<MetricDefinition<FidelityReport>> FIDELITY = Stream.of(
        divergence("kl_node", "Divergence per node", of -> of.divergence().node(),
            "mean KL(full precision ‖ quantized) of what both predict for a node at a step of the run's sampler, nats"),
        divergence("kl_edge", "Divergence per edge", of -> of.divergence().edge(), "the same for an edge"),
        divergence("kl_graph", "Divergence per graph", of -> of.divergence().graph(),
            "the same summed over the nodes and edges of a graph, per step"),
        MetricDefinition.<FidelityReport>share("changed_entries", ModelMetrics::changed).counting("share of drawn nodes"
            + " and edges that differ from full precision, from the same state with the same random numbers"),
        MetricDefinition.<FidelityReport>share("identical_graphs", of -> Measured.share(of.identicalGraphs(), of.graphs()))
            .counting("share of graphs that full precision and quantized model make alike, each run alone"))
        .map(definition -> definition.needing(Need.FIDELITY)).toList();

    /** The same of a model of sequences, in which residues alone diffuse. */
    static final List<MetricDefinition<FidelityReport>> OF_SEQUENCES = Stream.of(
        divergence("kl_residue", "Divergence per residue", of -> of.divergence().node(),
            "mean KL(full precision ‖ quantized) of what both predict for a residue at an evaluation, nats"),
        divergence("kl_chain", "Divergence per chain", of -> of.divergence().graph(),
            "the same summed over the residues of a chain, per evaluation"),
        MetricDefinition.<FidelityReport>share("changed_residues", ModelMetrics::changed).counting("share of drawn residues"
            + " that differ from full precision, from the same state with the same random numbers"),
        MetricDefinition.<FidelityReport>share("identical_sequences", of -> Measured.share(of.identicalGraphs(), of.graphs()))
            .counting("share of sequences that full precision and quantized model make alike, each run alone"))
        .map(definition -> definition.needing(Need.FIDELITY)).toList();

    /** How likely given molecules are to it; the last two where it is compared with full precision. */
    static final List<MetricDefinition<LikelihoodReport>> LIKELIHOOD = List.of(
        bound("nll", "Likelihood bound (NLL)", LikelihoodReport::nll,
            "upper bound of −log p of the given molecules, nats each, every edge counted twice as DiGress's own code does"),
        bound("nll_pairs", "Likelihood bound over i < j", LikelihoodReport::nllPairs, "the same with every edge counted once"),
        bound("nll_difference", "NLL − FP32", LikelihoodReport::difference,
            "mean of nll − that of full precision, molecule by molecule with the same noise"),
        bound("nll_pairs_difference", "NLL over i < j − FP32", LikelihoodReport::pairsDifference, "the same of nll_pairs"));

    private ModelMetrics() {
    }

    /** Those that a report has: full precision is not compared with itself. */
    static List<MetricDefinition<LikelihoodReport>> likelihood(LikelihoodReport found) {
        return found.difference() == null ? LIKELIHOOD.subList(0, 2) : LIKELIHOOD;
    }

    private static Measured changed(FidelityReport of) {
        Estimate changed = of.changedEntries();
        return Measured.positive(changed, Math.round(changed.value() * changed.count()), "");
    }

    private static MetricDefinition<FidelityReport> divergence(String name, String label, Function<FidelityReport, Estimate> of,
                                                               String meaning) {
        return MetricDefinition.<FidelityReport>number(name, found -> Measured.positive(of.apply(found), null, "no edges"))
            .called(label).counting(meaning).in(NATS);
    }

    private static MetricDefinition<LikelihoodReport> bound(String name, String label, Function<LikelihoodReport, Estimate> of,
                                                            String meaning) {
        return MetricDefinition.<LikelihoodReport>number(name, found -> Measured.signed(of.apply(found))).called(label)
            .counting(meaning).in(NATS).needing(Need.LIKELIHOOD).by("DiGress's validation loss");
    }
}
