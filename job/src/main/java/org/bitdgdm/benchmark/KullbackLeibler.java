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
     * The divergence of the densities; NaN where one has no width.
     *
     * @param baseline what the other is compared with
     */
    public static double ofNumbers(double[] baseline, double[] sample) {
        double low = Math.min(Arrays.stream(baseline).min().orElseThrow(), Arrays.stream(sample).min().orElseThrow());
        double high = Math.max(Arrays.stream(baseline).max().orElseThrow(), Arrays.stream(sample).max().orElseThrow());
        double[] p = density(baseline, low, high);
        double[] q = density(sample, low, high);
        return p == null || q == null ? Double.NaN : entropy(p, q);
    }

    /** The divergence of the shares of the bins. */
    public static double ofCounts(double[] baseline, double[] sample) {
        double low = Arrays.stream(baseline).min().orElseThrow();
        double high = Arrays.stream(baseline).max().orElseThrow();
        if (low == high) {
            low -= 0.5;
            high += 0.5;
        }
        return entropy(shares(baseline, low, high), shares(sample, low, high));
    }

    private static double[] density(double[] values, double low, double high) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double variance = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / (values.length - 1);
        double width = Math.sqrt(variance) * Math.pow(values.length, -0.2);
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
                counts[Math.min(BINS - 1, (int) ((value - low) / (high - low) * BINS))]++;
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
