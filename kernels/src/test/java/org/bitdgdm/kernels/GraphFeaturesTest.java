package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Features of named graphs, counted by hand; golden files check the rest. */
class GraphFeaturesTest {
    private static final Offset<Float> ROUNDED = within(1e-6f);
    /** Columns of the two types, then: cycles 3, 4, 5, indicator, two eigenvectors, charge, valency. */
    private static final int CYCLES = 2;
    private static final int INDICATOR = 5;
    private static final int EIGENVECTORS = 6;
    private static final int CHARGE = 8;
    private static final int WIDTH = 10;

    /** Input of one graph. */
    private record Features(float[] node, float[] global) {
        float node(int i, int column) {
            return node[i * WIDTH + column];
        }
    }

    private static Features features(Variant variant, int n, int[][] edges) {
        Architecture architecture = new Architecture(variant, 1, 1, 2, 5, 10, 100, FeatureSet.ALL, true,
            new float[] {12, 16}, 100);
        GraphBatch batch = new GraphBatch(n, new long[1]);
        for (int[] edge : edges) {
            batch.setEdge(0, edge[0], edge[1], edge.length > 2 ? edge[2] : 1);
        }
        batch.nodes()[0] = 1;
        float[] node = new float[n * WIDTH];
        float[] global = new float[13];
        new GraphFeatures(architecture).compute(batch, 0, NoiseSchedule.cosine(100), 25, node, 0, global, 0);
        return new Features(node, global);
    }

    private static int[][] ring(int n) {
        int[][] edges = new int[n][];
        for (int i = 0; i < n; i++) {
            edges[i] = new int[] {i, (i + 1) % n};
        }
        return edges;
    }

    @Test
    void ringsAreCountedByTheirLength() {
        for (Variant variant : Variant.values()) {
            for (int length = 3; length <= 6; length++) {
                Features ring = features(variant, length, ring(length));
                for (int k = 3; k <= 6; k++) {
                    assertThat(ring.global[1 + k - 3]).isCloseTo(k == length ? 0.1f : 0, ROUNDED);
                    for (int i = 0; i < length && k <= 5; i++) {
                        assertThat(ring.node(i, CYCLES + k - 3)).isCloseTo(k == length ? 0.1f : 0, ROUNDED);
                    }
                }
            }
        }
    }

    @Test
    void cyclesOfTheCompleteGraphOfFour() {
        int[][] edges = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
        Features k4 = features(Variant.FIXED_BUG, 4, edges);
        assertThat(k4.global[1]).as("4 triangles").isCloseTo(0.4f, ROUNDED);
        assertThat(k4.global[2]).as("3 squares").isCloseTo(0.3f, ROUNDED);
        assertThat(k4.global[3]).as("no 5-cycle").isCloseTo(0, ROUNDED);
        assertThat(k4.node(2, CYCLES)).as("3 triangles through a node").isCloseTo(0.3f, ROUNDED);
        // diag(A⁵) = 60, triangles 6, degree 3: (60 − 36 − 18 + 6) / 2 = 6, though there is no 5-cycle.
        assertThat(features(Variant.MAIN, 4, edges).node(0, CYCLES + 2)).isCloseTo(0.6f, ROUNDED);
    }

