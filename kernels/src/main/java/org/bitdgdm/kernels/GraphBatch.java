package org.bitdgdm.kernels;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Graphs of one size, each with its id: what a {@link Denoiser} advances in place. Never padded.
 *
 * <p>{@code nodes} is (B, n) and {@code edges} (B, n, n), both row-major class indices, one a byte. Edges are symmetric
 * and the diagonal is class 0; every method of this package keeps it so.
 */
public final class GraphBatch implements Serializable {
    private static final long serialVersionUID = 1;

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

    /**
     * A batch of graphs of one size, which are copied.
     *
     * @param graphs at least one
     */
    public static GraphBatch of(List<Graph> graphs) {
        int n = graphs.get(0).n();
        GraphBatch batch = new GraphBatch(n, graphs.stream().mapToLong(Graph::id).toArray());
        for (int g = 0; g < graphs.size(); g++) {
            Graph graph = graphs.get(g);
            if (graph.n() != n) {
                throw new IllegalArgumentException("graphs of a batch must have one size, found " + n + " and " + graph.n()
                    + " nodes");
            }
            System.arraycopy(graph.nodes(), 0, batch.nodes, g * n, n);
            for (int i = 0, pair = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++, pair++) {
                    batch.setEdge(g, i, j, graph.edges()[pair]);
                }
            }
        }
        return batch;
    }

    /** A copy of graph {@code at}. */
    public Graph graph(int at) {
        int n = nodeCount;
        byte[] pairs = new byte[Graph.pairs(n)];
        for (int i = 0, pair = 0; i < n; pair += n - i - 1, i++) {
            System.arraycopy(edges, (at * n + i) * n + i + 1, pairs, pair, n - i - 1);
        }
        return new Graph(ids[at], Arrays.copyOfRange(nodes, at * n, (at + 1) * n), pairs);
    }

    /** Copies of all graphs. */
    public List<Graph> graphs() {
        List<Graph> graphs = new ArrayList<>(ids.length);
        for (int g = 0; g < ids.length; g++) {
            graphs.add(graph(g));
        }
        return graphs;
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

    /** Sets the class of edge i–j of a graph, both directions. */
    void setEdge(int graph, int i, int j, int edgeClass) {
        int from = graph * nodeCount * nodeCount;
        edges[from + i * nodeCount + j] = (byte) edgeClass;
        edges[from + j * nodeCount + i] = (byte) edgeClass;
    }

    /**
     * Checks once, at the door of a backend, what its loops rely on.
     *
     * @throws IllegalArgumentException if a class is unknown to the model, an edge is not symmetric, or the diagonal not 0
     */
    void requireFits(Architecture architecture) {
        for (int at = 0; at < nodes.length; at++) {
            requireClass("node", nodes[at], architecture.nodeTypes(), at / nodeCount);
        }
        int square = nodeCount * nodeCount;
        for (int at = 0; at < edges.length; at++) {
            requireClass("edge", edges[at], architecture.edgeTypes(), at / square);
            int i = at % square / nodeCount;
            int j = at % nodeCount;
            int mirrored = edges[at - at % square + j * nodeCount + i];
            if (edges[at] != mirrored || i == j && edges[at] != 0) {
                throw new IllegalArgumentException("graph " + ids[at / square] + ": edges must be symmetric with a diagonal"
                    + " of class 0, found " + edges[at] + " and " + mirrored + " between nodes " + i + " and " + j);
            }
        }
    }

    /**
     * Checks the arrays that {@link Denoiser#logits} writes to.
     *
     * @throws IllegalArgumentException if one has another length than (B, n, a) and (B, n, n, b) ask for
     */
    void requireLogits(Architecture architecture, float[] nodeLogits, float[] edgeLogits) {
        int expectedNodes = nodes.length * architecture.nodeTypes();
        int expectedEdges = edges.length * architecture.edgeTypes();
        if (nodeLogits.length != expectedNodes || edgeLogits.length != expectedEdges) {
            throw new IllegalArgumentException("logits of this batch take " + expectedNodes + " node and " + expectedEdges
                + " edge values, found arrays of " + nodeLogits.length + " and " + edgeLogits.length);
        }
    }

    private void requireClass(String what, int found, int classes, int graph) {
        if (found < 0 || found >= classes) {
            throw new IllegalArgumentException("graph " + ids[graph] + ": " + what + " classes must be in 0.."
                + (classes - 1) + ", found " + found);
        }
    }
}
