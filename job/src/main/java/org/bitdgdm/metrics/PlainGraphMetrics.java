package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.graph.IsomorphismClass;
import org.bitdgdm.metrics.DistributionDistances.Kind;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.model.Vocabulary;

/**
 * Metrics of a set of plain graphs: the one list of their definitions, and their computation on Spark. One pass counts graph by
 * graph, one shuffle by isomorphism class counts different graphs; the driver sees counts only.
 */
public final class PlainGraphMetrics {
    static final Distribution SIZES =
        new Distribution("sizes", "sizes", "nodes per graph", "nodes", 1, Kind.JENSEN_SHANNON, true);
    static final Distribution DEGREE = new Distribution("degree", "degree", "of all nodes", "", 1, Kind.WASSERSTEIN, true);
    /** With bins as wide as those of the published evaluation. */
    static final Distribution CLUSTERING =
        new Distribution("clustering", "clustering coefficient", "of all nodes", "", 0.01, Kind.WASSERSTEIN, true);
    /** What plain graphs are counted by, in the order of the report. */
    public static final List<Distribution> DISTRIBUTIONS = List.of(SIZES, DEGREE, CLUSTERING);

    /** Largest degree told apart for standard errors; bounds the memory of a partition. */
    private static final int MOST_DEGREE = 255;
    private static final String CLASS = "isomorphism_class";
    private static final String NO_GRAPHS = "no graphs";

    /** All of them, in the order of the report. */
    private static final List<MetricDefinition<Counted>> DEFINITIONS = Stream.concat(Stream.of(
        MetricDefinition.<Counted>share("connected", of -> Measured.share(of.counts().connected(), of.graphs())).first()
            .counting("share of graphs of one component").ofColumn("connected"),
        MetricDefinition.<Counted>share("planar", of -> Measured.share(of.counts().planar(), of.graphs())).first()
            .counting("share of graphs that can be drawn without crossings, connected or not"),
        MetricDefinition.<Counted>share("uniqueness", of -> Measured.uniqueness(of.counts().distinct(), of.counts().once(),
            of.graphs(), NO_GRAPHS)).first()
            .counting("different graphs ÷ graphs; two are the same where they are isomorphic"),
        MetricDefinition.<Counted>share("novelty", of -> Measured.novelty(of.counts().novel(), of.counts().novelOnce(),
            of.counts().distinct(), of.counts().once(), of.sound(), NO_GRAPHS)).first().needing(Need.REFERENCE)
            .counting("different graphs that are isomorphic to none of the training set ÷ different graphs"),
        MetricDefinition.<Counted>share("unique_novel", of -> Measured.novelPerGraph(of.counts().novel(),
            of.counts().novelOnce(), of.graphs())).called("Unique and novel").needing(Need.REFERENCE)
            .counting("different graphs that are isomorphic to none of the training set ÷ graphs"),
        MetricDefinition.<Counted>share("valid_planar", of -> Measured.share(of.planar().valid(), of.graphs()))
            .called("Valid as planar").by(GraphDiscrepancies.SPECTRE).counting("share of graphs that are planar and connected"),
        MetricDefinition.<Counted>share("vun_planar", of -> Measured.novelPerGraph(of.planar().novel(),
            of.planar().novelOnce(), of.graphs())).called("Valid as planar, unique and novel").needing(Need.REFERENCE)
            .by(GraphDiscrepancies.SPECTRE)
            .counting("different planar and connected graphs that are isomorphic to none of the training set ÷ graphs"),
        MetricDefinition.<Counted>number("mean_components", of -> Measured.mean(of.counts().components(),
            of.sums()[4], of.graphs()))
            .called("Components per graph").counting("components of all graphs ÷ graphs"),
        MetricDefinition.<Counted>number("mean_degree", of -> Measured.average(of.sums()[0], of.sums()[1], of.sound()))
            .counting("mean over graphs of 2 · edges ÷ nodes"),
        MetricDefinition.<Counted>number("mean_clustering", of -> Measured.average(of.sums()[2], of.sums()[3], of.sound()))
            .counting("mean over graphs of the mean clustering coefficient of their nodes")),
        Stream.concat(Stream.of(DEGREE, CLUSTERING, SIZES).map(compared -> compared.<Counted>metric(of ->
            DistributionDistances.measured(compared, of.distances(), of.graphs()))),
            GraphDiscrepancies.definitions(Counted::discrepancies).stream())).toList();

    /**
     * All that is counted of a set.
     *
     * @param sums          sum and sum of squares over graphs of the mean degree, then of the mean clustering coefficient;
     *                      sum of the squares of components
     * @param planar        planar and connected graphs
     * @param distances     from the training set; empty where none is known
     * @param discrepancies from a test set; empty where none is given
     */
    record Counted(Counts.OfGraphs counts, double[] sums, Planar planar, Optional<DistributionDistances> distances,
                   Optional<GraphDiscrepancies> discrepancies) {
        long graphs() {
            return counts.graphs();
        }

        /** Rows that are graphs of the model. */
        long sound() {
            return counts.graphs() - counts.refused();
        }
    }

