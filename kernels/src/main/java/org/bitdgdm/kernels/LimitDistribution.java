package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What noise turns classes into: the distributions that a graph's nodes and edges have at the end of the noise, and that
 * sampling draws them from.
 *
 * @param kind  how they come from the frequencies of the training set
 * @param nodes (a) relative frequency of each node class
 * @param edges (b) relative frequency of each edge class
 */
public record LimitDistribution(Kind kind, float[] nodes, float[] edges) {

    /**
     * How limits come from the frequencies of the training set: {@code model.transition} of DiGress, which has the first two,
     * and of DeFoG ({@code src/flow_matching/noise_distribution.py}). Files know it by its ordinal.
     */
    public enum Kind {
        /** They are the frequencies. */
        MARGINAL,
        /** All classes alike. */
        UNIFORM,
        /** All is class 0. */
        ABSORBFIRST,
        /** All is the most frequent class. */
        ARGMAX,
        /** Nodes uniform, edges by frequency. */
        EDGE_MARGINAL,
        /** Nodes by frequency, edges uniform. */
        NODE_MARGINAL,
        /** All is one more class, the last, which no data has and no network predicts; where there is more than one. */
        ABSORBING;

        /** As configurations write it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Labels of all. */
        public static List<String> labels() {
            return Arrays.stream(values()).map(Kind::label).toList();
        }

        /** The kind of a label, one of {@link #labels}. */
        public static Kind of(String label) {
            return Arrays.stream(values()).filter(kind -> kind.label().equals(label)).findFirst().orElseThrow();
        }

        /** Whether a flow begins not at 0 but 1e-6 later, since at 0 nothing could jump. */
        boolean beginsLater() {
            return this == ABSORBFIRST || this == ABSORBING;
        }

        /** Classes in all where the data has so many. */
        public int classes(int ofData) {
            return this == ABSORBING && ofData > 1 ? ofData + 1 : ofData;
        }

        /** Limits of classes by their frequencies. */
        public LimitDistribution of(float[] nodes, float[] edges) {
            return new LimitDistribution(this, limit(nodes, this == UNIFORM || this == EDGE_MARGINAL),
                limit(edges, this == UNIFORM || this == NODE_MARGINAL));
        }

        private float[] limit(float[] frequencies, boolean uniform) {
            if (!uniform && (this == MARGINAL || this == EDGE_MARGINAL || this == NODE_MARGINAL)) {
                return frequencies;
            }
            float[] limit = new float[classes(frequencies.length)];
            if (uniform) {
                Arrays.fill(limit, 1f / limit.length);
                return limit;
            }
            int all = this == ABSORBING ? limit.length - 1 : 0;
            for (int k = 0; this == ARGMAX && k < limit.length; k++) {
                all = frequencies[k] > frequencies[all] ? k : all;
            }
            limit[all] = 1;
            return limit;
        }
    }

    /** Frequencies as they are. */
    public LimitDistribution(float[] nodes, float[] edges) {
        this(Kind.MARGINAL, nodes, edges);
    }

    public LimitDistribution {
        require("node marginal", nodes);
        require("edge marginal", edges);
    }

    /** Checks that weights are those of a distribution, whatever their sum. */
    static void require(String name, float[] weights) {
        double sum = 0;
        for (float weight : weights) {
            if (!(weight >= 0) || Float.isInfinite(weight)) {
                throw new IllegalArgumentException("diffusion: " + name + " must be finite and not negative, found "
                    + weight);
            }
            sum += weight;
        }
        if (!(sum > 0)) {
            throw new IllegalArgumentException("diffusion: " + name + " must have a positive sum, found " + sum);
        }
    }
}
