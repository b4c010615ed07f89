package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.bitdgdm.conf.InputException;

/**
 * Two runs at the same graph ids, and the metrics of what differs between them, here − there: of verdicts, McNemar's table with
 * Agresti and Min's interval, over the ids that both have; of properties, the mean of the paired differences, over the ids at
 * which both have one. Uniqueness and novelty are no sums over graphs and have none.
 *
 * @param here  scored rows
 * @param there those of the other run
 */
public record RunDifference(Dataset<Row> here, Dataset<Row> there) {
    private static final String SUFFIX = "_difference";

    /** The difference of a metric that is the share of a verdict. */
    static MetricDefinition<RunDifference> of(MetricDefinition<?> verdict) {
        String column = verdict.column();
        return difference(MetricDefinition.<RunDifference>share(verdict.name() + SUFFIX, runs -> {
            Verdicts found = Verdicts.of(column, runs.here, runs.there);
            return new Measured(found.value(), found.gained() - found.lost(), found.graphs(), found.low(), found.high(), null);
        }), verdict.label(), column).by("A. Agresti and Y. Min, Statistics in Medicine 24, 2005");
    }

    /** The mean difference of a column of numbers. */
    static MetricDefinition<RunDifference> ofNumbers(String column, String label, String unit) {
        return difference(MetricDefinition.<RunDifference>number(column + SUFFIX, runs -> {
            Verdicts.Mean found = Verdicts.Mean.of(column, runs.here, runs.there);
            return found.value() == null ? Measured.none(null, found.graphs(), "no graph has one in both runs")
                : Measured.around(found.value(), null, found.graphs(),
                    found.standardError() == null ? null : Interval.Z * found.standardError());
        }), label, column).in(unit);
    }

    /**
     * The difference of a ratio of sums over the residues of single samples, such as recovery, at the ids at which both runs
     * have it. Samples of a chain depend on each other: the error is that of ratios of sums over chains, as each run's own is.
     *
     * @param column of rows of {@link SequenceRows#SCHEMA}
     * @param total  sum over the designed residues of a row
     */
    static MetricDefinition<RunDifference> ofResidues(String column, Column total, String label, String unit) {
        return difference(MetricDefinition.<RunDifference>number(column + SUFFIX, runs -> {
            List<Row> chains = residues(runs.here, total, "here").join(residues(runs.there, total, "there")
                .drop("structure", "chain"), "graph_id").groupBy("structure", "chain")
                .agg(ExactSum.ofNumbers(col("here")), sum("designed_here"), ExactSum.ofNumbers(col("there")),
                    sum("designed_there"))
                .orderBy("structure", "chain").collectAsList();
            return clustered(chains.stream().map(row -> new double[] {row.getDouble(2), row.getLong(3), row.getDouble(4),
                row.getLong(5)}).toList());
        }), label, column).in(unit).counting(label + " of single samples here − there, at the graph ids of both runs");
    }

    private static Dataset<Row> residues(Dataset<Row> rows, Column total, String name) {
        return rows.filter(col("sample").isNotNull().and(total.isNotNull()).and(col("designed").gt(0)))
            .select(col("graph_id"), col("structure"), col("chain"), total.as(name), col("designed").as("designed_" + name));
    }

    /**
     * Difference of two ratios of sums over the same chains.
     *
     * @param chains total and residues here, total and residues there of each
     */
    static Measured clustered(List<double[]> chains) {
        int n = chains.size();
        double[] sums = new double[4];
        chains.forEach(chain -> Arrays.setAll(sums, k -> sums[k] + chain[k]));
        if (n == 0) {
            return Measured.none(null, 0L, "no single sample has one in both runs");
        }
        double here = sums[0] / sums[1];
        double there = sums[2] / sums[3];
        double squares = 0;
        double all = 0;
        for (double[] chain : chains) {
            double rest = (chain[0] - here * chain[1]) / sums[1] - (chain[2] - there * chain[3]) / sums[3];
            squares += rest * rest;
            all += Math.pow(chain[0] / sums[1], 2) + Math.pow(chain[2] / sums[3], 2);
        }
        return Measured.around(here - there, null, (long) sums[1],
            n < 2 || Interval.alike(squares, all) ? null : Interval.student(n - 1) * Math.sqrt(squares * n / (n - 1)));
    }

