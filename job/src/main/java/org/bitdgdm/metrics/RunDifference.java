package org.bitdgdm.metrics;

import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Two runs at the same graph ids, and the metrics of what differs between them, here − there: of verdicts, McNemar's table with
 * Agresti and Min's interval, over the ids that both have; of properties, the mean of the paired differences, over the ids at
 * which both have one. Uniqueness and novelty are no sums over graphs and have none.
 *
 * @param here  scored rows
 * @param there those of the other run
 */
record RunDifference(Dataset<Row> here, Dataset<Row> there) {
    private static final String SUFFIX = "_difference";

    /** The difference of a metric that is the share of a verdict. */
    static MetricDefinition<RunDifference> of(MetricDefinition<?> verdict) {
        String column = verdict.column();
        return difference(MetricDefinition.<RunDifference>share(verdict.name() + SUFFIX, runs -> {
            PairedDifference found = PairedDifference.of(column, runs.here, runs.there);
            return new Measured(found.value(), found.gained() - found.lost(), found.graphs(), found.low(), found.high(), null);
        }), verdict.label(), column).by("A. Agresti and Y. Min, Statistics in Medicine 24, 2005");
    }

    /** The mean difference of a column of numbers. */
    static MetricDefinition<RunDifference> ofNumbers(String column, String label, String unit) {
        return difference(MetricDefinition.<RunDifference>number(column + SUFFIX, runs -> {
            PairedDifference.Mean found = PairedDifference.Mean.of(column, runs.here, runs.there);
            return found.value() == null ? Measured.none(null, found.graphs(), "no graph has one in both runs")
                : Measured.around(found.value(), null, found.graphs(),
                    found.standardError() == null ? null : Interval.Z * found.standardError());
        }), label, column).in(unit);
    }

    private static MetricDefinition<RunDifference> difference(MetricDefinition<RunDifference> of, String label, String column) {
        // "Validity", but "logP".
        String rest = label.substring(1);
        String what = rest.equals(rest.toLowerCase(Locale.ROOT)) ? label.toLowerCase(Locale.ROOT) : label;
        return of.called(label + " difference").ofColumn(column).needing(MetricDefinition.Need.OTHER_RUN)
            .counting(what + " here − there, at the graph ids of both runs");
    }
}
