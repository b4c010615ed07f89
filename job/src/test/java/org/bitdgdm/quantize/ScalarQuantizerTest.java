package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.assertj.core.data.Offset;
import org.bitdgdm.kernels.CodeMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScalarQuantizerTest {

    @Test
    void roundToNearestCodesAreExact() {
        // Columns (−1.5, 0.5, 1.75) and (0, −7, 2.5), 4 bits: scales 0.25 and 1; ties go to the even code.
        DenseMatrix matrix = new DenseMatrix(3, 2, new double[] {-1.5, 0.625, 1.75, 0, -7, 2.5});
        CodeMatrix codes = ScalarQuantizer.MAXIMUM.quantize(matrix, 4, false);
        assertThat(codes.scale()).containsExactly(0.25f, 1f);
        assertThat(codes.codes()).containsExactly(-6, 0, 2, -7, 7, 2);
        CodeMatrix byRow = ScalarQuantizer.MAXIMUM.quantize(matrix.transpose().toDenseColMajor(), 4, true);
        assertThat(byRow.scale()).containsExactly(0.25f, 1f);
        assertThat(byRow.codes()).containsExactly(-6, 2, 7, 0, -7, 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8})
    void errorsStayWithinHalfAStep(int bits) {
        DenseMatrix matrix = TestMatrices.gaussian(50, 6, 1);
        CodeMatrix codes = ScalarQuantizer.MAXIMUM.quantize(matrix, bits, false);
        for (int row = 0; row < 50; row++) {
            for (int col = 0; col < 6; col++) {
                assertThat(Math.abs(codes.codes()[row * 6 + col])).isLessThanOrEqualTo((1 << (bits - 1)) - 1);
                assertThat(Math.abs(matrix.apply(row, col) - codes.get(row, col)))
                    .isLessThanOrEqualTo(codes.scale()[col] * (0.5 + 1e-5));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void leastSquaresIsNeverWorseInAnyGroup(int bits) {
        for (boolean byRow : new boolean[] {false, true}) {
            DenseMatrix matrix = TestMatrices.gaussian(64, 48, 2);
            matrix.update(5, 7, 12);
            double[] plain = errors(matrix, ScalarQuantizer.MAXIMUM.quantize(matrix, bits, byRow));
            double[] best = errors(matrix, ScalarQuantizer.LEAST_SQUARES.quantize(matrix, bits, byRow));
            for (int g = 0; g < plain.length; g++) {
                assertThat(best[g]).isLessThanOrEqualTo(plain[g]);
            }
            assertThat(sum(best)).isLessThan((bits == 8 ? 0.9999 : 0.9) * sum(plain)).isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(ScalarQuantizer.class)
    void extremesAreKept(ScalarQuantizer rule) {
        // Zeros, subnormal values, a single value, and a constant.
        DenseMatrix matrix = new DenseMatrix(2, 4, new double[] {0, 0, 1e-40, -1e-40, 0, 3, -2, -2});
        CodeMatrix codes = rule.quantize(matrix, 4, false);
        assertThat(codes.scale()[0]).isZero();
        assertThat(codes.scale()[1]).isZero();
        assertThat(codes.get(0, 0)).isZero();
        assertThat(codes.get(1, 1)).isZero();
        assertThat(codes.get(1, 2)).isEqualTo(3, Offset.offset(1e-6f));
        assertThat(codes.get(0, 3)).isEqualTo(-2, Offset.offset(1e-6f));
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void sixteenBitsAndMoreKeepTheValues(int bits) {
        DenseMatrix matrix = TestMatrices.gaussian(3, 2, 3);
        CodeMatrix full = ScalarQuantizer.LEAST_SQUARES.quantize(matrix, bits, true);
        assertThat(full.coded()).isFalse();
        assertThat(full.get(2, 1)).isEqualTo((float) matrix.apply(2, 1));
    }

    private static double[] errors(DenseMatrix matrix, CodeMatrix codes) {
        double[] errors = new double[codes.scale().length];
        for (int row = 0; row < codes.rows(); row++) {
            for (int col = 0; col < codes.cols(); col++) {
                double error = (float) matrix.apply(row, col) - codes.get(row, col);
                errors[codes.scalePerRow() ? row : col] += error * error;
            }
        }
        return errors;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