    private static MetricDefinition<RunDifference> difference(MetricDefinition<RunDifference> of, String label, String column) {
        // "Validity", but "logP".
        String rest = label.substring(1);
        String what = rest.equals(rest.toLowerCase(Locale.ROOT)) ? label.toLowerCase(Locale.ROOT) : label;
        return of.called(label + " difference").ofColumn(column).needing(MetricDefinition.Need.OTHER_RUN)
            .counting(what + " here − there, at the graph ids of both runs");
    }

    /**
     * The difference in a verdict, such as validity, of two runs at the same graph ids: far narrower than two intervals, since
     * most graphs are judged alike in both.
     *
     * @param gained graphs valid here only
     * @param lost   graphs valid there only
     * @param graphs ids that both runs have; at least 1
     */
    public record Verdicts(long gained, long lost, long graphs) {

        /**
         * Compares a column of {@code molecules/} of two runs by id.
         *
         * @param column of booleans, such as {@code valid}
         * @throws InputException if the runs have no id in common
         */
        public static Verdicts of(String column, Dataset<Row> here, Dataset<Row> there) {
            Column valid = col(column);
            Column other = col("other");
            Row counts = here.select("graph_id", column)
                .join(there.select(col("graph_id"), valid.as("other")), "graph_id")
                .agg(sum(when(valid.and(other.equalTo(false)), 1L).otherwise(0L)),
                    sum(when(other.and(valid.equalTo(false)), 1L).otherwise(0L)), count(lit(1))).first();
            if (counts.getLong(2) == 0) {
                throw new InputException("two runs must have graphs of the same ids to be compared, found none in common");
            }
            return new Verdicts(counts.getLong(0), counts.getLong(1), counts.getLong(2));
        }

        /** Share valid here − share valid there. */
        public double value() {
            return (gained - lost) / (double) graphs;
        }

        /** Lower end of the 95% interval. */
        public double low() {
            return centre() - half();
        }

        /** Upper end of the 95% interval. */
        public double high() {
            return centre() + half();
        }

        /** Agresti and Min (Statistics in Medicine 24, 2005): half a graph added to each of the four cells of the table. */
        private double centre() {
            return (gained - lost) / (graphs + 2.0);
        }

        private double half() {
            double n = graphs + 2.0;
            double difference = gained - lost;
            return Interval.Z * Math.sqrt(gained + lost + 1 - difference * difference / n) / n;
        }

        /**
         * The mean difference in a property of two runs over the graph ids at which both have it.
         *
         * @param value         mean of here − there; null without such ids
         * @param standardError of {@code value}; null with fewer than two ids
         * @param graphs        ids
         */
        public record Mean(Double value, Double standardError, long graphs) {

            /**
             * Compares a column of {@code molecules/} by id; rows without a value are left out.
             *
             * @param column of numbers, such as {@code logp}
             */
            public static Mean of(String column, Dataset<Row> here, Dataset<Row> there) {
                Dataset<Row> differences = here.select("graph_id", column)
                    .join(there.select(col("graph_id"), col(column).as("other")), "graph_id")
                    .select(col(column).minus(col("other")).cast("double").as("difference")).filter("difference is not null")
                    .persist(StorageLevel.MEMORY_AND_DISK());
                try {
                    Row found = differences.agg(ExactSum.ofNumbers(col("difference")), count(lit(1))).first();
                    long graphs = found.getLong(1);
                    if (graphs == 0) {
                        return new Mean(null, null, graphs);
                    }
                    double mean = found.getDouble(0) / graphs;
                    Column apart = col("difference").minus(mean);
                    double squares = differences.agg(ExactSum.ofNumbers(apart.multiply(apart))).first().getDouble(0);
                    return new Mean(mean, graphs < 2 ? null : Math.sqrt(squares / (graphs - 1) / graphs), graphs);
                } finally {
                    differences.unpersist();
                }
            }
        }
    }
}
