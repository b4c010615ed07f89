package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Scaffolds;

/**
 * Metrics of a set of scored graphs on Spark. One pass counts graph by graph, one shuffle by SMILES counts molecule by
 * molecule; the driver sees counts only, never rows, so memory does not grow with the set.
 */
public final class MoleculeMetrics {
    private static final String GRAPH_ID = "graph_id";
    private static final String SMILES = "smiles";
    private static final String GRAPHS = "graphs";

    private MoleculeMetrics() {
    }

    /**
     * Computes counts, metrics and distributions.
     *
     * @param molecules  rows with the columns of {@code molecules/}; read twice, more often for prefixes
     * @param vocabulary what the classes of the rows stand for
     * @param reference  the training set; without one, novelty is absent
     * @param protocol   what is divided by what
     */
    public static MetricReport compute(Dataset<Row> molecules, Vocabulary vocabulary, Optional<ReferenceSet> reference,
                                       Protocol protocol) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(molecules.sparkSession().sparkContext());
        Dataset<Row> smiles = molecules.filter(col("relaxed_valid")).select(col(GRAPH_ID), col(SMILES));
        try {
            spark.sc().setJobDescription("metrics: verdicts and distributions");
            GraphTally graphs = graphs(molecules, vocabulary);
            spark.sc().setJobDescription("metrics: different molecules");
            Set<String> scaffolds = reference.map(set -> Set.copyOf(set.distributions().of(Distributions.SCAFFOLDS).counts().keySet()))
                .orElse(Set.of());
            SmilesTally different =
                different(smiles, spark, reference.map(ReferenceSet::hashes).orElse(new long[0]), scaffolds);
            spark.sc().setJobDescription("metrics: first molecules");
            SortedMap<Integer, MetricCounts.PrefixCounts> prefixes = new TreeMap<>();
            for (int prefix : protocol.prefixes()) {
                if (graphs.relaxedValid() >= prefix) {
                    prefixes.put(prefix, first(smiles, prefix));
                }
            }
            MetricCounts counts = new MetricCounts(graphs.graphs(), graphs.valid(), graphs.relaxedValid(),
                graphs.connected(), graphs.fragments(), different.distinct(), different.once(),
                reference.isEmpty() ? null : Long.valueOf(different.novel()),
                reference.isEmpty() ? null : Long.valueOf(different.novelOnce()), prefixes);
            Distributions found = graphs.distributions().with(different.scaffolds().among(reference.map(set ->
                set.distributions().of(Distributions.SCAFFOLDS).counts().keySet()).orElse(Set.of())));
            return MetricReport.of(protocol, counts, found, reference.map(set ->
                DistributionDistances.of(found, graphs.atoms(), graphs.bonds(), set.distributions())));
        } finally {
            spark.sc().setJobDescription(null);
        }
    }

    private static GraphTally graphs(Dataset<Row> molecules, Vocabulary vocabulary) {
        Column[] columns = GraphTally.COLUMNS.stream().map(name -> col(name)).toArray(Column[]::new);
        return molecules.select(columns).javaRDD()
            .treeAggregate(new GraphTally(vocabulary), GraphTally::add, GraphTally::merge);
    }

    private static SmilesTally different(Dataset<Row> smiles, JavaSparkContext spark, long[] hashes,
                                         Set<String> scaffolds) {
        Broadcast<long[]> training = spark.broadcast(hashes);
        try {
            return smiles.groupBy(col(SMILES)).agg(count(lit(1)).as(GRAPHS)).javaRDD()
                .mapPartitions(rows -> List.of(counted(rows, training.value(), scaffolds)).iterator())
                .treeAggregate(new SmilesTally(), SmilesTally::merge, SmilesTally::merge);
        } finally {
            training.destroy();
        }
    }

    private static SmilesTally counted(Iterator<Row> rows, long[] training, Set<String> scaffolds) {
        SmilesTally tally = new SmilesTally();
        Scaffolds toolkit = new Scaffolds();
        while (rows.hasNext()) {
            Row row = rows.next();
            if (!scaffolds.isEmpty()) {
                String label = ScaffoldTally.label(row.getString(0), toolkit);
                tally.addScaffold(scaffolds.contains(label) ? label : ScaffoldTally.OTHER, row.getLong(1));
            }
            tally.add(row.getLong(1), ReferenceSet.contains(training, row.getString(0)));
        }
        return tally;
    }

    /** Counts among the first molecules by graph id, on executors. */
    private static MetricCounts.PrefixCounts first(Dataset<Row> smiles, int prefix) {
        List<Row> counted = smiles.orderBy(col(GRAPH_ID)).limit(prefix).groupBy(col(SMILES))
            .agg(count(lit(1)).as(GRAPHS))
            .agg(count(lit(1)), sum(when(col(GRAPHS).equalTo(1), 1L).otherwise(0L))).collectAsList();
        return new MetricCounts.PrefixCounts(counted.get(0).getLong(0), counted.get(0).getLong(1));
    }
}
