package org.bitdgdm.benchmark;

import java.util.Arrays;

/**
 * Divergence of one sample's distribution from another's, in nats, as GuacaMol estimates it (Brown et al., J. Chem. Inf.
 * Model. 59, 2019): of numbers by Gaussian kernel densities of Scott's width at 1,000 places, of counts by ten bins of the
 * first sample. Each place and bin gets 1e-10 more before both are made to sum to 1.
 */
public final class KullbackLeibler {
    private static final double LEAST = 1e-10;
    private static final int PLACES = 1000;
    private static final int BINS = 10;
    /** Standard deviations beyond which a kernel adds less than {@value #LEAST} by orders of magnitude. */
    private static final double REACH = 12;

    private KullbackLeibler() {
    }

    /**
     * A divergence, and how it would change.
     *
     * @param value     nats; NaN where a distribution has no width
     * @param influence (values of the sample) derivative by a value's weight, times the number of values: its mean is 0, and the
     *                  mean of its square ÷ that number is the variance of the divergence (the infinitesimal jackknife: Jaeckel,
     *                  1972); the baseline counts as fixed
     */
    public record Divergence(double value, double[] influence) {
    }

    /**
     * The divergence of the densities.
     *
     * @param baseline what the other is compared with
     */
    public static Divergence ofNumbers(double[] baseline, double[] sample) {
        double low = Math.min(Arrays.stream(baseline).min().orElseThrow(), Arrays.stream(sample).min().orElseThrow());
        double high = Math.max(Arrays.stream(baseline).max().orElseThrow(), Arrays.stream(sample).max().orElseThrow());
        double[] p = density(baseline, low, high);
        double[] q = density(sample, low, high);
        return p == null || q == null ? new Divergence(Double.NaN, new double[sample.length])
            : new Divergence(entropy(p, q), ofDensity(sample, low, high, slopes(p, q)));
    }

    /** The divergence of the shares of the bins. */
    public static Divergence ofCounts(double[] baseline, double[] sample) {
        double low = Arrays.stream(baseline).min().orElseThrow();
        double high = Arrays.stream(baseline).max().orElseThrow();
        if (low == high) {
            low -= 0.5;
            high += 0.5;
        }
        double[] p = shares(baseline, low, high);
        double[] q = shares(sample, low, high);
        return new Divergence(entropy(p, q), ofShares(sample, low, high, slopes(p, q)));
    }

    /** Derivatives of the divergence by what the second distribution was before it was made to sum to 1. */
    private static double[] slopes(double[] p, double[] q) {
        double sumP = Arrays.stream(p).sum();
        double sumQ = Arrays.stream(q).sum();
        double[] slopes = new double[p.length];
        Arrays.setAll(slopes, k -> 1 / sumQ - p[k] / sumP / q[k]);
        return slopes;
    }

    /** Each value adds a kernel, and moves the width of all. */
    private static double[] ofDensity(double[] values, double low, double high, double[] slopes) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double width = width(values);
        double variance = Math.pow(width / Math.pow(values.length, -0.2), 2);
        double[] influence = new double[values.length];
        double byWidth = 0;
        for (int k = 0; k < values.length; k++) {
            int first = (int) Math.max(0, Math.ceil((values[k] - REACH * width - low) / (high - low) * (PLACES - 1)));
            int last = (int) Math.min(PLACES - 1, Math.floor((values[k] + REACH * width - low) / (high - low) * (PLACES - 1)));
            for (int place = first; place <= last; place++) {
                double z = (values[k] - low - (high - low) * place / (PLACES - 1)) / width;
                double kernel = slopes[place] * Math.exp(-0.5 * z * z) / (width * Math.sqrt(2 * Math.PI));
                influence[k] += kernel;
                byWidth += kernel * (z * z - 1) / width / values.length;
            }
        }
        for (int k = 0; k < values.length; k++) {
            double moved = (values[k] - mean) * (values[k] - mean) / variance - 1;
            influence[k] += byWidth * width * moved / 2;
        }
        return centred(influence);
    }

    private static double[] ofShares(double[] values, double low, double high, double[] slopes) {
        double inside = Arrays.stream(values).filter(value -> value >= low && value <= high).count();
        double[] shares = new double[BINS];
        for (double value : values) {
            if (value >= low && value <= high) {
                shares[bin(value, low, high)] += 1 / inside;
            }
        }
        double mean = 0;
        for (int bin = 0; bin < BINS; bin++) {
            mean += slopes[bin] * shares[bin];
        }
        double[] influence = new double[values.length];
        double scale = values.length / inside / ((high - low) / BINS);
        for (int k = 0; k < values.length; k++) {
            influence[k] = values[k] >= low && values[k] <= high ? scale * (slopes[bin(values[k], low, high)] - mean) : 0;
        }
        return influence;
    }

    private static double[] centred(double[] influence) {
        double mean = Arrays.stream(influence).average().orElseThrow();
        for (int k = 0; k < influence.length; k++) {
            influence[k] -= mean;
        }
        return influence;
    }

    /** Scott's; 0 where all values are the same. */
    private static double width(double[] values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double variance = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / (values.length - 1);
        return Math.sqrt(variance) * Math.pow(values.length, -0.2);
    }

    private static int bin(double value, double low, double high) {
        return Math.min(BINS - 1, (int) ((value - low) / (high - low) * BINS));
    }

    private static double[] density(double[] values, double low, double high) {
        double width = width(values);
        if (!(width > 0)) {
            return null;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double[] density = new double[PLACES];
        double scale = 1 / (values.length * width * Math.sqrt(2 * Math.PI));
        for (int place = 0; place < PLACES; place++) {
            double at = low + (high - low) * place / (PLACES - 1);
            int first = insertion(sorted, at - REACH * width);
            int last = insertion(sorted, at + REACH * width);
            double sum = 0;
            for (int k = first; k < last; k++) {
                double z = (sorted[k] - at) / width;
                sum += Math.exp(-0.5 * z * z);
            }
            density[place] = sum * scale + LEAST;
        }
        return density;
    }

    private static int insertion(double[] sorted, double value) {
        int at = Arrays.binarySearch(sorted, value);
        return at >= 0 ? at : -at - 1;
    }

    /** Density of each bin; what lies outside is left out. */
    private static double[] shares(double[] values, double low, double high) {
        double[] counts = new double[BINS];
        double total = 0;
        for (double value : values) {
            if (value >= low && value <= high) {
                counts[bin(value, low, high)]++;
                total++;
            }
        }
        for (int bin = 0; bin < BINS; bin++) {
            counts[bin] = (total == 0 ? 0 : counts[bin] / total / ((high - low) / BINS)) + LEAST;
        }
        return counts;
    }

    private static double entropy(double[] p, double[] q) {
        double sumP = Arrays.stream(p).sum();
        double sumQ = Arrays.stream(q).sum();
        double sum = 0;
        for (int k = 0; k < p.length; k++) {
            sum += p[k] / sumP * Math.log(p[k] / sumP / (q[k] / sumQ));
        }
        return sum;
    }
}
