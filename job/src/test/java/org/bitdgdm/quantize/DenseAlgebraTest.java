package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.netlib.blas.Dgemm;

class DenseAlgebraTest {
    private static final double ROUNDING = 1e-12;

    @Test
    void productsAreThoseOfMllib() {
        DenseMatrix a = TestMatrices.gaussian(5, 3, 1);
        DenseMatrix b = TestMatrices.gaussian(3, 4, 2);
        DenseMatrix expected = a.multiply(b);
        assertThat(DenseAlgebra.product(a, false, b, false).values()).containsExactly(expected.values(), within(ROUNDING));
        assertThat(DenseAlgebra.product(a.transpose().toDenseColMajor(), true, b, false).values())
            .containsExactly(expected.values(), within(ROUNDING));
        assertThat(DenseAlgebra.product(a, false, b.transpose().toDenseColMajor(), true).values())
            .containsExactly(expected.values(), within(ROUNDING));
    }

    /** Products must not change with how their loops are written: models that were quantized before would. */
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 3, 0", "5, 4, 3", "16, 1, 8", "33, 7, 13", "64, 65, 66"})
    void productsHaveTheBitsOfTheReferenceBlas(int rows, int cols, int inner) {
        for (boolean first : new boolean[] {false, true}) {
            for (boolean second : new boolean[] {false, true}) {
                for (double[] scales : new double[][] {{1, 0}, {-1, 1}, {0.5, 1}, {1.25, -0.75}}) {
                    DenseMatrix a = TestMatrices.gaussian(first ? inner : rows, first ? rows : inner, 11);
                    DenseMatrix b = TestMatrices.gaussian(second ? cols : inner, second ? inner : cols, 12);
                    DenseMatrix found = TestMatrices.gaussian(rows, cols, 13);
                    double[] expected = found.values().clone();
                    Dgemm.dgemm(first ? "T" : "N", second ? "T" : "N", rows, cols, inner, scales[0], a.values(), 0,
                        Math.max(1, a.numRows()), b.values(), 0, Math.max(1, b.numRows()), scales[1], expected, 0, rows);
                    DenseAlgebra.multiply(scales[0], a, first, b, second, scales[1], found);
                    assertThat(found.values()).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void singularValueDecompositionGivesTheMatrixBack() {
        for (int[] shape : new int[][] {{1, 1}, {1, 7}, {7, 1}, {31, 31}, {64, 130}, {130, 64}}) {
            DenseMatrix matrix = TestMatrices.gaussian(shape[0], shape[1], 3);
            DenseAlgebra.Svd svd = DenseAlgebra.svd(matrix);
            assertThat(svd.values()).isSortedAccordingTo((x, y) -> Double.compare(y, x));
            DenseMatrix scaled = svd.left().copy();
            for (int k = 0; k < svd.values().length; k++) {
                for (int i = 0; i < shape[0]; i++) {
                    scaled.update(i, k, scaled.apply(i, k) * svd.values()[k]);
                }
            }
            assertThat(DenseAlgebra.product(scaled, false, svd.rightT(), false).values())
                .containsExactly(matrix.values(), within(ROUNDING));
        }
    }

    @Test
    void inverseCholeskyIsUpperTriangularAndItsSquareTheInverse() {
        for (int n : new int[] {1, 2, 7, 100}) {
            DenseMatrix factor = TestMatrices.gaussian(2 * n, n, 4);
            DenseMatrix gram = DenseAlgebra.product(factor, true, factor, false);
            DenseMatrix upper = DenseAlgebra.inverseCholesky(gram);
            for (int col = 0; col < n; col++) {
                for (int row = col + 1; row < n; row++) {
                    assertThat(upper.apply(row, col)).isZero();
                }
            }
            DenseMatrix inverse = DenseAlgebra.product(upper, true, upper, false);
            assertThat(DenseAlgebra.product(gram, false, inverse, false).values())
                .containsExactly(DenseMatrix.eye(n).values(), within(1e-9));
        }
        assertThatThrownBy(() -> DenseAlgebra.inverseCholesky(new DenseMatrix(2, 2, new double[] {1, 2, 2, 1})))
            .isInstanceOf(IllegalStateException.class).hasMessageContaining("dpotrf").hasMessageContaining("2 x 2");
    }

    @Test
    void pseudoInverseInvertsWhatCanBeInverted() {
        DenseMatrix factor = TestMatrices.gaussian(9, 4, 4);
        DenseMatrix gram = DenseAlgebra.product(factor, true, factor, false);
        assertThat(DenseAlgebra.product(gram, false, DenseAlgebra.pseudoInverse(gram), false).values())
            .containsExactly(DenseMatrix.eye(4).values(), within(ROUNDING));

        // Rank 2 of 4: A A⁺ A = A, and A⁺ stays small.
        DenseMatrix narrow = TestMatrices.gaussian(4, 2, 5).multiply(TestMatrices.gaussian(2, 9, 6));
        DenseMatrix singular = DenseAlgebra.product(narrow, false, narrow, true);
        DenseMatrix inverse = DenseAlgebra.pseudoInverse(singular);
        DenseMatrix again = singular.multiply(inverse).multiply(singular);
        assertThat(again.values()).containsExactly(singular.values(), within(1e-9));
        assertThat(DenseAlgebra.squaredNorm(inverse)).isLessThan(1e4);

        assertThat(DenseAlgebra.squaredNorm(DenseAlgebra.pseudoInverse(DenseMatrix.zeros(3, 3)))).isZero();
    }
}
