package org.bitdgdm.kernels;

import java.io.Serializable;

/**
 * A part of every graph that is known beforehand and stays as it is: its first nodes and all pairs among them, those without
 * an edge too. It is sampled around by replacement, as DiGress's authors condition on a substructure (Vignac et al., ICLR 2023,
 * "Substructure conditioned generation", after RePaint: Lugmayr et al., CVPR 2022): whatever state a step reaches, the classes
 * of the part are put in their place as the noise of that time leaves them, and at the end as they are.
 *
 * <p>The draws of this noise take the counters of those that they replace, see {@link CounterRandom}.
 *
 * @param nodes (m) node classes, at least one
 * @param edges (m(m−1)/2) edge classes, upper triangle i &lt; j, row-major
 */
public record FixedPart(byte[] nodes, byte[] edges) implements Serializable {

    public FixedPart {
        if (nodes.length < 1 || edges.length != Graph.pairs(nodes.length)) {
            throw new IllegalArgumentException("a fixed part must have at least 1 node and one edge class of each pair i < j,"
                + " found " + nodes.length + " nodes and " + edges.length + " edge classes");
        }
    }

    /** Number of nodes, m. */
    public int n() {
        return nodes.length;
    }

    /**
     * Puts the part into graphs where a step begins.
     *
     * @throws IllegalArgumentException if the graphs are smaller
     */
    void begin(GraphBatch batch, LimitDistribution limits, long seed, Sampler.Step first) {
        if (batch.nodeCount() < n()) {
            throw new IllegalArgumentException("graphs must have at least the " + n() + " nodes of their fixed part, found "
                + batch.nodeCount());
        }
        put(batch, limits, seed, first.from(), first.alphaBarFrom());
    }

    /** Puts the part into graphs that a step has reached. */
    void replace(GraphBatch batch, LimitDistribution limits, long seed, Sampler.Step step) {
        put(batch, limits, seed, step.to(), step.to() == 0 ? 1 : step.alphaBarTo());
    }

    /** @param kept share of entries that are still their own */
    private void put(GraphBatch batch, LimitDistribution limits, long seed, int counter, float kept) {
        int n = batch.nodeCount();
        Noised node = new Noised(limits.nodes(), kept);
        Noised edge = new Noised(limits.edges(), kept);
        for (int g = 0; g < batch.size(); g++) {
            long id = batch.ids()[g];
            for (int i = 0; i < n(); i++) {
                batch.nodes()[g * n + i] = (byte) node.draw(nodes[i], seed, id, counter, i);
            }
            for (int i = 0, pair = 0; i < n(); i++) {
                for (int j = i + 1; j < n(); j++, pair++) {
                    batch.setEdge(g, i, j, edge.draw(edges[pair], seed, id, counter, CounterRandom.edgeSlot(n, i, j)));
                }
            }
        }
    }

    /** q(z | x) of one kind of element: its own class with the share that is kept, else one of the limit distribution. */
    private static final class Noised {
        private final float[] limit;
        private final float[] weights;
        private final float kept;
        private float total;

        Noised(float[] limit, float kept) {
            this.limit = limit;
            this.kept = kept;
            this.weights = new float[limit.length];
            for (float weight : limit) {
                total += weight;
            }
        }

        int draw(int own, long seed, long id, int counter, int slot) {
            if (kept == 1) {
                return own;
            }
            for (int k = 0; k < weights.length; k++) {
                weights[k] = (1 - kept) * limit[k] / total + (k == own ? kept : 0);
            }
            return CounterRandom.draw(CounterRandom.uniform(seed, id, counter, slot), weights, 0, weights.length);
        }
    }
}
