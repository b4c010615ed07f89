package org.bitdgdm.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.Graph;
import org.jgrapht.alg.isomorphism.VF2GraphIsomorphismInspector;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.SimpleGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of classes, against VF2 and on graphs whose colours refinement cannot tell apart. */
class IsomorphismClassTest {

    /** A graph of edges such as 0-1. */
    static Graph graph(int n, String... edges) {
        byte[] classes = new byte[Graph.pairs(n)];
        for (String edge : edges) {
            int i = Integer.parseInt(edge.split("-")[0]);
            int j = Integer.parseInt(edge.split("-")[1]);
            classes[Graph.pair(n, Math.min(i, j), Math.max(i, j))] = 1;
        }
        return new Graph(0, new byte[n], classes);
    }

    private static Graph cycles(int... lengths) {
        List<String> edges = new ArrayList<>();
        int first = 0;
        for (int length : lengths) {
            for (int k = 0; k < length; k++) {
                edges.add(first + k + "-" + (first + (k + 1) % length));
            }
            first += length;
        }
        return graph(first, edges.toArray(String[]::new));
    }

    static Graph shuffled(Graph graph, Random random) {
        int n = graph.nodes().length;
        List<Integer> order = new ArrayList<>(IntStream.range(0, n).boxed().toList());
        Collections.shuffle(order, random);
        byte[] nodes = new byte[n];
        byte[] edges = new byte[graph.edges().length];
        for (int i = 0; i < n; i++) {
            nodes[order.get(i)] = graph.nodes()[i];
            for (int j = i + 1; j < n; j++) {
                int a = Math.min(order.get(i), order.get(j));
                int b = Math.max(order.get(i), order.get(j));
                edges[Graph.pair(n, a, b)] = (byte) graph.edge(i, j);
            }
        }
        return new Graph(0, nodes, edges);
    }

    private static Graph random(int n, double density, int nodeClasses, int edgeClasses, Random random) {
        byte[] nodes = new byte[n];
        byte[] edges = new byte[Graph.pairs(n)];
        for (int k = 0; k < n; k++) {
            nodes[k] = (byte) random.nextInt(nodeClasses);
        }
        for (int k = 0; k < edges.length; k++) {
            edges[k] = (byte) (random.nextDouble() < density ? 1 + random.nextInt(edgeClasses - 1) : 0);
        }
        return new Graph(0, nodes, edges);
    }

    private static SimpleGraph<Integer, DefaultEdge> jgrapht(Graph graph) {
        SimpleGraph<Integer, DefaultEdge> made = new SimpleGraph<>(DefaultEdge.class);
        int[][] neighbours = graph.neighbours();
        for (int node = 0; node < neighbours.length; node++) {
            made.addVertex(node);
        }
        for (int node = 0; node < neighbours.length; node++) {
            for (int other : neighbours[node]) {
                made.addEdge(node, other);
            }
        }
        return made;
    }

    @Test
    void isEqualExactlyWhereVf2FindsAnIsomorphism() {
        Random random = new Random(1);
        int equal = 0;
        for (int trial = 0; trial < 3000; trial++) {
            int n = 1 + random.nextInt(7);
            Graph one = random(n, 0.4, 1, 2, random);
            Graph other = random(n, 0.4, 1, 2, random);
            boolean isomorphic = new VF2GraphIsomorphismInspector<>(jgrapht(one), jgrapht(other)).isomorphismExists();
            assertThat(IsomorphismClass.of(one).equals(IsomorphismClass.of(other))).isEqualTo(isomorphic);
            equal += isomorphic ? 1 : 0;
        }
        assertThat(equal).isGreaterThan(100);
    }

