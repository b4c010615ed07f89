package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.graph.IsomorphismClass;

/**
 * Metrics of a set of plain graphs on Spark. One pass counts graph by graph, one shuffle by isomorphism class counts different
 * graphs; the driver sees counts only.
 */
public final class PlainGraphMetrics {
    /** Names of the metrics, in order. */
    public static final List<String> METRICS = List.of("connected", "planar", "uniqueness", "novelty", "unique_novel",
        "mean_components", "mean_degree", "mean_clustering", "w1_degree", "w1_clustering", "js_sizes");
    /** Metrics that are absent without a training set. */
    public static final List<String> NEEDS_REFERENCE =
        List.of("novelty", "unique_novel", "w1_degree", "w1_clustering", "js_sizes");
    /** Largest degree told apart for standard errors; bounds the memory of a partition. */
    private static final int MOST_DEGREE = 255;
    private static final String CLASS = "isomorphism_class";

    private PlainGraphMetrics() {
    }

    /**
     * Computes counts, metrics and distributions.
     *
     * @param graphs    rows of {@link GraphRows#SCHEMA}; read twice
     * @param reference the training set; without one, novelty is absent
     */
    public static MetricReport compute(Dataset<Row> graphs, Optional<ReferenceSet> reference) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(graphs.sparkSession().sparkContext());
        try {
            spark.sc().setJobDescription("metrics: distributions");
            Column[] columns = PlainGraphTally.COLUMNS.stream().map(name -> col(name)).toArray(Column[]::new);
            PlainGraphTally tally = graphs.select(columns).javaRDD()
                .treeAggregate(new PlainGraphTally(MOST_DEGREE), PlainGraphTally::add, PlainGraphTally::merge);
            spark.sc().setJobDescription("metrics: different graphs");
            SmilesTally different = different(graphs, spark, reference.map(ReferenceSet::hashes).orElse(new long[0]));
            long undecided = graphs.filter(col(CLASS).startsWith(IsomorphismClass.UNDECIDED)).count();
            return report(tally, different, undecided, reference);
        } finally {
            spark.sc().setJobDescription(null);
        }
    }

    private static MetricReport report(PlainGraphTally tally, SmilesTally different, long undecided,
                                       Optional<ReferenceSet> reference) {
        long sound = tally.graphs() - tally.refused();
        GraphCounts counts = new GraphCounts(tally.graphs(), tally.refused(), tally.connected(), tally.components(),
            tally.planar(), different.distinct(), different.once(), undecided,
            reference.isEmpty() ? null : Long.valueOf(different.novel()),
            reference.isEmpty() ? null : Long.valueOf(different.novelOnce()));
        Distributions found = tally.distributions();
        Ratios ratios = new Ratios(tally.graphs());
        ratios.share("connected", counts.connected());
        ratios.share("planar", counts.planar());
        ratios.uniqueness("uniqueness", counts.distinct(), counts.once(), counts.graphs(), "no graphs");
        ratios.novelty("novelty", counts.novel(), counts.novelOnce(), counts.distinct(), counts.once(), sound, "no graphs");
        ratios.novelPerGraph("unique_novel", counts.novel(), counts.novelOnce());
        ratios.mean("mean_components", counts.components());
        ratios.average("mean_degree", tally.sums()[0], tally.sums()[1], sound);
        ratios.average("mean_clustering", tally.sums()[2], tally.sums()[3], sound);
        String reason = reference.isPresent() ? "nothing to compare" : "no training set is known";
        Optional<Distributions> training = reference.map(ReferenceSet::distributions);
        ratios.distance("w1_degree", training.flatMap(set -> Optional.ofNullable(DistributionDistances.wasserstein(
            found.of("degree"), set.of("degree"), Optional.of(tally.degreeMoments())))), reason);
        ratios.distance("w1_clustering", training.flatMap(set -> Optional.ofNullable(DistributionDistances.wasserstein(
            found.of("clustering"), set.of("clustering"), Optional.of(tally.clusteringMoments())))), reason);
        ratios.distance("js_sizes", training.flatMap(set -> Optional.ofNullable(DistributionDistances.jensenShannon(
            found.of("sizes"), set.of("sizes"), Optional.empty()))), reason);
        return ratios.report(Protocol.DIGRESS, counts, found);
    }

    private static SmilesTally different(Dataset<Row> graphs, JavaSparkContext spark, long[] hashes) {
        Broadcast<long[]> training = spark.broadcast(hashes);
        try {
            return graphs.filter(col(CLASS).isNotNull()).groupBy(col(CLASS)).agg(count(lit(1)).as("graphs")).javaRDD()
                .mapPartitions(rows -> List.of(counted(rows, training.value())).iterator())
                .treeAggregate(new SmilesTally(), SmilesTally::merge, SmilesTally::merge);
        } finally {
            training.destroy();
        }
    }

    private static SmilesTally counted(Iterator<Row> rows, long[] training) {
        SmilesTally tally = new SmilesTally();
        while (rows.hasNext()) {
            Row row = rows.next();
            tally.add(row.getLong(1), ReferenceSet.contains(training, row.getString(0)));
        }
        return tally;
    }
}
