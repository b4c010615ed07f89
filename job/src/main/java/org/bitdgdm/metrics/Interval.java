package org.bitdgdm.metrics;

import org.apache.commons.math3.distribution.TDistribution;

/**
 * A 95% interval of a ratio, clipped to 0…1.
 *
 * <p>A jackknife has no width where leaving out a row changes the ratio nowhere, or everywhere alike; that says nothing
 * about chance. Where the ratio is at its limit, a one-sided 95% bound takes its place, from the largest loss that would
 * still leave no trace in 5 of 100 samples; elsewhere there is no interval.
 *
 * @param low  lower end
 * @param high upper end
 */
record Interval(double low, double high) {
    /** Φ⁻¹(0.975). */
    static final double Z = 1.959963984540054;
    /** −ln 0.05, the "rule of three": a Poisson count of this mean is 0 in 5 of 100 samples. */
    private static final double UNSEEN = 2.995732273553991;
    /** The least k with c − 1 + e^(−c) ≤ k (c − ln(1 + c)) for all c above 0; the two are farthest apart at c = 2.914. */
    private static final double REPEATS = 1.2704;
    /** Of squares of numbers: far above the square of what a double cannot tell, far below one residue of ten billion. */
    private static final double ROUNDING = 1e-24;

    /**
     * Whether a sum of squared differences is what rounding leaves of numbers that are all alike, which says nothing about chance.
     *
     * @param of sum of the squares of what is subtracted
     */
    static boolean alike(double squares, double of) {
        return squares <= ROUNDING * of;
    }

    /** The 0.975 quantile of Student's distribution, for a mean of so few that their spread is itself uncertain. */
    static double student(int degrees) {
        return new TDistribution(null, degrees).inverseCumulativeProbability(0.975);
    }

    /** Wilson's score interval of a share of independent rows (JASA 22, 1927); {@code trials} at least 1. */
    static Interval wilson(long successes, long trials) {
        double n = trials;
        double share = successes / n;
        double scale = 1 / (1 + Z * Z / n);
        double centre = scale * (share + Z * Z / (2 * n));
        double half = scale * Z * Math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n));
        return clipped(centre - half, centre + half);
    }

    /**
     * Jackknife interval of distinct ÷ rows: leaving out a row takes one from the distinct molecules where it was the only
     * one of its kind, so se = √(f₁(1 − f₁/n))/n. Also right for novel ÷ rows with the novel ones seen once.
     *
     * <p>Where every row counts and none repeats (f₁ = n) the interval is [1 − {@value #REPEATS} · 3.00/n, 1], whatever the
     * distribution. With Poisson counts of mean c of each molecule no one repeats with probability Π (1 + c) e^(−c), and
     * Σ (c − 1 + e^(−c)) rows are repeats on average, at most {@value #REPEATS} times −ln of that probability; rows that
     * do not count at all add the same mean to both. Where nothing counts it is [0, 3.00/n].
     *
     * @param distinct different molecules counted
     * @param once     f₁, those of them seen exactly once
     * @param rows     n, at least 1
     * @return null where every molecule that counts was seen again
     */
    static Interval jackknife(long distinct, long once, long rows) {
        double n = rows;
        if (once == rows) {
            return clipped(1 - REPEATS * UNSEEN / n, 1);
        }
        if (distinct == 0) {
            return clipped(0, UNSEEN / n);
        }
        return once == 0 ? null : around(distinct / n, Math.sqrt(once * (1 - once / n)) / n);
    }

    /**
     * Jackknife interval of novel ÷ distinct, to first order like the above: leaving out a row seen once changes the ratio
     * ν by −(1 − ν)/D where it is novel and by +ν/D where it is not; other rows change nothing. Where all are novel it is
     * [1 − 3.00/D, 1], where none is [0, 3.00/D].
     *
     * @param novel     different molecules that are new
     * @param distinct  D, different molecules, at least 1
     * @param novelOnce new molecules seen exactly once
     * @param once      molecules seen exactly once
     * @param rows      n, rows that have a molecule
     * @return null where no molecule was seen once only
     */
    static Interval jackknifeOfNovelty(long novel, long distinct, long novelOnce, long once, long rows) {
        if (novel == distinct) {
            return clipped(1 - UNSEEN / distinct, 1);
        }
        if (novel == 0) {
            return clipped(0, UNSEEN / distinct);
        }
        if (once == 0) {
            return null;
        }
        double share = novel / (double) distinct;
        double lost = (1 - share) / distinct;
        double gained = share / distinct;
        long knownOnce = once - novelOnce;
        double sum = knownOnce * gained - novelOnce * lost;
        double squares = knownOnce * gained * gained + novelOnce * lost * lost;
        return around(share, Math.sqrt(Math.max(0, squares - sum * sum / rows)));
    }

    private static Interval around(double value, double error) {
        return clipped(value - Z * error, value + Z * error);
    }

    private static Interval clipped(double low, double high) {
        return new Interval(Math.max(0, low), Math.min(1, high));
    }
}
