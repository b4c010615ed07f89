package org.bitdgdm.metrics;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How far the distributions of a run are from those of the training set: Wasserstein-1 of what is ordered, in its own unit;
 * Jensen–Shannon divergence of classes, in bits, 0 (equal) to 1 (disjoint). Properties are compared by their bins, which
 * moves a distance by less than a bin's width. Chance alone gives a sample of N graphs a distance above 0 that falls with
 * N: compare at equal N.
 */
final class DistributionDistances {
    /** Names of the metrics, in order. */
    static final List<String> METRICS = List.of("w1_logp", "w1_weight", "w1_rings", "js_atoms", "js_bonds", "js_sizes",
        "js_scaffolds");

    private DistributionDistances() {
    }

    /** By name; null where one of the two has counted nothing. */
    static Map<String, Double> of(Distributions run, Distributions reference) {
        Map<String, Double> distances = new LinkedHashMap<>();
        distances.put("w1_logp", wasserstein(run.logp(), reference.logp()));
        distances.put("w1_weight", wasserstein(run.weight(), reference.weight()));
        distances.put("w1_rings", wasserstein(run.rings(), reference.rings()));
        distances.put("js_atoms", jensenShannon(run.atoms(), reference.atoms()));
        distances.put("js_bonds", jensenShannon(run.bonds(), reference.bonds()));
        distances.put("js_sizes", jensenShannon(run.sizes(), reference.sizes()));
        distances.put("js_scaffolds", jensenShannon(run.scaffolds(), reference.scaffolds()));
        return distances;
    }

    /** ∫ |F − G|: in one dimension the least mean distance that one distribution must be moved to become the other. */
    static Double wasserstein(Histogram one, Histogram other) {
        if (one.total() == 0 || other.total() == 0) {
            return null;
        }
        double difference = 0;
        double sum = 0;
        for (String label : one.labelsWith(other)) {
            difference += one.share(label) - other.share(label);
            sum += Math.abs(difference) * one.binWidth();
        }
        return sum;
    }

    /** ½ KL(P ‖ M) + ½ KL(Q ‖ M), M = (P + Q)/2, to base 2 (Lin, IEEE Trans. Inf. Theory 37, 1991). */
    static Double jensenShannon(Histogram one, Histogram other) {
        if (one.total() == 0 || other.total() == 0) {
            return null;
        }
        Set<String> labels = new LinkedHashSet<>(one.counts().keySet());
        labels.addAll(other.counts().keySet());
        double sum = 0;
        for (String label : labels) {
            double p = one.share(label);
            double q = other.share(label);
            sum += half(p, p + q) + half(q, p + q);
        }
        return Math.max(0, sum / Math.log(2));
    }

    private static double half(double p, double sum) {
        return p == 0 ? 0 : 0.5 * p * Math.log(2 * p / sum);
    }
}
