package org.bitdgdm.fidelity;

/**
 * A mean over entries of several graphs, with the standard error that comes from the graphs being a sample. Entries of one
 * graph depend on each other, so graphs are what is counted as independent.
 *
 * @param value         Σ over graphs ÷ {@code count}; null if there is nothing to average
 * @param standardError of {@code value}; null with fewer than two graphs
 * @param count         entries averaged
 */
public record Estimate(Double value, Double standardError, long count) {
    /** Φ⁻¹(0.975). */
    private static final double Z = 1.959963984540054;

    /** Upper end of the 95% interval; NaN where there is none. */
    public double upper() {
        return standardError == null ? Double.NaN : value + Z * standardError;
    }

    /**
     * The ratio estimator Σ s_g ÷ Σ c_g, with the variance of its linearization, G/(G−1) · Σ (s_g − R c_g)² ÷ (Σ c_g)²
     * (Cochran, "Sampling Techniques", 3rd ed., section 6.4).
     *
     * @param sums   (G) sum of each graph's entries
     * @param counts (G) entries of each graph
     */
    static Estimate of(double[] sums, long[] counts) {
        double sum = 0;
        long count = 0;
        for (int g = 0; g < sums.length; g++) {
            sum += sums[g];
            count += counts[g];
        }
        if (count == 0) {
            return new Estimate(null, null, 0);
        }
        double ratio = sum / count;
        double squares = 0;
        for (int g = 0; g < sums.length; g++) {
            double deviation = sums[g] - ratio * counts[g];
            squares += deviation * deviation;
        }
        int graphs = sums.length;
        return new Estimate(ratio, graphs < 2 ? null : Math.sqrt(squares * graphs / (graphs - 1)) / count, count);
    }
}
