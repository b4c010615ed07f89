package org.bitdgdm.graph;

import java.io.Serializable;
import java.util.Arrays;
import org.bitdgdm.kernels.Graph;

/**
 * A graph of node and edge classes that stand for nothing else.
 *
 * @param graphId id of the graph; for graphs read from a file the 0-based position in it
 * @param nodes   (n) node classes
 * @param edges   (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major; 0 = no edge
 */
public record PlainGraph(long graphId, byte[] nodes, byte[] edges) implements Serializable {

    public PlainGraph {
        if (edges.length != pairs(nodes.length)) {
            throw new IllegalArgumentException("a graph of " + nodes.length + " nodes must have " + pairs(nodes.length)
                + " pairs i < j, found " + edges.length);
        }
    }

    /** Pairs i &lt; j of n nodes. */
    public static int pairs(int n) {
        return Graph.pairs(n);
    }

    /** Index of the pair i &lt; j in the row-major upper triangle of n nodes. */
    public static int pair(int n, int i, int j) {
        return Graph.pair(n, i, j);
    }

    /** Class of the edge of two different nodes. */
    public int edge(int i, int j) {
        return edges[pair(nodes.length, Math.min(i, j), Math.max(i, j))];
    }

    /** (n)(degree) neighbours of each node, ascending. */
    public int[][] neighbours() {
        int n = nodes.length;
        int[] degree = new int[n];
        int[][] neighbours = new int[n][Math.max(0, n - 1)];
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                if (edges[pair] != 0) {
                    neighbours[i][degree[i]++] = j;
                    neighbours[j][degree[j]++] = i;
                }
            }
        }
        for (int i = 0; i < n; i++) {
            neighbours[i] = Arrays.copyOf(neighbours[i], degree[i]);
        }
        return neighbours;
    }
}
