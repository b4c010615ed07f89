package org.bitdgdm.metrics;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How far the distributions of a run are from those of the training set: Wasserstein-1 of what is ordered, in its own unit;
 * Jensen–Shannon divergence of classes, in bits, 0 (equal) to 1 (disjoint). Properties are compared by their bins, which
 * moves a distance by less than a bin's width. Chance alone gives a sample of N graphs a distance above 0 that falls with
 * N: compare at equal N.
 *
 * <p>Standard errors are those of the infinitesimal jackknife (Jaeckel 1972; Efron, "The Jackknife, the Bootstrap and Other
 * Resampling Plans", 1982, chapter 6): {@code se² = Σ_g U_g² ÷ (n (n − 1))} with U_g the derivative of the distance by the
 * weight of graph g. Every U_g depends on the bin of its graph only, or for atoms and bonds on its class counts, linearly,
 * so that histograms and {@link ClassMoments} are enough: no graph is read again, nothing is drawn, and the cost does not
 * grow with the number of graphs. The training set counts as fixed. An error says how far chance has moved the distance that
 * a run of so many graphs shows on average; that average itself is above the model's own distance, see above.
 */
public final class DistributionDistances {
    private final Map<String, Distance> distances = new LinkedHashMap<>();

    /** How two distributions are compared. */
    public enum Kind {
        WASSERSTEIN("w1_", "W1", "Wasserstein-1 distance of %s from the training set, in its own unit", "",
            Double.POSITIVE_INFINITY),
        JENSEN_SHANNON("js_", "JS", "Jensen–Shannon divergence of %s from the training set, bits, 0 to 1",
            "J. Lin, IEEE Trans. Inf. Theory 37, 1991", 1);

        private final String prefix;
        private final String label;
        private final String meaning;
        private final String source;
        private final double most;

        Kind(String prefix, String label, String meaning, String source, double most) {
            this.prefix = prefix;
            this.label = label;
            this.meaning = meaning;
            this.source = source;
            this.most = most;
        }

        /** How names of such distances begin. */
        String prefix() {
            return prefix;
        }

        /** What pages call it. */
        public String label() {
            return label;
        }

        /** What it says of a distribution. */
        String meaning(String of) {
            return String.format(Locale.ROOT, meaning, of);
        }

        /** Unit of a distance of values in a unit. */
        String unit(String ofValues) {
            return this == JENSEN_SHANNON ? "bits" : ofValues;
        }

        String source() {
            return source;
        }

        /** The largest that it can be. */
        double most() {
            return most;
        }

        private Distance of(Histogram one, Histogram other, Optional<ClassMoments> moments) {
            return this == WASSERSTEIN ? wasserstein(one, other, moments) : jensenShannon(one, other, moments);
        }
    }

    /**
     * A distance of a run.
     *
     * @param value         of the histograms
     * @param standardError of {@code value}; null with fewer than two graphs
     */
    record Distance(double value, Double standardError) {
    }

    private DistributionDistances() {
    }

    /**
     * All distances of a run from a training set.
     *
     * @param kinds   of the distributions compared
     * @param moments by name of a distribution, where a graph is counted more than once in it
     */
    static DistributionDistances of(List<Distribution> kinds, Distributions run, Map<String, ClassMoments> moments,
                                    Distributions reference) {
        DistributionDistances found = new DistributionDistances();
        for (Distribution kind : kinds) {
            Distance distance = reference.find(kind.name()).map(other -> kind.distance().of(run.of(kind.name()), other,
                Optional.ofNullable(moments.get(kind.name())))).orElse(null);
            if (distance != null) {
                found.distances.put(kind.name(), distance);
            }
        }
        return found;
    }

    /** The metric of a distribution: its distance in {@code found}, which is empty where no training set is known. */
    static Measured measured(Distribution kind, Optional<DistributionDistances> found, long graphs) {
        return Measured.distance(found.flatMap(all -> Optional.ofNullable(all.distances.get(kind.name()))), kind.distance(),
            graphs, found.isPresent() ? "nothing to compare" : "no training set is known");
    }

    /**
     * ∫ |F − G|: in one dimension the least mean distance that one distribution must be moved to become the other. A graph
     * in bin j has {@code U_j = Σ_b s_b ([j ≤ b] − F_b)}, s_b the sign of F_b − G_b times the bins' width.
     *
     * @param one every count a graph of its own
     */
    static Distance wasserstein(Histogram one, Histogram other) {
        return wasserstein(one, other, Optional.empty());
    }

    /**
     * The same.
     *
     * @param moments of the graphs in which {@code one} was counted; empty where every count is a graph of its own
     */
    static Distance wasserstein(Histogram one, Histogram other, Optional<ClassMoments> moments) {
        long total = one.total();
        if (total == 0 || other.total() == 0) {
            return null;
        }
        List<String> labels = one.labelsWith(other);
        double[] shares = labels.stream().mapToDouble(one::share).toArray();
        double[] signs = new double[shares.length];
        double cumulated = 0;
        double difference = 0;
        double sum = 0;
        double mean = 0;
        for (int b = 0; b < shares.length; b++) {
            cumulated += shares[b];
            difference += shares[b] - other.share(labels.get(b));
            signs[b] = Math.signum(difference) * one.binWidth();
            sum += Math.abs(difference) * one.binWidth();
            mean += signs[b] * cumulated;
        }
        double squares = 0;
        double above = 0;
        Map<String, Double> slopes = new LinkedHashMap<>();
        for (int b = shares.length - 1; b >= 0; b--) {
            above += signs[b];
            squares += shares[b] * (above - mean) * (above - mean);
            slopes.put(labels.get(b), above);
        }
        if (moments.isPresent()) {
            return new Distance(sum, ofGraphs(moments.get(), slopes, mean, total));
        }
        return new Distance(sum, total < 2 ? null : Math.sqrt(squares / (total - 1)));
    }

    /**
     * ½ KL(P ‖ M) + ½ KL(Q ‖ M), M = (P + Q)/2, to base 2 (Lin, IEEE Trans. Inf. Theory 37, 1991). Its derivative by p_k is
     * {@code ½ log2(p_k ÷ m_k)} up to a constant, which the sum of shares takes away.
     *
     * @param moments of the graphs in which {@code one} was counted; empty where every count is a graph of its own
     */
    static Distance jensenShannon(Histogram one, Histogram other, Optional<ClassMoments> moments) {
        if (one.total() == 0 || other.total() == 0) {
            return null;
        }
        Set<String> labels = new LinkedHashSet<>(one.counts().keySet());
        labels.addAll(other.counts().keySet());
        Map<String, Double> slopes = new LinkedHashMap<>();
        double sum = 0;
        double mean = 0;
        for (String label : labels) {
            double p = one.share(label);
            double q = other.share(label);
            sum += half(p, p + q) + half(q, p + q);
            double slope = p == 0 ? 0 : 0.5 * Math.log(2 * p / (p + q)) / Math.log(2);
            slopes.put(label, slope);
            mean += p * slope;
        }
        double value = Math.max(0, sum / Math.log(2));
        return new Distance(value, moments.isPresent() ? ofGraphs(moments.get(), slopes, mean, one.total())
            : ofCounts(one, slopes, mean));
    }

    private static Double ofCounts(Histogram one, Map<String, Double> slopes, double mean) {
        double squares = 0;
        for (String label : one.counts().keySet()) {
            squares += one.share(label) * (slopes.get(label) - mean) * (slopes.get(label) - mean);
        }
        return one.total() < 2 ? null : Math.sqrt(squares / (one.total() - 1));
    }

    /** Shares are sums over graphs ÷ the sum of their totals: the ratio estimator. */
    private static Double ofGraphs(ClassMoments moments, Map<String, Double> slopes, double mean, long total) {
        double[] factors = moments.labels().stream().mapToDouble(label -> slopes.getOrDefault(label, mean) - mean).toArray();
        double graphs = moments.graphs();
        return graphs < 2 ? null : Math.sqrt(moments.squares(factors) * graphs / (graphs - 1)) / total;
    }

    private static double half(double p, double sum) {
        return p == 0 ? 0 : 0.5 * p * Math.log(2 * p / sum);
    }
}