    @Test
    void countsAreCapped() {
        int n = 8;
        int[][] edges = new int[n * (n - 1) / 2][];
        for (int i = 0, k = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                edges[k++] = new int[] {i, j};
            }
        }
        Features complete = features(Variant.FIXED_BUG, n, edges);
        for (int k = 1; k <= 4; k++) {
            assertThat(complete.global[k]).isEqualTo(1);
        }
    }

    @Test
    void sixCyclesOfACubeAreSixteen() {
        int[][] edges = new int[12][];
        for (int i = 0, k = 0; i < 8; i++) {
            for (int bit = 1; bit < 8; bit *= 2) {
                if ((i & bit) == 0) {
                    edges[k++] = new int[] {i, i | bit};
                }
            }
        }
        Features cube = features(Variant.FIXED_BUG, 8, edges);
        assertThat(cube.global[2]).as("6 squares").isCloseTo(0.6f, ROUNDED);
        assertThat(cube.global[4]).as("16 hexagons, capped").isEqualTo(1);
        // Without one corner: 3 squares, and of the 16 hexagons the 4 that do not pass it.
        int[][] rest = Arrays.stream(edges).filter(edge -> edge[1] != 7).toArray(int[][]::new);
        assertThat(features(Variant.FIXED_BUG, 7, rest).global[4]).isCloseTo(0.4f, ROUNDED);
    }

    @Test
    void aSingleNode() {
        Features single = features(Variant.MAIN, 1, new int[0][]);
        assertThat(single.global).containsExactly(0.1f, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 0.16f, 0.25f);
        assertThat(single.node).containsExactly(0, 1, 0, 0, 0, 0, 0, 0, 1, 0);
    }

    @Test
    void missingEigenpairsAreFilled() {
        Features path = features(Variant.MAIN, 3, new int[][] {{0, 1}, {1, 2}});
        assertThat(path.global[5]).isEqualTo(1);
        assertThat(path.global[6]).isCloseTo(1 / 3f, ROUNDED);
        assertThat(path.global[7]).isCloseTo(1, ROUNDED);
        assertThat(path.global[8]).as("missing ones are 2, not divided by n").isEqualTo(2);
        Features pair = features(Variant.MAIN, 2, new int[][] {{0, 1}});
        assertThat(Math.abs(pair.node(0, EIGENVECTORS))).isCloseTo((float) Math.sqrt(0.5), ROUNDED);
        assertThat(pair.node(0, EIGENVECTORS + 1)).isZero();
    }

    @Test
    void indicatorMarksNodesOutsideTheLargestComponent() {
        Features split = features(Variant.MAIN, 5, new int[][] {{0, 1}, {2, 4}, {4, 3}});
        assertThat(split.global[5]).isEqualTo(2);
        for (int i = 0; i < 5; i++) {
            assertThat(split.node(i, INDICATOR)).isEqualTo(i < 2 ? 1 : 0);
        }
        Features tie = features(Variant.MAIN, 4, new int[][] {{1, 2}, {0, 3}});
        assertThat(tie.node(0, INDICATOR)).as("of equals the component of the lowest node").isZero();
        assertThat(tie.node(3, INDICATOR)).isZero();
        assertThat(tie.node(1, INDICATOR)).isEqualTo(1);
    }

    @Test
    void chargeAndValencyAreThoseOfTheTrainedModels() {
        // A double and an aromatic bond: class indices 2 and 4, not orders 2 and 1.5. Charge is the type index minus that.
        Features graph = features(Variant.MAIN, 3, new int[][] {{0, 1, 2}, {0, 2, 4}});
        assertThat(graph.node(0, CHARGE + 1)).isEqualTo(6);
        assertThat(graph.node(0, CHARGE)).isEqualTo(1 - 6);
        assertThat(graph.node(1, CHARGE)).isEqualTo(-2);
        assertThat(graph.global[11]).isCloseTo((16 + 12 + 12) / 100f, ROUNDED);
        assertThat(graph.global[12]).isEqualTo(0.25f);
    }

    @Test
    void permutingNodesPermutesFeatures() {
        Random random = new Random(3);
        int[][] edges = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 1}, {4, 5}, {2, 6}};
        int[] moved = {4, 2, 6, 0, 1, 5, 3};
        int[][] permuted = new int[edges.length][];
        for (int k = 0; k < edges.length; k++) {
            int type = 1 + random.nextInt(4);
            edges[k] = new int[] {edges[k][0], edges[k][1], type};
            permuted[k] = new int[] {moved[edges[k][0]], moved[edges[k][1]], type};
        }
        Features before = features(Variant.FIXED_BUG, 7, edges);
        Features after = features(Variant.FIXED_BUG, 7, permuted);
        for (int i = 0; i < 7; i++) {
            for (int column = CYCLES; column < CHARGE; column++) {
                assertThat(after.node(moved[i], column)).isCloseTo(before.node(i, column), ROUNDED);
            }
            assertThat(after.node(moved[i], CHARGE + 1)).isEqualTo(before.node(i, CHARGE + 1));
        }
        for (int k = 0; k < 11; k++) {
            assertThat(after.global[k]).isCloseTo(before.global[k], ROUNDED);
        }
    }

    @Test
    void graphsThatWouldOverflowAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> features(Variant.MAIN, 1001, new int[0][]))
            .withMessageContaining("up to 1000 nodes, found 1001");
    }
}
