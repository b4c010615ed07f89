package org.bitdgdm.metrics;

import java.io.Serializable;
import java.util.List;

/**
 * Sums over graphs of products of their class counts, {@code M_kl = Σ_g c_gk c_gl}: with the counts themselves all that the
 * variance of a function of the shares of classes needs, since the atoms of one graph depend on each other. Whole numbers:
 * parts add up in any order to the same.
 */
final class ClassMoments implements Serializable {
    private static final long serialVersionUID = 1;

    private final List<String> labels;
    /** (k, k) row-major, the upper triangle; null before anything was added, so that an empty one is small to send. */
    private long[] products;
    private long graphs;

    /** @param labels of the classes */
    ClassMoments(List<String> labels) {
        this.labels = List.copyOf(labels);
    }

    /** Adds a graph: how often it has each class. */
    void add(long[] counts) {
        graphs++;
        products = products == null ? new long[labels.size() * labels.size()] : products;
        for (int k = 0; k < counts.length; k++) {
            for (int l = k; counts[k] > 0 && l < counts.length; l++) {
                products[k * counts.length + l] += counts[k] * counts[l];
            }
        }
    }

    /** Adds the sums of another part to these. */
    void merge(ClassMoments other) {
        graphs += other.graphs;
        products = products == null && other.products != null ? new long[labels.size() * labels.size()] : products;
        for (int at = 0; other.products != null && at < products.length; at++) {
            products[at] += other.products[at];
        }
    }

    /** Graphs added. */
    long graphs() {
        return graphs;
    }

    /** The classes, in the order of the factors. */
    List<String> labels() {
        return labels;
    }

    /** {@code Σ_g (Σ_k h_k c_gk)² = hᵀ M h}. */
    double squares(double[] factors) {
        int size = labels.size();
        double sum = 0;
        for (int k = 0; products != null && k < size; k++) {
            for (int l = k; l < size; l++) {
                sum += (l == k ? 1 : 2) * factors[k] * factors[l] * products[k * size + l];
            }
        }
        // Rounding may leave a tiny negative number where every graph is alike.
        return Math.max(0, sum);
    }
}