    @Test
    void doesNotDependOnTheOrderOfNodesAndSeesEveryClass() {
        Random random = new Random(2);
        for (int trial = 0; trial < 200; trial++) {
            Graph graph = random(2 + random.nextInt(60), random.nextDouble(), 1 + trial % 3, 2 + trial % 3, random);
            String name = IsomorphismClass.of(graph);
            assertThat(name).matches("[0-9a-f]{32}").isEqualTo(IsomorphismClass.of(shuffled(graph, random)));
            byte[] edges = graph.edges().clone();
            edges[random.nextInt(edges.length)] ^= 1;
            assertThat(IsomorphismClass.of(new Graph(0, graph.nodes(), edges))).isNotEqualTo(name);
            byte[] nodes = graph.nodes().clone();
            nodes[random.nextInt(nodes.length)] += 1;
            assertThat(IsomorphismClass.of(new Graph(0, nodes, graph.edges()))).isNotEqualTo(name);
        }
    }

    @Test
    void tellsApartWhatRefinementCannot() {
        assertThat(IsomorphismClass.of(cycles(6))).isNotEqualTo(IsomorphismClass.of(cycles(3, 3)));
        assertThat(IsomorphismClass.of(cycles(3, 5))).isEqualTo(IsomorphismClass.of(cycles(5, 3)));
        // The prism and K3,3: both of six nodes of degree three.
        Graph prism = graph(6, "0-1", "1-2", "2-0", "3-4", "4-5", "5-3", "0-3", "1-4", "2-5");
        Graph bipartite = graph(6, "0-3", "0-4", "0-5", "1-3", "1-4", "1-5", "2-3", "2-4", "2-5");
        assertThat(IsomorphismClass.of(prism)).isNotEqualTo(IsomorphismClass.of(bipartite));
        // The 4 × 4 rook's graph and Shrikhande's: strongly regular with the same numbers.
        List<String> rook = new ArrayList<>();
        List<String> shrikhande = new ArrayList<>();
        for (int a = 0; a < 16; a++) {
            for (int b = a + 1; b < 16; b++) {
                int dx = Math.floorMod(a / 4 - b / 4, 4);
                int dy = Math.floorMod(a % 4 - b % 4, 4);
                if (dx == 0 || dy == 0) {
                    rook.add(a + "-" + b);
                }
                String step = dx + "," + dy;
                if (List.of("0,1", "0,3", "1,0", "3,0", "1,1", "3,3").contains(step)) {
                    shrikhande.add(a + "-" + b);
                }
            }
        }
        Graph one = graph(16, rook.toArray(String[]::new));
        Graph other = graph(16, shrikhande.toArray(String[]::new));
        assertThat(rook).hasSameSizeAs(shrikhande);
        assertThat(IsomorphismClass.of(one)).isNotEqualTo(IsomorphismClass.of(other));
        assertThat(IsomorphismClass.of(one)).isEqualTo(IsomorphismClass.of(shuffled(one, new Random(3))));
    }

    /** What an untrained or a collapsed model makes: nothing, everything, a star, many equal parts. */
    @ParameterizedTest
    @ValueSource(strings = {"empty", "complete", "star", "pairs", "cycle", "hypercube"})
    void decidesGraphsOfManySymmetries(String kind) {
        int n = 186;
        List<String> edges = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                boolean joined = switch (kind) {
                    case "complete" -> true;
                    case "star" -> i == 0;
                    case "pairs" -> i % 2 == 0 && j == i + 1;
                    case "cycle" -> j == i + 1 || i == 0 && j == n - 1;
                    case "hypercube" -> j < 64 && Integer.bitCount(i ^ j) == 1;
                    default -> false;
                };
                if (joined) {
                    edges.add(i + "-" + j);
                }
            }
        }
        Graph graph = graph(n, edges.toArray(String[]::new));
        assertThat(IsomorphismClass.of(graph)).matches("[0-9a-f]{32}")
            .isEqualTo(IsomorphismClass.of(shuffled(graph, new Random(4))));
    }

    @Test
    void nothingAndOneNodeHaveNamesToo() {
        assertThat(IsomorphismClass.of(graph(0))).isNotEqualTo(IsomorphismClass.of(graph(1)));
        assertThat(IsomorphismClass.of(graph(1))).isNotEqualTo(IsomorphismClass.of(graph(2)));
    }
}
