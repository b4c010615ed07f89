package org.bitdgdm.metrics;

import java.util.List;
import org.apache.commons.math3.distribution.BinomialDistribution;

/**
 * Recovery and perplexity over the residues of chains, as the published code has them, and the medians over chains that other
 * papers give. Residues of a chain depend on each other: intervals are those of ratios of sums over chains (Cochran, "Sampling
 * Techniques", chapter 6), and of the median by order statistics.
 */
final class RecoveryEstimate {
    private static final int LEAST_OF_MEDIAN = 6;
    /** Chance that the median lies on one side of its interval. */
    private static final double OUTSIDE = 0.025;
    private static final String NONE = "no sequence";
    private static final String UNLIKELY = "no likelihood of these sequences";

    private final List<SequenceTally.Chain> chains;
    private final long residues;

    RecoveryEstimate(List<SequenceTally.Chain> chains) {
        this.chains = chains;
        this.residues = chains.stream().mapToLong(chain -> chain.residues).sum();
    }

    /** Recovered ÷ designed residues. */
    Measured recovery() {
        if (residues == 0) {
            return Measured.none(0L, 0L, NONE);
        }
        long recovered = chains.stream().mapToLong(chain -> chain.recovered).sum();
        double value = recovered / (double) residues;
        Double half = half(value, chain -> chain.recovered);
        return new Measured(value, recovered, residues, half == null ? null : Math.max(0, value - half),
            half == null ? null : Math.min(1, value + half), null);
    }

    /** Exp of the mean over residues of −log p of the native one. */
    Measured perplexity() {
        if (residues == 0 || chains.stream().anyMatch(chain -> !chain.likely)) {
            return Measured.none(null, 0L, residues == 0 ? NONE : UNLIKELY);
        }
        double mean = chains.stream().mapToLong(chain -> chain.surprise).sum() * SequenceTally.UNIT / residues;
        Double half = half(mean, chain -> chain.surprise * SequenceTally.UNIT);
        return new Measured(Math.exp(mean), null, residues, half == null ? null : Math.exp(mean - half),
            half == null ? null : Math.exp(mean + half), null);
    }

    /** A number of a chain. */
    private interface Total {
        double of(SequenceTally.Chain chain);
    }

    /**
     * Half the interval of Σ totals ÷ Σ residues, by Student's distribution, since chains are often few; null where there are
     * fewer than two, and where none differs from the ratio, which says nothing about chance.
     */
    private Double half(double ratio, Total total) {
        int n = chains.size();
        if (n < 2) {
            return null;
        }
        double squares = 0;
        double all = 0;
        for (SequenceTally.Chain chain : chains) {
            double rest = total.of(chain) - ratio * chain.residues;
            squares += rest * rest;
            all += total.of(chain) * total.of(chain);
        }
        return Interval.alike(squares, all) ? null : Interval.student(n - 1) * Math.sqrt(squares * n / (n - 1)) / residues;
    }

    /** Median over chains of their recoveries. */
    Measured medianRecovery() {
        return median(chain -> chain.recovered / (double) chain.residues);
    }

    /** Median over chains of their perplexities. */
    Measured medianPerplexity() {
        return chains.stream().anyMatch(chain -> !chain.likely) ? Measured.none(null, 0L, UNLIKELY)
            : median(chain -> Math.exp(chain.surprise * SequenceTally.UNIT / chain.residues));
    }

    private Measured median(Total total) {
        double[] values = chains.stream().mapToDouble(total::of).sorted().toArray();
        int n = values.length;
        if (n == 0) {
            return Measured.none(null, 0L, NONE);
        }
        double value = (values[(n - 1) / 2] + values[n / 2]) / 2;
        if (n < LEAST_OF_MEDIAN || values[0] == values[n - 1]) {
            return new Measured(value, null, (long) n, null, null, null);
        }
        int below = below(n);
        return new Measured(value, null, (long) n, values[below], values[n - 1 - below], null);
    }

    /**
     * How many of n ordered values lie outside the interval of the median on either side: the most of which the interval still
     * holds the median in 95 of 100 samples, whatever the distribution, by the binomial distribution of how many lie below it.
     *
     * @param n at least 6; of fewer even all values hold it less often
     */
    static int below(int n) {
        BinomialDistribution lower = new BinomialDistribution(null, n, 0.5);
        int most = lower.inverseCumulativeProbability(OUTSIDE);
        return lower.cumulativeProbability(most) <= OUTSIDE ? most : most - 1;
    }
}
