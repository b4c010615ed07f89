package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ScaledGradientDescentTest {
    private static final int ROWS = 256;
    private static final int COLS = 128;
    private static final int RANK = 4;
    private static final int SPIKES_PER_ROW = 4;
    private static final double SHARE = (double) SPIKES_PER_ROW / COLS;

    @Test
    void recoversPlantedPartsInAsManyStepsWhateverTheConditionNumber() {
        List<Integer> iterations = new ArrayList<>();
        for (double condition : new double[] {1, 10, 100}) {
            DenseMatrix lowRank = lowRank(condition);
            DenseMatrix sparse = spikes();
            DenseMatrix weight = lowRank.copy();
            for (int at = 0; at < weight.values().length; at++) {
                weight.values()[at] += sparse.values()[at];
            }
            Decomposition found = new ScaledGradientDescent(RANK, SHARE, SHARE, 0.5, 1e-9, 200, true)
                .decompose(weight);
            DenseMatrix product = DenseAlgebra.product(found.left(), false, found.right(), true);
            assertThat(distance(product, lowRank)).as("condition %s", condition).isLessThan(1e-7);
            assertThat(distance(found.sparse().toDense(), sparse)).isLessThan(1e-7);
            iterations.add(found.iterations());
        }
        assertThat(Collections.min(iterations)).isPositive();
        assertThat(Collections.max(iterations) - Collections.min(iterations)).as("iterations %s", iterations)
            .isLessThanOrEqualTo(3);
    }

    @Test
    void objectiveIsTheOneOfTheFactorsReturned() {
        DenseMatrix weight = TestMatrices.gaussian(40, 30, 5);
        Decomposition found = new ScaledGradientDescent(4, 0.1).decompose(weight);
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, found.left(), false, found.right(), true, 1, rest);
        double squares = 0;
        for (int col = 0; col < 30; col++) {
            for (int row = 0; row < 40; row++) {
                double g = rest.apply(row, col) - found.sparse().apply(row, col);
                squares += g * g;
            }
        }
        assertThat(found.objective()).isCloseTo(squares / 2, Percentage.withPercentage(1e-9));
        assertThat(found.iterations()).isPositive();
    }

    @Test
    void steppingLowersTheObjectiveOfTheStart() {
        DenseMatrix weight = TestMatrices.gaussian(60, 50, 6);
        double before = new ScaledGradientDescent(6, 0.1, 0.1, 0.5, 1e-4, 0, true).decompose(weight).objective();
        double after = new ScaledGradientDescent(6, 0.1).decompose(weight).objective();
        assertThat(after).isLessThan(0.97 * before);
    }

    /** Whatever share the search had, the result has that of α; from there the search of α only lowers the objective. */
    @Test
    void aWiderSearchStillReturnsTheShareOfAlpha() {
        DenseMatrix weight = TestMatrices.gaussian(60, 50, 7);
        ScaledGradientDescent search = new ScaledGradientDescent(6, 0.1);
        Decomposition wide = search.searching(0.2).decompose(weight);
        assertThat(wide.sparse().numNonzeros()).isBetween(1, 60 * 5);
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, wide.left(), false, wide.right(), true, 1, rest);
        double left = DenseAlgebra.squaredNorm(rest) - DenseAlgebra.squaredNorm(wide.sparse().toDense());
        assertThat(wide.objective()).isCloseTo(left / 2, Percentage.withPercentage(1e-9));
        double[] before = wide.left().values().clone();
        Decomposition narrowed = search.refine(weight, wide, (l, r) -> true);
        assertThat(narrowed.objective()).isLessThan(0.97 * wide.objective());
        assertThat(wide.left().values()).isEqualTo(before);
    }

    @Test
    void degenerateMatricesAreDecomposedExactly() {
        for (DenseMatrix weight : new DenseMatrix[] {DenseMatrix.zeros(12, 7), TestMatrices.constant(12, 7, 0.25),
            TestMatrices.gaussian(12, 1, 1), TestMatrices.gaussian(1, 12, 1), TestMatrices.gaussian(1, 1, 1),
            // Rank 2, though 8 are asked for.
            DenseAlgebra.product(TestMatrices.gaussian(30, 2, 1), false, TestMatrices.gaussian(20, 2, 2), true),
            // Smaller than the rank.
            TestMatrices.gaussian(6, 5, 1)}) {
            for (double alpha : new double[] {0, 0.2, 1}) {
                Decomposition found = new ScaledGradientDescent(8, alpha).decompose(weight);
                assertThat(found.left().numCols()).isEqualTo(Math.min(8, Math.min(weight.numRows(), weight.numCols())));
                assertThat(found.objective()).as("%d x %d, alpha %s", weight.numRows(), weight.numCols(), alpha)
                    .isLessThanOrEqualTo(1e-6 * DenseAlgebra.squaredNorm(weight));
                assertThat(Arrays.stream(found.left().values()).boxed()).allMatch(Double::isFinite);
                assertThat(Arrays.stream(found.right().values()).boxed()).allMatch(Double::isFinite);
            }
        }
    }

    /**
     * Singular values from 1 down to 1/condition, evenly spaced in logarithm; singular vectors of ±1/√n throughout, which
     * no single entry stands out of.
     */
    private static DenseMatrix lowRank(double condition) {
        DenseMatrix matrix = DenseMatrix.zeros(ROWS, COLS);
        for (int k = 0; k < RANK; k++) {
            double value = Math.pow(condition, -(double) k / (RANK - 1)) / Math.sqrt(ROWS * COLS);
            for (int col = 0; col < COLS; col++) {
                for (int row = 0; row < ROWS; row++) {
                    int sign = Integer.bitCount(row & (37 * k + 5)) + Integer.bitCount(col & (21 * k + 3));
                    matrix.values()[col * ROWS + row] += sign % 2 == 0 ? value : -value;
                }
            }
        }
        return matrix;
    }

    /** As many entries in every row, and in every column, each far larger than any entry of the low-rank part. */
    private static DenseMatrix spikes() {
        Random random = new Random(3);
        DenseMatrix matrix = DenseMatrix.zeros(ROWS, COLS);
        for (int spike = 0; spike < SPIKES_PER_ROW; spike++) {
            for (int row = 0; row < ROWS; row++) {
                matrix.update(row, (row + 17 * spike * spike + 3 * spike) % COLS,
                    (0.1 + 0.1 * random.nextDouble()) * (random.nextBoolean() ? 1 : -1));
            }
        }
        return matrix;
    }

    private static double distance(DenseMatrix a, DenseMatrix b) {
        double squares = 0;
        for (int at = 0; at < a.values().length; at++) {
            squares += (a.values()[at] - b.values()[at]) * (a.values()[at] - b.values()[at]);
        }
        return Math.sqrt(squares / DenseAlgebra.squaredNorm(b));
    }
}
