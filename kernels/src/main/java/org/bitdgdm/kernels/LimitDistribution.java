package org.bitdgdm.kernels;

/**
 * What noise turns classes into: the distributions that a graph's nodes and edges have at the end of the noise, and that
 * sampling draws them from.
 *
 * @param nodes (a) relative frequency of each node class
 * @param edges (b) relative frequency of each edge class
 */
public record LimitDistribution(float[] nodes, float[] edges) {

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
