package org.bitdgdm.sample;

import java.io.Serializable;

import org.bitdgdm.kernels.GraphBatch;

/**
 * A graph as drawn, z₀.
 *
 * @param graphId id, the key of its random stream
 * @param n       nodes
 * @param nodes   (n) node classes
 * @param bonds   (n(n−1)/2) edge classes, upper triangle i &lt; j row-major; 0 = no edge
 */
public record SampledGraph(long graphId, int n, byte[] nodes, byte[] bonds) implements Serializable {

    public SampledGraph {
        if (nodes.length != n || bonds.length != n * (n - 1) / 2) {
            throw new IllegalArgumentException("graph " + graphId + " of " + n + " nodes must have " + n + " node and "
                + n * (n - 1) / 2 + " edge classes, found " + nodes.length + " and " + bonds.length);
        }
    }

    /** Copies graph {@code at} out of a batch. */
    static SampledGraph of(GraphBatch batch, int at) {
        int n = batch.nodeCount();
        byte[] nodes = new byte[n];
        System.arraycopy(batch.nodes(), at * n, nodes, 0, n);
        byte[] bonds = new byte[n * (n - 1) / 2];
        int slot = 0;
        for (int i = 0; i < n; i++) {
            int run = n - i - 1;
            System.arraycopy(batch.edges(), (at * n + i) * n + i + 1, bonds, slot, run);
            slot += run;
        }
        return new SampledGraph(batch.ids()[at], n, nodes, bonds);
    }
}
