package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;

/**
 * The norm that measures errors of a weight by what they do to the output of its layer: {@code ‖E‖²_H = tr(EᵀHE)}, the mean of
 * ‖x E‖² over inputs x where {@code H = XᵀX / rows}.
 *
 * <p>H is damped: 1% of the mean of its diagonal is added to its diagonal, since few rows leave directions that happen to be
 * empty. Where all of it is 0, as of a layer that has seen nothing else, the norm is the plain one, H = I. Of layers wider than
 * {@value #WIDEST} inputs only the diagonal is used: its inverse alone would cost more than all the others together.
 */
final class InputNorm {
    static final int WIDEST = 1024;
    private static final double DAMPING = 0.01;

    /** (in, in) H; null where it is diagonal. */
    private final DenseMatrix gram;
    /** The same column by column, zeros up to a multiple of four. */
    private final double[][] columns;
    private final double[] diagonal;

    /**
     * The norm of an H.
     *
     * @param gram (in, in) positive semidefinite
     */
    InputNorm(DenseMatrix gram) {
        this.diagonal = diagonal(gram);
        double mean = Arrays.stream(diagonal).average().orElse(0);
        for (int i = 0; i < diagonal.length; i++) {
            diagonal[i] = mean > 0 ? diagonal[i] + DAMPING * mean : 1;
        }
        this.gram = diagonal.length > WIDEST ? null : gram.copy();
        for (int i = 0; i < diagonal.length && this.gram != null; i++) {
            this.gram.update(i, i, diagonal[i]);
        }
        this.columns = new double[this.gram == null ? 0 : (diagonal.length + 3) / 4 * 4][diagonal.length];
        for (int j = 0; j < diagonal.length && this.gram != null; j++) {
            System.arraycopy(this.gram.values(), j * diagonal.length, columns[j], 0, diagonal.length);
        }
    }

    private static double[] diagonal(DenseMatrix matrix) {
        return IntStream.range(0, matrix.numRows()).mapToDouble(i -> matrix.apply(i, i)).toArray();
    }

    /** H_ij. */
    double at(int i, int j) {
        return i == j ? diagonal[i] : gram == null ? 0 : gram.apply(i, j);
    }

    /** H E. */
    DenseMatrix times(DenseMatrix error) {
        if (gram == null) {
            return scaled(error, diagonal);
        }
        int in = diagonal.length;
        double[] factors = error.values();
        double[] sums = new double[factors.length];
        for (int at = 0; at < factors.length; at += in) {
            for (int k = 0; k < in; k += 4) {
                accumulate(sums, at, in, k, columns, factors[at + k], k + 1 < in ? factors[at + k + 1] : 0,
                    k + 2 < in ? factors[at + k + 2] : 0, k + 3 < in ? factors[at + k + 3] : 0);
            }
        }
        return new DenseMatrix(in, error.numCols(), sums);
    }

    /** AᵀHB. */
    DenseMatrix inner(DenseMatrix left, DenseMatrix right) {
        return DenseAlgebra.product(left, true, times(right), false);
    }

    /** ‖E‖²_H. */
    double squared(DenseMatrix error) {
        double[] weighted = times(error).values();
        double sum = 0;
        for (int at = 0; at < weighted.length; at++) {
            sum += weighted[at] * error.values()[at];
        }
        return sum;
    }

    /** diag(√H_ii) E: what an entry of an error does alone. */
    DenseMatrix felt(DenseMatrix error) {
        return scaled(error, Arrays.stream(diagonal).map(Math::sqrt).toArray());
    }

    /** Rounding that makes up for itself in this norm. */
    ErrorFeedback feedback() {
        return gram == null ? ErrorFeedback.none(diagonal) : new ErrorFeedback(gram, 0);
    }

    private static DenseMatrix scaled(DenseMatrix matrix, double[] byRow) {
        DenseMatrix scaled = matrix.copy();
        for (int at = 0; at < scaled.values().length; at++) {
            scaled.values()[at] *= byRow[at % byRow.length];
        }
        return scaled;
    }

    /**
     * XᵀX ÷ rows, in the order of the rows.
     *
     * @param rows (count, in) X, row-major
     * @return (in, in); zeros where there are no rows
     */
    static DenseMatrix gram(float[] rows, int count, int in) {
        double[] gram = new double[in * in];
        // Four rows at a time, the columns of the upper triangle one by one: every sum has its fixed order.
        double[][] four = new double[4][in];
        for (int from = 0; from < count; from += 4) {
            for (int k = 0; k < 4; k++) {
                for (int i = 0; i < in; i++) {
                    four[k][i] = from + k < count ? rows[(from + k) * in + i] : 0;
                }
            }
            for (int j = 0; j < in; j++) {
                accumulate(gram, j * in, j + 1, 0, four, four[0][j], four[1][j], four[2][j], four[3][j]);
            }
        }
        for (int j = 0; j < in; j++) {
            for (int i = 0; i <= j; i++) {
                gram[j * in + i] /= Math.max(1, count);
                gram[i * in + j] = gram[j * in + i];
            }
        }
        return new DenseMatrix(in, in, gram);
    }

    /** Adds four vectors, from the k-th on, each times a number. */
    private static void accumulate(double[] sums, int at, int count, int k, double[][] vectors, double by0, double by1,
                                   double by2, double by3) {
        double[] row0 = vectors[k];
        double[] row1 = vectors[k + 1];
        double[] row2 = vectors[k + 2];
        double[] row3 = vectors[k + 3];
        for (int i = 0; i < count; i++) {
            sums[at + i] += row0[i] * by0 + row1[i] * by1 + (row2[i] * by2 + row3[i] * by3);
        }
    }
}
