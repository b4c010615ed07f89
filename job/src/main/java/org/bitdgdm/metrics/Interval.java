package org.bitdgdm.metrics;

/**
 * A 95% interval of a ratio, clipped to 0…1.
 *
 * @param low  lower end
 * @param high upper end
 */
record Interval(double low, double high) {
    /** Φ⁻¹(0.975). */
    static final double Z = 1.959963984540054;

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
     * @param distinct different molecules counted
     * @param once     f₁, those of them seen exactly once
     * @param rows     n, at least 1
     */
    static Interval jackknife(long distinct, long once, long rows) {
        double n = rows;
        double error = Math.sqrt(once * (1 - once / n)) / n;
        return around(distinct / n, error);
    }

    /**
     * Jackknife interval of novel ÷ distinct, to first order like the above: leaving out a row seen once changes the ratio
     * ν by −(1 − ν)/D where it is novel and by +ν/D where it is not; other rows change nothing.
     *
     * @param novel     different molecules that are new
     * @param distinct  D, different molecules, at least 1
     * @param novelOnce new molecules seen exactly once
     * @param once      molecules seen exactly once
     * @param rows      n, rows that have a molecule
     */
    static Interval jackknifeOfNovelty(long novel, long distinct, long novelOnce, long once, long rows) {
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
