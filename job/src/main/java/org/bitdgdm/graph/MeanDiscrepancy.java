package org.bitdgdm.graph;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Squared maximum mean discrepancy of two sets of graphs (Gretton et al., JMLR 13, 2012) as the published evaluation computes
 * it: the biased estimate, which is above 0 for two samples of one distribution, of histograms divided by their sum plus 1e-6.
 * With the kernel of total variation, which is not positive definite, it can be below 0.
 */
public final class MeanDiscrepancy {
    private static final double SMOOTHED = 1e-6;
    private static final int RESAMPLES = 200;
    private static final double LOW = 0.025;

    /** Distances of histograms; a kernel is e^(−d²/2σ²) of one. */
    private enum Ground {
        /** Half of the sum of absolute differences. */
        TOTAL_VARIATION,
        /** Mass times bins that it must be moved. */
        EARTH_MOVER,
        EUCLIDEAN
    }

    /** What is compared by which kernel, named as metrics are. */
    public enum Kernel {
        DEGREE("degree", GraphStatistics::degrees, Ground.TOTAL_VARIATION, 1, 1, true),
        CLUSTERING("clustering", GraphStatistics::clustering, Ground.TOTAL_VARIATION, 0.1, 1, true),
        ORBIT("orbit", GraphStatistics::orbits, Ground.TOTAL_VARIATION, 30, 1, false),
        SPECTRAL("spectral", GraphStatistics::spectrum, Ground.TOTAL_VARIATION, 1, 1, true),
        DEGREE_EMD("degree_emd", GraphStatistics::degrees, Ground.EARTH_MOVER, 1, 1, true),
        CLUSTERING_EMD("clustering_emd", GraphStatistics::clustering, Ground.EARTH_MOVER, 0.1, 100, true),
        ORBIT_GAUSSIAN("orbit_gaussian", GraphStatistics::orbits, Ground.EUCLIDEAN, 30, 1, false),
        SPECTRAL_EMD("spectral_emd", GraphStatistics::spectrum, Ground.EARTH_MOVER, 1, 1, true);

        private final String label;
        private final Function<GraphStatistics, double[]> statistic;
        private final Ground ground;
        private final double sigma;
        private final double scale;
        private final boolean normalised;

        Kernel(String label, Function<GraphStatistics, double[]> statistic, Ground ground, double sigma, double scale,
               boolean normalised) {
            this.label = label;
            this.statistic = statistic;
            this.ground = ground;
            this.sigma = sigma;
            this.scale = scale;
            this.normalised = normalised;
        }

        /** The end of the metric's name. */
        public String label() {
            return label;
        }

        /** What is compared by what, in words. */
        public String meaning() {
            String what = switch (label.split("_")[0]) {
                case "degree" -> "degrees";
                case "clustering" -> "clustering coefficients in 100 bins";
                case "orbit" -> "mean counts of the 15 orbits of subgraphs of up to four nodes";
                default -> "eigenvalues of the normalised Laplacian in 200 bins";
            };
            String by = switch (ground) {
                case TOTAL_VARIATION -> "total variation";
                case EARTH_MOVER -> "the way that mass must be moved";
                case EUCLIDEAN -> "Euclidean distance";
            };
            return what + " by a Gaussian kernel of " + by;
        }

        private double[][] of(List<GraphStatistics> graphs) {
            return graphs.stream().map(graph -> {
                double[] values = statistic.apply(graph).clone();
                double sum = 0;
                for (double value : values) {
                    sum += value;
                }
                for (int k = 0; normalised && k < values.length; k++) {
                    values[k] /= sum + SMOOTHED;
                }
                return values;
            }).toArray(double[][]::new);
        }

        private double of(double[] a, double[] b) {
            double sum = 0;
            double moved = 0;
            for (int k = 0; k < Math.max(a.length, b.length); k++) {
                double difference = (k < a.length ? a[k] : 0) - (k < b.length ? b[k] : 0);
                moved += difference;
                sum += switch (ground) {
                    case TOTAL_VARIATION -> Math.abs(difference) / 2;
                    case EARTH_MOVER -> Math.abs(moved) / scale;
                    case EUCLIDEAN -> difference * difference;
                };
            }
            double squared = ground == Ground.EUCLIDEAN ? sum : sum * sum;
            return Math.exp(-squared / (2 * sigma * sigma));
        }
    }

    private MeanDiscrepancy() {
    }

    /**
     * A discrepancy.
     *
     * @param value of the two sets
     * @param low   lower end of the 95% interval of {@value #RESAMPLES} bootstrap samples of the first set's graphs, moved by
     *              what they are above the value on average; NaN with fewer than two graphs
     * @param high  its upper end
     * @param resampled values of the bootstrap samples, less what they are above the value on average; none with fewer than two
     *                  graphs. The k-th of two kernels is of the same graphs
     */
    public record Estimate(double value, double low, double high, double[] resampled) {
        static Estimate of(double value, double[] resampled) {
            double[] sorted = resampled.clone();
            Arrays.sort(sorted);
            return sorted.length == 0 ? new Estimate(value, Double.NaN, Double.NaN, resampled)
                : new Estimate(value, sorted[(int) (LOW * sorted.length)],
                    sorted[sorted.length - 1 - (int) (LOW * sorted.length)], resampled);
        }

        /** A sum of estimates of the same graphs, each times a factor. */
        public static Estimate sum(List<Estimate> estimates, double[] factors) {
            double value = 0;
            double[] resampled = new double[estimates.get(0).resampled.length];
            for (int k = 0; k < factors.length; k++) {
                value += factors[k] * estimates.get(k).value;
                for (int sample = 0; sample < resampled.length; sample++) {
                    resampled[sample] += factors[k] * estimates.get(k).resampled[sample];
                }
            }
            return of(value, resampled);
        }
    }

    /** The discrepancy of two sets of at least one graph each; the second counts as fixed. */
    public static Estimate of(Kernel kernel, List<GraphStatistics> set, List<GraphStatistics> reference) {
        double[][] a = kernel.of(set);
        double[][] b = kernel.of(reference);
        double[][] own = new double[a.length][a.length];
        double[] cross = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j <= i; j++) {
                own[i][j] = kernel.of(a[i], a[j]);
                own[j][i] = own[i][j];
            }
            for (double[] other : b) {
                cross[i] += kernel.of(a[i], other) / b.length;
            }
        }
        double fixed = 0;
        for (double[] one : b) {
            for (double[] other : b) {
                fixed += kernel.of(one, other) / b.length / b.length;
            }
        }
        int[] all = new int[a.length];
        Arrays.setAll(all, k -> k);
        double value = of(own, cross, fixed, all);
        if (a.length < 2) {
            return Estimate.of(value, new double[0]);
        }
        SplittableRandom random = new SplittableRandom(a.length);
        double[] resampled = new double[RESAMPLES];
        double mean = 0;
        for (int k = 0; k < RESAMPLES; k++) {
            resampled[k] = of(own, cross, fixed, random.ints(a.length, 0, a.length).toArray());
            mean += resampled[k] / RESAMPLES;
        }
        double above = mean - value;
        return Estimate.of(value, Arrays.stream(resampled).map(one -> one - above).toArray());
    }

    private static double of(double[][] own, double[] cross, double fixed, int[] chosen) {
        double n = chosen.length;
        double sum = fixed;
        for (int i : chosen) {
            for (int j : chosen) {
                sum += own[i][j] / n / n;
            }
            sum -= 2 * cross[i] / n;
        }
        return sum;
    }
}
