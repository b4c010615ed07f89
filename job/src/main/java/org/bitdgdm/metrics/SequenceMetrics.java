package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.metrics.DistributionDistances.Kind;

/** Metrics of sequences for given backbones: the one list of their definitions, and their computation on Spark in one pass. */
public final class SequenceMetrics {
    static final Distribution SIZES = new Distribution("sizes", "lengths", "residues per chain", "residues", SequenceTally.BIN,
        Kind.WASSERSTEIN, true);
    private static final List<Distribution> DISTRIBUTIONS = List.of(SIZES);
    private static final String PUBLISHED = "GraDe-IF's own evaluation";

    /** All of them, in the order of the report. */
    private static final List<MetricDefinition<SequenceTally>> DEFINITIONS = List.of(
        MetricDefinition.<SequenceTally>share("recovery", of -> of.single().recovery()).first().by(PUBLISHED)
            .counting("residues of all single samples that are as in the native chain ÷ those designed"),
        MetricDefinition.<SequenceTally>number("perplexity", of -> of.single().perplexity()).first().by(PUBLISHED)
            .counting("exp of the mean over residues of −log p(native), single samples"),
        MetricDefinition.<SequenceTally>share("median_recovery", of -> of.single().medianRecovery()).first()
            .counting("median over chains of the recovery of their single samples, as many papers give it"),
        MetricDefinition.<SequenceTally>number("median_perplexity", of -> of.single().medianPerplexity()).first()
            .counting("median over chains of the perplexity of their single samples"),
        MetricDefinition.<SequenceTally>share("ensemble_recovery", of -> of.ensemble().recovery()).first().by(PUBLISHED)
            .counting("recovery of ensembles: of each chain the mean of its samples' logits"),
        MetricDefinition.<SequenceTally>number("ensemble_perplexity", of -> of.ensemble().perplexity()).first().by(PUBLISHED)
            .counting("exp of the mean over residues of −log p(native), ensembles"),
        MetricDefinition.<SequenceTally>share("ensemble_median_recovery", of -> of.ensemble().medianRecovery()).first()
            .counting("median over chains of the recovery of their ensembles"),
        MetricDefinition.<SequenceTally>number("ensemble_median_perplexity", of -> of.ensemble().medianPerplexity()).first()
            .counting("median over chains of the perplexity of their ensembles"));

    private SequenceMetrics() {
    }

    /** Names of all, for help. */
    public static List<String> names() {
        return MetricDefinition.names(DEFINITIONS);
    }

    /** The metrics that a run can have. */
    public static MetricRegistry registry() {
        return new MetricRegistry("a run of sequences", DISTRIBUTIONS, DEFINITIONS, List.of(
            RunDifference.ofResidues("recovery", col("recovered"), "recovery", ""),
            RunDifference.ofResidues("mean_log_likelihood", col("mean_log_likelihood").multiply(col("designed")),
                "mean log-likelihood", "nats")), ModelMetrics.OF_SEQUENCES, List.of(),
            new MetricRegistry.Words("sequences", "chain", "residues", "of higher recovery",
                List.of("perplexity", "ensemble_recovery", "ensemble_perplexity"), ""));
    }

    /**
     * Computes counts, metrics and distributions.
     *
     * @param rows of {@link SequenceRows#SCHEMA}; read once
     */
    public static MetricReport compute(Dataset<Row> rows) {
        rows.sparkSession().sparkContext().setJobDescription("metrics: sequences");
        try {
            return report(rows.javaRDD().mapPartitions(part -> {
                SequenceTally tally = new SequenceTally();
                part.forEachRemaining(tally::add);
                return List.of(tally).iterator();
            }).treeAggregate(new SequenceTally(), SequenceTally::merge, SequenceTally::merge));
        } finally {
            rows.sparkSession().sparkContext().setJobDescription(null);
        }
    }

    static MetricReport report(SequenceTally tally) {
        return MetricReport.of(Protocol.DIGRESS, tally.counts(), tally.distributions(), DEFINITIONS, tally);
    }
}
