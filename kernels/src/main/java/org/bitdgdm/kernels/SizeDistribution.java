package org.bitdgdm.kernels;

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
