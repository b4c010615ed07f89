package org.bitdgdm.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What differs between two runs at the same graph ids, as metrics: of verdicts, McNemar's table with Agresti and Min's interval,
 * over the ids that both have; of properties, the mean of the paired differences, over the ids at which both have one.
 * Uniqueness and novelty are no sums over graphs and have none.
 *
 * @param verdicts   metrics, with the column of each, of booleans
 * @param properties metrics, with the column of each, of numbers
 */
public record RunDifference(Map<String, String> verdicts, Map<String, String> properties) {
    /** Between runs of molecules. */
    public static final RunDifference MOLECULES = new RunDifference(
        columns("validity_difference", "valid", "relaxed_validity_difference", "relaxed_valid", "connected_difference",
            "connected"),
        columns("logp_difference", "logp", "weight_difference", "weight", "rings_difference", "rings"));
    /** Between runs of plain graphs. */
    public static final RunDifference GRAPHS = new RunDifference(
        columns("connected_difference", "connected"),
        columns("num_edges_difference", "num_edges", "mean_clustering_difference", "mean_clustering"));
    /** Every name of a difference, in order. */
    public static final List<String> METRICS = Stream.of(MOLECULES, GRAPHS).flatMap(one -> one.names().stream()).distinct()
        .toList();

    private static Map<String, String> columns(String... namesAndColumns) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (int k = 0; k < namesAndColumns.length; k += 2) {
            columns.put(namesAndColumns[k], namesAndColumns[k + 1]);
        }
        return columns;
    }

    /** Names of the metrics, in order. */
    public List<String> names() {
        return Stream.concat(verdicts.keySet().stream(), properties.keySet().stream()).toList();
    }

    /** Columns that are read of both runs, besides their ids. */
    public List<String> columns() {
        return Stream.concat(verdicts.values().stream(), properties.values().stream()).toList();
    }

    /**
     * Compares the rows of two runs.
     *
     * @return here − there, in the order of {@link #names()}
     * @throws org.bitdgdm.conf.InputException if the runs have no id in common
     */
    public List<Metric> of(Dataset<Row> here, Dataset<Row> there) {
        List<Metric> metrics = new ArrayList<>();
        verdicts.forEach((name, column) -> {
            PairedDifference found = PairedDifference.of(column, here, there);
            metrics.add(new Metric(name, found.value(), found.gained() - found.lost(), found.graphs(), found.low(),
                found.high()));
        });
        properties.forEach((name, column) -> {
            PairedMean found = PairedMean.of(column, here, there);
            Double half = found.standardError() == null ? null : Interval.Z * found.standardError();
            metrics.add(new Metric(name, found.value(), null, found.graphs(), half == null ? null : found.value() - half,
                half == null ? null : found.value() + half));
        });
        return metrics;
    }
}
