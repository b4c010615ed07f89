package org.bitdgdm.graph;

import java.util.Arrays;
import java.util.BitSet;
import org.bitdgdm.kernels.Graph;
import org.jgrapht.alg.planar.BoyerMyrvoldPlanarityInspector;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.SimpleGraph;

/**
 * What is measured of one graph, whatever its classes are.
 *
 * @param components connected components
 * @param edges      pairs of a class other than 0
 * @param degrees    (n) neighbours of each node
 * @param clustering (n) triangles through each node ÷ pairs of its neighbours; 0 with fewer than two (Watts and Strogatz,
 *                   Nature 393, 1998)
 */
public record GraphMeasures(int components, int edges, int[] degrees, double[] clustering) {
    /** A planar graph of n ≥ 3 nodes has at most 3n − 6 edges. */
    private static final int PLANAR_EDGES_PER_NODE = 3;

    /** Measures a graph of at least one node. */
    public static GraphMeasures of(Graph graph) {
        int[][] neighbours = graph.neighbours();
        int n = neighbours.length;
        BitSet[] sets = new BitSet[n];
        int[] degrees = new int[n];
        int ends = 0;
        for (int node = 0; node < n; node++) {
            sets[node] = new BitSet(n);
            for (int other : neighbours[node]) {
                sets[node].set(other);
            }
            degrees[node] = neighbours[node].length;
            ends += degrees[node];
        }
        double[] clustering = new double[n];
        for (int node = 0; node < n; node++) {
            long twice = 0;
            for (int other : neighbours[node]) {
                BitSet common = (BitSet) sets[node].clone();
                common.and(sets[other]);
                twice += common.cardinality();
            }
            long pairs = (long) degrees[node] * (degrees[node] - 1);
            clustering[node] = pairs == 0 ? 0 : twice / (double) pairs;
        }
        return new GraphMeasures(IsomorphismClass.components(neighbours).size(), ends / 2, degrees, clustering);
    }

    /** Mean of {@link #clustering} over the nodes. */
    public double meanClustering() {
        double sum = 0;
        for (double one : clustering) {
            sum += one;
        }
        return sum / clustering.length;
    }

    /** Whether a graph can be drawn without crossings (Boyer and Myrvold, J. Graph Algorithms Appl. 8, 2004). */
    public static boolean planar(Graph plain) {
        int[][] neighbours = plain.neighbours();
        int n = neighbours.length;
        int edges = Arrays.stream(neighbours).mapToInt(list -> list.length).sum() / 2;
        if (n >= 3 && edges > PLANAR_EDGES_PER_NODE * n - 6) {
            return false;
        }
        SimpleGraph<Integer, DefaultEdge> graph = new SimpleGraph<>(DefaultEdge.class);
        for (int node = 0; node < n; node++) {
            graph.addVertex(node);
        }
        for (int node = 0; node < n; node++) {
            for (int other : neighbours[node]) {
                if (node < other) {
                    graph.addEdge(node, other);
                }
            }
        }
        return new BoyerMyrvoldPlanarityInspector<>(graph).isPlanar();
    }
}
