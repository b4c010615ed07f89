package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.stddev_samp;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.conf.InputException;

/**
 * The difference in a verdict, such as validity, of two runs at the same graph ids: far narrower than two intervals, since
 * most graphs are judged alike in both.
 *
 * @param gained graphs valid here only
 * @param lost   graphs valid there only
 * @param graphs ids that both runs have; at least 1
 */
public record PairedDifference(long gained, long lost, long graphs) {

    /**
     * Compares a column of {@code molecules/} of two runs by id.
     *
     * @param column of booleans, such as {@code valid}
     * @throws InputException if the runs have no id in common
     */
    public static PairedDifference of(String column, Dataset<Row> here, Dataset<Row> there) {
        Column valid = col(column);
        Column other = col("other");
        Row counts = here.select("graph_id", column)
            .join(there.select(col("graph_id"), valid.as("other")), "graph_id")
            .agg(sum(when(valid.and(other.equalTo(false)), 1L).otherwise(0L)),
                sum(when(other.and(valid.equalTo(false)), 1L).otherwise(0L)), count(lit(1))).first();
        if (counts.getLong(2) == 0) {
            throw new InputException("two runs must have graphs of the same ids to be compared, found none in common");
        }
        return new PairedDifference(counts.getLong(0), counts.getLong(1), counts.getLong(2));
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
            Row found = here.select("graph_id", column)
                .join(there.select(col("graph_id"), col(column).as("other")), "graph_id")
                .select(col(column).minus(col("other")).cast("double").as("difference")).filter("difference is not null")
                .agg(avg("difference"), stddev_samp("difference"), count(lit(1))).first();
            long graphs = found.getLong(2);
            return new Mean(graphs == 0 ? null : found.getDouble(0),
                graphs < 2 ? null : found.getDouble(1) / Math.sqrt(graphs), graphs);
        }
    }
}
