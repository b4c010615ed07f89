package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlphaSparsityTest {

    @Test
    void sharesAreThoseOfTheDecimalNumber() {
        assertThat(AlphaSparsity.share(0.05, 256)).isEqualTo(12);
        // In double, 0.29 · 100 is 28.999999999999996 and 0.07 · 100 is 7.000000000000001.
        assertThat(AlphaSparsity.share(0.29, 100)).isEqualTo(29);
        assertThat(AlphaSparsity.share(0.07, 100)).isEqualTo(7);
        assertThat(AlphaSparsity.share(0, 100)).isZero();
        assertThat(AlphaSparsity.share(1, 100)).isEqualTo(100);
    }

    @Test
    void keepsWhatIsLargestInItsRowAndInItsColumn() {
        // Half of 4 columns and of 2 rows: the two largest of each row that are the largest of their column.
        DenseMatrix matrix = new DenseMatrix(2, 4, new double[] {9, 1, -8, 2, 3, 7, 4, -6});
        assertThat(new AlphaSparsity(2, 4, 0.5).apply(matrix).toDense().toArray())
            .containsExactly(9, 0, -8, 0, 0, 7, 0, -6);
        // 9 and −8 share a row: the largest of the second column is not the largest of its row, so that column keeps nothing.
        DenseMatrix crossed = new DenseMatrix(2, 2, new double[] {9, 1, -8, 2});
        assertThat(new AlphaSparsity(2, 2, 0.5).apply(crossed).toDense().toArray()).containsExactly(9, 0, 0, 0);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "7,5,0.3", "64,33,0.05", "33,64,0.25", "20,20,0.5", "16,256,0.07", "5,3,1", "2,2048,0.5"})
    void boundsHoldExactlyWhateverTies(int rows, int cols, double alpha) {
        double[] coarse = TestMatrices.gaussian(rows, cols, 7).values();
        for (int at = 0; at < coarse.length; at++) {
            coarse[at] = Math.rint(coarse[at]) + 0.0; // no negative zero
        }
        for (DenseMatrix matrix : new DenseMatrix[] {TestMatrices.gaussian(rows, cols, 8),
            new DenseMatrix(rows, cols, coarse), TestMatrices.constant(rows, cols, -2), DenseMatrix.zeros(rows, cols)}) {
            AlphaSparsity sparsity = new AlphaSparsity(rows, cols, alpha);
            SparseMatrix kept = sparsity.apply(matrix);
            int[] inRow = new int[rows];
            for (int col = 0; col < cols; col++) {
                assertThat(kept.colPtrs()[col + 1] - kept.colPtrs()[col]).isLessThanOrEqualTo(sparsity.perColumn());
                for (int k = kept.colPtrs()[col]; k < kept.colPtrs()[col + 1]; k++) {
                    inRow[kept.rowIndices()[k]]++;
                    assertThat(kept.values()[k]).isNotZero().isEqualTo(matrix.apply(kept.rowIndices()[k], col));
                }
            }
            assertThat(Arrays.stream(inRow).boxed()).allMatch(count -> count <= sparsity.perRow());
            assertThat(kept.toDense().toArray()).containsExactly(bruteForce(matrix, alpha));
        }
    }

    @Test
    void keepsNothingWhereAShareIsLessThanOneEntry() {
        AlphaSparsity sparsity = new AlphaSparsity(30, 300, 0.01);
        assertThat(sparsity.perRow()).isEqualTo(3);
        assertThat(sparsity.alwaysEmpty()).isTrue();
        assertThat(sparsity.apply(TestMatrices.gaussian(30, 300, 9)).values()).isEmpty();
    }

    /** T_α by sorting positions, magnitude first, then index. */
    private static double[] bruteForce(DenseMatrix matrix, double alpha) {
        int rows = matrix.numRows();
        int cols = matrix.numCols();
        boolean[] inRow = new boolean[rows * cols];
        double[] kept = new double[rows * cols];
        for (int row = 0; row < rows; row++) {
            int r = row;
            IntStream.range(0, cols).boxed()
                .sorted(Comparator.comparingDouble((Integer col) -> -Math.abs(matrix.apply(r, col)))
                    .thenComparingInt(col -> col))
                .limit(AlphaSparsity.share(alpha, cols)).forEach(col -> inRow[col * rows + r] = true);
        }
        for (int col = 0; col < cols; col++) {
            int c = col;
            IntStream.range(0, rows).boxed()
                .sorted(Comparator.comparingDouble((Integer row) -> -Math.abs(matrix.apply(row, c)))
                    .thenComparingInt(row -> row))
                .limit(AlphaSparsity.share(alpha, rows)).filter(row -> inRow[c * rows + row])
                .forEach(row -> kept[c * rows + row] = matrix.apply(row, c));
        }
        return kept;
    }
}
