package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * How many nodes a graph has: the one thing of it that no noise changes, drawn first.
 *
 * @param weights (maxNodes+1) relative frequency of graphs with n nodes, index n
 */
public record SizeDistribution(float[] weights) {

    public SizeDistribution {
        LimitDistribution.require("sizes", weights);
        if (weights[0] != 0) {
            throw new IllegalArgumentException("diffusion: a graph of 0 nodes must have frequency 0, found " + weights[0]);
        }
    }

    /**
     * The same for graphs of so many nodes only, as often as here; all alike where no graph here has so many.
     *
     * @throws IllegalArgumentException if these are no numbers of nodes of this distribution
     */
    public SizeDistribution within(int from, int to) {
        if (from < 1 || to < from || to >= weights.length) {
            throw new IllegalArgumentException("must be numbers from 1 to " + (weights.length - 1)
                + ", the most of the model's training set");
        }
        float[] kept = new float[weights.length];
        System.arraycopy(weights, from, kept, from, to - from + 1);
        boolean none = true;
        for (float weight : kept) {
            none &= weight == 0;
        }
        if (none) {
            Arrays.fill(kept, from, to + 1, 1);
        }
        return new SizeDistribution(kept);
    }

    /** Draws the number of nodes of a graph; counter (graph id, {@link CounterRandom#SIZE_TIME}, slot 0). */
    public int draw(long seed, long graphId) {
        float u = CounterRandom.uniform(seed, graphId, CounterRandom.SIZE_TIME, 0);
        return CounterRandom.draw(u, weights, 0, weights.length);
    }

    /** The most frequent number of nodes, the smallest of several. */
    public int mode() {
        int mode = 1;
        for (int n = 2; n < weights.length; n++) {
            mode = weights[n] > weights[mode] ? n : mode;
        }
        return mode;
    }
}
