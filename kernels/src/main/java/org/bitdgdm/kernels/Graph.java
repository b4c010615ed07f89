package org.bitdgdm.kernels;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A graph as classes, outside any batch.
 *
 * @param id    id, the key of its random stream; of a graph read from a file its 0-based position there
 * @param nodes (n) node classes
 * @param edges (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major; 0 = no edge
 */
public record Graph(long id, byte[] nodes, byte[] edges) implements Serializable {

    public Graph {
        if (edges.length != pairs(nodes.length)) {
            throw new IllegalArgumentException("graph " + id + " of " + nodes.length + " nodes must have "
                + pairs(nodes.length) + " edge classes, one of each pair i < j, found " + edges.length);
        }
    }

    /** Pairs i &lt; j of n nodes. */
    public static int pairs(int n) {
        return n * (n - 1) / 2;
    }

    /** Index of the pair i &lt; j in the row-major upper triangle of n nodes. */
    public static int pair(int n, int i, int j) {
        return i * (2 * n - i - 1) / 2 + (j - i - 1);
    }

    /** Number of nodes, n. */
    public int n() {
        return nodes.length;
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
