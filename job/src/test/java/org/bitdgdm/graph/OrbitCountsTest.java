package org.bitdgdm.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.bitdgdm.kernels.Graph;
import org.junit.jupiter.api.Test;

class OrbitCountsTest {
    private final Random random = new Random(3);

    @Test
    void countsAreThoseOfEveryInducedSubgraph() {
        for (int run = 0; run < 40; run++) {
            Graph graph = random(4 + run % 9, 0.15 + 0.02 * run);
            assertThat(OrbitCounts.of(graph)).as("nodes %d, edges %s", graph.nodes().length, Arrays.toString(graph.edges()))
                .isDeepEqualTo(enumerated(graph));
        }
    }

    @Test
    void aLonelyNodeLiesInNothing() {
        assertThat(OrbitCounts.of(new Graph(0, new byte[1], new byte[0]))).isDeepEqualTo(new long[1][15]);
    }

    private Graph random(int n, double density) {
        byte[] edges = new byte[Graph.pairs(n)];
        for (int pair = 0; pair < edges.length; pair++) {
            edges[pair] = (byte) (random.nextDouble() < density ? 1 : 0);
        }
        return new Graph(0, new byte[n], edges);
    }

    /** Tries all sets of two to four nodes; the orbit of a node follows from degrees within the set. */
    private static long[][] enumerated(Graph graph) {
        int n = graph.nodes().length;
        long[][] counts = new long[n][15];
        for (int set = 0; set < 1 << n; set++) {
            int size = Integer.bitCount(set);
            if (size < 2 || size > 4) {
                continue;
            }
            int[] nodes = new int[size];
            for (int node = 0, k = 0; node < n; node++) {
                if ((set >> node & 1) == 1) {
                    nodes[k++] = node;
                }
            }
            int[] degrees = new int[size];
            int edges = 0;
            for (int i = 0; i < size; i++) {
                for (int j = i + 1; j < size; j++) {
                    if (graph.edge(nodes[i], nodes[j]) != 0) {
                        degrees[i]++;
                        degrees[j]++;
                        edges++;
                    }
                }
            }
            // Three edges among four nodes with one of degree 0 are a triangle beside a node.
            boolean connected = edges >= size - 1 && Arrays.stream(degrees).allMatch(degree -> degree > 0);
            for (int k = 0; connected && k < size; k++) {
                counts[nodes[k]][orbit(size, edges, degrees[k], degrees)]++;
            }
        }
        return counts;
    }

    private static int orbit(int size, int edges, int degree, int[] degrees) {
        int most = Arrays.stream(degrees).max().orElseThrow();
        return switch (size * 10 + edges) {
            case 21 -> 0;
            case 32 -> degree == 1 ? 1 : 2;
            case 33 -> 3;
            case 43 -> most == 3 ? degree == 1 ? 6 : 7 : degree == 1 ? 4 : 5;
            case 44 -> most == 2 ? 8 : degree == 1 ? 9 : degree == 2 ? 10 : 11;
            case 45 -> degree == 2 ? 12 : 13;
            default -> 14;
        };
    }
}
