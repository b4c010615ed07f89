package org.bitdgdm.kernels;

/**
 * Graphs of one size, each with its id: what a {@link Denoiser} advances in place. Never padded.
 *
 * <p>{@code nodes} is (B, n) and {@code edges} (B, n, n), both row-major class indices, one a byte. Edges are symmetric
 * and the diagonal is class 0; every method of this package keeps it so.
 */
public final class GraphBatch {
    private final int nodeCount;
    private final long[] ids;
    private final byte[] nodes;
    private final byte[] edges;

    /** A batch whose classes are all 0. */
    public GraphBatch(int nodeCount, long[] ids) {
        this(nodeCount, ids, new byte[Math.multiplyExact(ids.length, nodeCount)],
            new byte[Math.multiplyExact(ids.length, Math.multiplyExact(nodeCount, nodeCount))]);
    }

    /** A batch over given arrays, which are not copied. */
    public GraphBatch(int nodeCount, long[] ids, byte[] nodes, byte[] edges) {
        if (nodeCount < 1) {
            throw new IllegalArgumentException("a graph must have at least 1 node, found " + nodeCount);
        }
        if (nodes.length != ids.length * nodeCount || edges.length != ids.length * nodeCount * nodeCount) {
            throw new IllegalArgumentException("a batch of " + ids.length + " graphs of " + nodeCount + " nodes must have "
                + ids.length * nodeCount + " node and " + ids.length * nodeCount * nodeCount + " edge classes, found "
                + nodes.length + " and " + edges.length);
        }
        this.nodeCount = nodeCount;
        this.ids = ids;
        this.nodes = nodes;
        this.edges = edges;
    }

    /** Graphs in the batch, B. */
    public int size() {
        return ids.length;
    }

    /** Nodes of each graph, n. */
    public int nodeCount() {
        return nodeCount;
    }

    /** (B) ids, the key of each graph's random stream. */
    public long[] ids() {
        return ids;
    }

    /** (B, n) node classes. */
    public byte[] nodes() {
        return nodes;
    }

    /** (B, n, n) edge classes, symmetric, diagonal 0. */
    public byte[] edges() {
        return edges;
    }
}
