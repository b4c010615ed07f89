package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.stddev_samp;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The mean difference in a property of two runs over the graph ids at which both have it.
 *
 * @param value         mean of here − there; null without such ids
 * @param standardError of {@code value}; null with fewer than two ids
 * @param graphs        ids
 */
public record PairedMean(Double value, Double standardError, long graphs) {

    /**
     * Compares a column of {@code molecules/} by id; rows without a value are left out.
     *
     * @param column of numbers, such as {@code logp}
     */
    public static PairedMean of(String column, Dataset<Row> here, Dataset<Row> there) {
        Row found = here.select("graph_id", column)
            .join(there.select(col("graph_id"), col(column).as("other")), "graph_id")
            .select(col(column).minus(col("other")).cast("double").as("difference")).filter("difference is not null")
            .agg(avg("difference"), stddev_samp("difference"), count(lit(1))).first();
        long graphs = found.getLong(2);
        return new PairedMean(graphs == 0 ? null : found.getDouble(0),
            graphs < 2 ? null : found.getDouble(1) / Math.sqrt(graphs), graphs);
    }
}