    /**
     * Graphs that are planar and connected.
     *
     * @param valid     how many are
     * @param novel     different ones of them that are not in the training set; null where none is known
     * @param novelOnce of these, graphs seen exactly once; null where no training set is known
     */
    record Planar(long valid, Long novel, Long novelOnce) {
    }

    private PlainGraphMetrics() {
    }

    /** Names of all, for help. */
    public static List<String> names() {
        return MetricDefinition.names(DEFINITIONS);
    }

    /** The metrics that a run can have. */
    public static MetricRegistry registry() {
        return new MetricRegistry("a run of plain graphs", Stream.concat(DISTRIBUTIONS.stream(),
            Stream.of(GraphDiscrepancies.SPECTRUM)).toList(), DEFINITIONS, Stream.concat(
            DEFINITIONS.stream().filter(definition -> definition.column() != null).map(RunDifference::of),
            Stream.of(RunDifference.ofNumbers("num_edges", "edges", ""),
                RunDifference.ofNumbers("mean_clustering", "mean clustering coefficient", ""))).toList(),
            "more often connected");
    }

    /**
     * Computes counts, metrics and distributions.
     *
     * @param graphs     rows of {@link GraphRows#SCHEMA}; read several times: cache what is not in files
     * @param vocabulary what the classes of files stand for
     * @param reference  the training set; without one, novelty is absent
     * @param files      what statistics are compared with
     */
    public static MetricReport compute(Dataset<Row> graphs, Vocabulary vocabulary, Optional<ReferenceSet> reference,
                                       BenchmarkFiles files) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(graphs.sparkSession().sparkContext());
        try {
            spark.sc().setJobDescription("metrics: distributions");
            Column[] columns = PlainGraphTally.COLUMNS.stream().map(name -> col(name)).toArray(Column[]::new);
            PlainGraphTally tally = graphs.select(columns).javaRDD()
                .treeAggregate(new PlainGraphTally(MOST_DEGREE), PlainGraphTally::add, PlainGraphTally::merge);
            spark.sc().setJobDescription("metrics: different graphs");
            Optional<long[]> training = reference.map(ReferenceSet::hashes);
            SmilesTally different = different(graphs, spark, training.orElse(new long[0]));
            Dataset<Row> valid = graphs.filter(col("planar").and(col("connected")));
            SmilesTally ofPlanar = different(valid, spark, training.orElse(new long[0]));
            Planar planar = new Planar(valid.count(), training.isEmpty() ? null : Long.valueOf(ofPlanar.novel()),
                training.isEmpty() ? null : Long.valueOf(ofPlanar.novelOnce()));
            Row undecided = graphs.filter(col(CLASS).startsWith(IsomorphismClass.UNDECIDED)).groupBy(col(CLASS))
                .agg(count(lit(1)).as("graphs")).agg(coalesce(sum(col("graphs")), lit(0L)),
                    coalesce(sum(col("graphs").multiply(col("graphs").minus(1))), lit(0L))).first();
            spark.sc().setJobDescription("metrics: discrepancies");
            return report(tally, different, planar, undecided, reference,
                GraphDiscrepancies.of(graphs, vocabulary, files, training));
        } finally {
            spark.sc().setJobDescription(null);
        }
    }

    private static MetricReport report(PlainGraphTally tally, SmilesTally different, Planar planar, Row undecided,
                                       Optional<ReferenceSet> reference, Optional<GraphDiscrepancies> discrepancies) {
        Counts.OfGraphs counts = new Counts.OfGraphs(tally.graphs(), tally.refused(), tally.connected(), tally.components(),
            tally.planar(), different.distinct(), different.once(), undecided.getLong(0),
            reference.isEmpty() ? null : Long.valueOf(different.novel()),
            reference.isEmpty() ? null : Long.valueOf(different.novelOnce()));
        Distributions found = discrepancies.map(GraphDiscrepancies::spectrum).map(tally.distributions()::with)
            .orElseGet(tally::distributions);
        return MetricReport.of(Protocol.DIGRESS, counts, found, DEFINITIONS, new Counted(counts, tally.sums(), planar,
            reference.map(set -> DistributionDistances.of(DISTRIBUTIONS, found, tally.moments(), set.distributions())),
            discrepancies)).noting(notes(undecided, discrepancies))
            .beside(discrepancies.map(GraphDiscrepancies::beside).orElse(null));
    }

    private static List<String> notes(Row undecided, Optional<GraphDiscrepancies> discrepancies) {
        List<String> notes = new ArrayList<>(discrepancies.map(GraphDiscrepancies::notes).orElse(List.of()));
        if (undecided.getLong(0) > 0) {
            notes.add(String.format(Locale.ROOT, "graphs too regular for the search of a canonical form, which ends after %,d steps:"
                + " %,d; %,d pairs of them count as the same and may be different", IsomorphismClass.MOST_VISITS,
                undecided.getLong(0), undecided.getLong(1) / 2));
        }
        return notes;
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
