package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.junit.jupiter.api.Test;

class TailsTest {

    @Test
    void knownDistributionsHaveTheirKurtosis() {
        assertThat(new Tails().add(TestMatrices.gaussian(2000, 50, 1), false).kurtosis()).isCloseTo(3, within(0.1));
        assertThat(new Tails().add(TestMatrices.constant(20, 5, -0.5), false).kurtosis()).isCloseTo(1, within(1e-12));
        // Values 0 and 1: mean(x⁴) / mean(x²)² = (1/4) / (1/16).
        assertThat(new Tails().add(new DenseMatrix(4, 1, new double[] {0, 0, 1, 0}), false).kurtosis())
            .isCloseTo(4, within(1e-12));
    }

    @Test
    void scalesOfGroupsDoNotCount() {
        DenseMatrix matrix = TestMatrices.gaussian(40, 2, 2);
        double before = new Tails().add(matrix, false).kurtosis();
        for (int row = 0; row < 40; row++) {
            matrix.update(row, 1, matrix.apply(row, 1) * 1000);
        }
        assertThat(new Tails().add(matrix, false).kurtosis()).isCloseTo(before, within(1e-9));
        assertThat(new Tails().add(matrix.transpose().toDenseColMajor(), true).kurtosis()).isCloseTo(before, within(1e-9));
    }

    @Test
    void zerosHaveNone() {
        assertThat(new Tails().add(DenseMatrix.zeros(3, 3), true).kurtosis()).isNaN();
    }
}
