package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Eigenpairs satisfy their definition; known spectra; the rules for order and sign. */
class SymmetricEigenTest {
    private static final double EXACT = 1e-11;

    /** The Laplacian of a random graph. */
    private static double[] laplacian(int n, double density, Random random) {
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                if (random.nextDouble() < density) {
                    a[i * n + j] = -1;
                    a[j * n + i] = -1;
                    a[i * n + i]++;
                    a[j * n + j]++;
                }
            }
        }
        return a;
    }

    @Test
    void pairsSatisfyTheirDefinition() {
        Random random = new Random(1);
        for (int n : new int[] {1, 2, 3, 8, 9, 17, 38, 64}) {
            double[] a = laplacian(n, 0.3, random);
            SymmetricEigen eigen = SymmetricEigen.of(a.clone(), n);
            for (int k = 0; k < n; k++) {
                assertThat(eigen.values()[k]).isGreaterThanOrEqualTo(k == 0 ? -EXACT : eigen.values()[k - 1]);
                for (int i = 0; i < n; i++) {
                    double product = 0;
                    double dot = 0;
                    for (int j = 0; j < n; j++) {
                        product += a[i * n + j] * eigen.vectors()[k * n + j];
                        dot += eigen.vectors()[i * n + j] * eigen.vectors()[k * n + j];
                    }
                    assertThat(product).isCloseTo(eigen.values()[k] * eigen.vectors()[k * n + i], within(EXACT));
                    assertThat(dot).isCloseTo(i == k ? 1 : 0, within(EXACT));
                }
            }
        }
    }

    @Test
    void theLargestEntryOfAVectorIsPositive() {
        SymmetricEigen eigen = SymmetricEigen.of(laplacian(20, 0.4, new Random(2)), 20);
        for (int k = 0; k < 20; k++) {
            double largest = 0;
            for (int i = 0; i < 20; i++) {
                double entry = eigen.vectors()[k * 20 + i];
                largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
            }
            assertThat(largest).isPositive();
        }
    }

    @Test
    void pathOfThree() {
        SymmetricEigen eigen = SymmetricEigen.of(new double[] {1, -1, 0, -1, 2, -1, 0, -1, 1}, 3);
        assertThat(eigen.values()).containsExactly(new double[] {0, 1, 3}, within(EXACT));
        double half = Math.sqrt(0.5);
        assertThat(Math.abs(eigen.vectors()[3])).isCloseTo(half, within(EXACT));
        assertThat(eigen.vectors()[4]).isCloseTo(0, within(EXACT));
        assertThat(eigen.vectors()[5]).isCloseTo(-eigen.vectors()[3], within(EXACT));
    }

    @Test
    void diagonalMatricesAreSortedStably() {
        // Equal values keep their order: their vectors are the unit vectors in the order of the diagonal.
        SymmetricEigen eigen = SymmetricEigen.of(new double[] {2, 0, 0, 0, 1, 0, 0, 0, 2}, 3);
        assertThat(eigen.values()).containsExactly(1, 2, 2);
        assertThat(eigen.vectors()).containsExactly(0, 1, 0, 1, 0, 0, 0, 0, 1);
    }
}
