package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pairs satisfy their definition and are the lowest ones, also where many eigenvalues are equal; the rule for signs. */
class LowestEigenpairsTest {
    private static final double EXACT = 1e-10;

    /** Graphs of many equal eigenvalues, and some whose reduction ends early. */
    enum Shape {
        EMPTY((i, j) -> false),
        PATH((i, j) -> j - i == 1),
        STAR((i, j) -> i == 0),
        COMPLETE((i, j) -> true),
        BIPARTITE((i, j) -> (j - i) % 2 == 1),
        TRIANGLES((i, j) -> i / 3 == j / 3),
        CUBE((i, j) -> Integer.bitCount(i ^ j) == 1),
        MATCHING((i, j) -> i / 2 == j / 2);

        private final BiPredicate<Integer, Integer> edge;

        Shape(BiPredicate<Integer, Integer> edge) {
            this.edge = edge;
        }

        double[] laplacian(int n) {
            double[] a = new double[n * n];
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    if (edge.test(i, j)) {
                        connect(a, n, i, j);
                    }
                }
            }
            return a;
        }
    }

    private static void connect(double[] a, int n, int i, int j) {
        a[i * n + j] = -1;
        a[j * n + i] = -1;
        a[i * n + i]++;
        a[j * n + j]++;
    }

    private static double[] random(int n, double density, Random random) {
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                if (random.nextDouble() < density) {
                    connect(a, n, i, j);
                }
            }
        }
        return a;
    }

    /** Checks every pair from each of the first indices on. */
    private static void check(String what, double[] a, int n) {
        SymmetricEigen all = SymmetricEigen.of(a.clone(), n);
        for (int from = 0; from < Math.min(n, 4); from++) {
            int count = Math.min(5, n - from);
            int vectors = Math.min(2, count);
            LowestEigenpairs found = LowestEigenpairs.of(a.clone(), n, from, count, vectors);
            assertThat(found.values()).as("%s, %d rows", what, n).hasSize(count);
            for (int m = 0; m < count; m++) {
                assertThat(found.values()[m]).as("%s, %d rows, value %d", what, n, from + m)
                    .isCloseTo(all.values()[from + m], within(EXACT));
            }
            for (int m = 0; m < vectors; m++) {
                double largest = 0;
                for (int i = 0; i < n; i++) {
                    double product = 0;
                    for (int j = 0; j < n; j++) {
                        product += a[i * n + j] * found.vectors()[m * n + j];
                    }
                    double entry = found.vectors()[m * n + i];
                    assertThat(product).as("%s, %d rows, vector %d", what, n, from + m)
                        .isCloseTo(found.values()[m] * entry, within(EXACT));
                    largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
                }
                assertThat(largest).as("%s, %d rows, sign of vector %d", what, n, from + m).isPositive();
                for (int other = 0; other <= m; other++) {
                    double dot = 0;
                    for (int i = 0; i < n; i++) {
                        dot += found.vectors()[m * n + i] * found.vectors()[other * n + i];
                    }
                    assertThat(dot).as("%s, %d rows, vectors %d, %d", what, n, m, other)
                        .isCloseTo(m == other ? 1 : 0, within(EXACT));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void regularGraphs(Shape shape) {
        for (int n : new int[] {1, 2, 3, 4, 8, 17, 32, 64}) {
            check(shape.toString(), shape.laplacian(n), n);
        }
    }

    @Test
    void rings() {
        for (int n : new int[] {3, 4, 17, 60}) {
            double[] ring = Shape.PATH.laplacian(n);
            connect(ring, n, 0, n - 1);
            check("ring", ring, n);
        }
    }

    @Test
    void randomGraphs() {
        Random random = new Random(1);
        for (int n : new int[] {1, 2, 3, 5, 9, 17, 27, 38, 64, 97}) {
            for (double density : new double[] {0.03, 0.1, 0.5}) {
                check("density " + density, random(n, density, random), n);
            }
        }
    }

    @Test
    void twoHalvesThatHardlyHangTogetherHaveNeighbouringPairs() {
        // A path between equal halves: pairs of eigenvalues closer than their rounding.
        int half = 20;
        int n = 2 * half + 30;
        double[] a = new double[n * n];
        for (int i = 0; i < half; i++) {
            for (int j = i + 1; j < half; j++) {
                connect(a, n, i, j);
                connect(a, n, n - 1 - j, n - 1 - i);
            }
        }
        for (int i = half - 1; i < n - half; i++) {
            connect(a, n, i, i + 1);
        }
        check("halves", a, n);
    }

    @Test
    void aMatrixWithoutEdgesKeepsItsDiagonal() {
        LowestEigenpairs found = LowestEigenpairs.of(new double[] {3, 0, 0, 0, 1, 0, 0, 0, 2}, 3, 0, 3, 1);
        assertThat(found.values()).containsExactly(new double[] {1, 2, 3}, within(EXACT));
        assertThat(found.vectors()).containsExactly(new double[] {0, 1, 0}, within(EXACT));
    }
}
