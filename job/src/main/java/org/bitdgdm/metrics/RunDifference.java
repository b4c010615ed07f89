package org.bitdgdm.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What differs between two runs at the same graph ids, as metrics: {@code validity_difference},
 * {@code relaxed_validity_difference} and {@code connected_difference} (McNemar's table, Agresti and Min's interval, over
 * the ids that both have), {@code logp_difference}, {@code weight_difference} and {@code rings_difference} (mean of the paired
 * differences, over the ids at which both are molecules). Uniqueness and novelty are no sums over graphs and have none.
 */
public final class RunDifference {
    /** Verdicts, with the column of each. */
    private static final List<List<String>> VERDICTS = List.of(List.of("validity_difference", "valid"),
        List.of("relaxed_validity_difference", "relaxed_valid"), List.of("connected_difference", "connected"));
    /** Properties, with the column of each. */
    private static final List<List<String>> PROPERTIES = List.of(List.of("logp_difference", "logp"),
        List.of("weight_difference", "weight"), List.of("rings_difference", "rings"));
    /** Names of the metrics, in order. */
    public static final List<String> METRICS = Stream.concat(VERDICTS.stream(), PROPERTIES.stream())
        .map(one -> one.get(0)).toList();

    private RunDifference() {
    }

    /**
     * Compares the rows of {@code molecules/} of two runs.
     *
     * @return here − there, in the order of {@link #METRICS}
     * @throws org.bitdgdm.conf.InputException if the runs have no id in common
     */
    public static List<Metric> of(Dataset<Row> here, Dataset<Row> there) {
        List<Metric> metrics = new ArrayList<>();
        for (List<String> verdict : VERDICTS) {
            PairedDifference found = PairedDifference.of(verdict.get(1), here, there);
            metrics.add(new Metric(verdict.get(0), found.value(), found.gained() - found.lost(), found.graphs(), found.low(),
                found.high()));
        }
        for (List<String> property : PROPERTIES) {
            PairedMean found = PairedMean.of(property.get(1), here, there);
            Double half = found.standardError() == null ? null : Interval.Z * found.standardError();
            metrics.add(new Metric(property.get(0), found.value(), null, found.graphs(),
                half == null ? null : found.value() - half, half == null ? null : found.value() + half));
        }
        return metrics;
    }
}
