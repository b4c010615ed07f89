package org.bitdgdm.metrics;

import java.util.Optional;
import org.bitdgdm.fidelity.Estimate;

/**
 * The value of a metric with its counts and its 95% interval, or the reason why there is none. Components are those of
 * {@link Metric}.
 *
 * @param absent why there is no value; null where there is one
 */
public record Measured(Double value, Long numerator, Long denominator, Double low, Double high, String absent) {
    /** Share of a sum of squares that is left of a difference of two such sums by rounding. */
    private static final double ROUNDING = 1e-14;
    /** Of the ends of an interval, so near to each other that only rounding is between them. */
    private static final double NARROWEST = 1e-12;
    private static final String NO_GRAPHS = "no graphs";
    private static final String NO_REFERENCE = "no training set is known";

    public Measured {
        // An interval without width would deny chance; it comes of observations that are all alike, which say nothing about it.
        if (low != null && high - low <= NARROWEST * Math.max(Math.abs(low), Math.abs(high))) {
            low = null;
            high = null;
        }
    }

    /** Under a name. */
    Metric named(String name) {
        return new Metric(name, value, numerator, denominator, low, high);
    }

    /** A share of all graphs. */
    static Measured share(long counted, long graphs) {
        return graphs == 0 ? none(counted, 0L, NO_GRAPHS) : ratio(counted, graphs, Interval.wilson(counted, graphs));
    }

    /**
     * A sum over graphs ÷ what they hold, such as atoms, which depend on each other within a graph: the interval takes graphs as
     * independent, with the variance of the ratio's linearization (Cochran, "Sampling Techniques", 3rd ed., section 6.4).
     *
     * @param squares  sum over graphs of the square of what is summed
     * @param products sum over graphs of it times what the graph holds
     * @param sizes    sum over graphs of the square of what the graph holds
     * @param graphs   how many
     * @param most     largest value that there can be
     */
    static Measured ofGraphs(long sum, long among, double squares, double products, double sizes, long graphs, double most) {
        if (among == 0) {
            return none(sum, 0L, NO_GRAPHS);
        }
        double ratio = sum / (double) among;
        double deviations = Math.max(0, squares - 2 * ratio * products + ratio * ratio * sizes);
        // Sums of squares cancel to no more than this where no graph differs from the ratio, which says nothing about chance.
        boolean alike = deviations <= ROUNDING * squares;
        return around(ratio, sum, among, graphs < 2 || alike ? null
            : Interval.Z * Math.sqrt(deviations * graphs / (graphs - 1.0)) / among).within(0, most);
    }

    /** A sum over graphs ÷ their number, likewise; {@code squares} is the sum of the squares of what is summed. */
    static Measured mean(long sum, double squares, long graphs) {
        return ofGraphs(sum, graphs, squares, sum, graphs, graphs, Double.POSITIVE_INFINITY);
    }

    /**
     * Different ones ÷ all.
     *
     * @param once   those seen exactly once
     * @param reason why there is none where {@code among} is 0
     */
    static Measured uniqueness(long distinct, long once, long among, String reason) {
        return among == 0 ? none(distinct, among, reason) : ratio(distinct, among, Interval.jackknife(distinct, once, among));
    }

    /** Different ones that no training set has ÷ different ones; {@code novel} is null where no training set is known. */
    static Measured novelty(Long novel, Long novelOnce, long distinct, long once, long among, String reason) {
        if (novel == null) {
            return none(null, distinct, NO_REFERENCE);
        }
        return distinct == 0 ? none(0L, 0L, reason)
            : ratio(novel, distinct, Interval.jackknifeOfNovelty(novel, distinct, novelOnce, once, among));
    }

    /** Different ones that no training set has ÷ graphs; {@code novel} is null where no training set is known. */
    static Measured novelPerGraph(Long novel, Long novelOnce, long graphs) {
        if (novel == null) {
            return none(null, graphs, NO_REFERENCE);
        }
        return graphs == 0 ? none(0L, 0L, NO_GRAPHS) : ratio(novel, graphs, Interval.jackknife(novel, novelOnce, graphs));
    }

    /** Uniqueness among the first molecules; {@code found} is null where there are fewer. */
    static Measured prefix(int prefix, Counts.OfMolecules.PrefixCounts found) {
        return found == null ? none(null, (long) prefix, "fewer than " + prefix + " molecules")
            : ratio(found.distinct(), prefix, Interval.jackknife(found.distinct(), found.once(), prefix));
    }

    /** The mean over graphs of a property, from its sum and the sum of its squares over {@code among} of them. */
    static Measured average(double sum, double squares, long among) {
        if (among == 0) {
            return none(null, 0L, NO_GRAPHS);
        }
        double mean = sum / among;
        double variance = squares / among - mean * mean;
        return around(mean, null, among, among < 2 || variance <= ROUNDING * squares / among ? null
            : Interval.Z * Math.sqrt(variance / (among - 1)));
    }

    /**
     * A distance of two distributions, with an interval within what it can be.
     *
     * @param reason why there is none
     */
    static Measured distance(Optional<DistributionDistances.Distance> found, DistributionDistances.Kind kind, long graphs,
                             String reason) {
        if (found.isEmpty()) {
            return none(null, graphs, reason);
        }
        double value = found.get().value();
        Double error = found.get().standardError();
        return new Measured(value, null, graphs, error == null ? null : Math.max(0, value - Interval.Z * error),
            error == null ? null : Math.min(kind.most(), value + Interval.Z * error), null);
    }

    /** The same with an interval that holds no value below or above what there can be. */
    Measured within(double least, double most) {
        return low == null ? this : new Measured(value, numerator, denominator, Math.max(least, low), Math.min(most, high),
            absent);
    }

    /** A mean that may be negative. */
    static Measured signed(Estimate estimate) {
        return around(estimate.value(), null, estimate.count(),
            estimate.standardError() == null ? null : Interval.Z * estimate.standardError());
    }

    /**
     * A mean that is not negative.
     *
     * @param numerator the count that it is a mean of; null for values that are no counts
     * @param reason    why there is none where it has no value
     */
    static Measured positive(Estimate estimate, Long numerator, String reason) {
        if (estimate.value() == null) {
            return new Measured(null, numerator, estimate.count(), null, null, reason);
        }
        Measured found = signed(estimate);
        return new Measured(found.value, numerator, found.denominator, found.low == null ? null : Math.max(0, found.low),
            found.high, null);
    }

    /** A value with as much on both sides; {@code half} is null where it is not known. */
    static Measured around(double value, Long numerator, long among, Double half) {
        return new Measured(value, numerator, among, half == null ? null : value - half, half == null ? null : value + half,
            null);
    }

    static Measured ratio(long numerator, long denominator, Interval interval) {
        return new Measured(numerator / (double) denominator, numerator, denominator,
            interval == null ? null : interval.low(), interval == null ? null : interval.high(), null);
    }

    static Measured none(Long numerator, Long denominator, String reason) {
        return new Measured(null, numerator, denominator, null, null, reason);
    }
}
