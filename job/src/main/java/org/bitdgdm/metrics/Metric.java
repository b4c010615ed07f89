package org.bitdgdm.metrics;

import java.util.Locale;
import java.util.Objects;

/**
 * One number of a run. Value and bounds are null where the metric is not defined; {@link MetricReport#absent} says why.
 *
 * @param name        as in {@link Protocol#metricNames} or {@link org.bitdgdm.fidelity.FidelityReport#METRICS}
 * @param value       numerator ÷ denominator, or a mean over {@code denominator} entries
 * @param numerator   raw count; null where it could not be counted, and for means of values that are no counts
 * @param denominator raw count; null where it could not be counted
 * @param low         lower end of the 95% interval; null where none is known
 * @param high        upper end of the 95% interval; null where none is known
 */
public record Metric(String name, Double value, Long numerator, Long denominator, Double low, Double high) {

    public Metric {
        Objects.requireNonNull(name, "a metric must have a name");
        if ((low == null) != (high == null) || low != null && value == null) {
            throw new IllegalArgumentException(name + " must have both ends of an interval around a value, or neither");
        }
        if (value != null && denominator == null) {
            throw new IllegalArgumentException(name + " must have the count that its value is over");
        }
    }

    /** For people: {@code 0.9840 (0.9761 to 0.9893), 984/1000}, or {@code absent}. */
    public String text() {
        if (value == null) {
            return "absent";
        }
        String bounds = low == null ? "" : String.format(Locale.ROOT, " (%.4f to %.4f)", low, high);
        return numerator == null ? String.format(Locale.ROOT, "%.3g, mean of %d", value, denominator)
            : String.format(Locale.ROOT, "%.4f%s, %d/%d", value, bounds, numerator, denominator);
    }
}
