package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.NativeAlgebra;

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
    /** Columns of a Gram matrix that are summed together. */
    private static final int COLUMNS = 32;

    /** (in, in) H; null where it is diagonal. */
    private final DenseMatrix gram;
    /** The same column by column, zeros up to a multiple of four; empty where native code has the other. */
    private final double[][] columns;
    private final double[] diagonal;
    private ErrorFeedback feedback;

    /**
     * The norm of an H.
     *
     * @param gram (in, in) positive semidefinite
     */
    InputNorm(DenseMatrix gram) {
        this(diagonal(gram), gram.numRows() > WIDEST ? null : gram.copy());
    }

    /** @param gram becomes its own */
    private InputNorm(double[] ofGram, DenseMatrix gram) {
        this.diagonal = ofGram;
        double mean = Arrays.stream(diagonal).average().orElse(0);
        for (int i = 0; i < diagonal.length; i++) {
            diagonal[i] = mean > 0 ? diagonal[i] + DAMPING * mean : 1;
        }
        this.gram = gram;
        for (int i = 0; i < diagonal.length && this.gram != null; i++) {
            this.gram.update(i, i, diagonal[i]);
        }
        boolean inJava = this.gram != null && !NativeAlgebra.isLoaded();
        this.columns = new double[!inJava ? 0 : (diagonal.length + 3) / 4 * 4][diagonal.length];
        for (int j = 0; j < diagonal.length && inJava; j++) {
            System.arraycopy(this.gram.values(), j * diagonal.length, columns[j], 0, diagonal.length);
        }
    }

    /**
     * The norm of the covariance of rows.
     *
     * @param rows (count, in) row-major
     * @param mean (in) of the rows
     */
    static InputNorm ofCovariance(float[] rows, int count, double[] mean) {
        int in = mean.length;
        if (in > WIDEST) {
            double[] variances = squares(rows, count, in);
            for (int i = 0; i < in; i++) {
                variances[i] -= mean[i] * mean[i];
            }
            return new InputNorm(variances, null);
        }
        DenseMatrix covariance = gram(rows, count, in);
        for (int j = 0; j < in; j++) {
            for (int i = 0; i < in; i++) {
                covariance.values()[j * in + i] -= mean[i] * mean[j];
            }
        }
        return new InputNorm(diagonal(covariance), covariance);
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
        if (columns.length == 0) {
            NativeAlgebra.multiply(sums, gram.values(), factors, in, error.numCols(), in, true);
            return new DenseMatrix(in, error.numCols(), sums);
        }
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

    /** Rounding that makes up for itself in this norm; prepared once for all layers that read the same. */
    synchronized ErrorFeedback feedback() {
        if (feedback == null) {
            feedback = gram == null ? ErrorFeedback.none(diagonal) : new ErrorFeedback(gram, 0);
        }
        return feedback;
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
        if (NativeAlgebra.isLoaded()) {
            NativeAlgebra.gram(rows, count, in, gram);
        } else {
            addRows(rows, count, in, gram);
        }
        for (int j = 0; j < in; j++) {
            for (int i = 0; i <= j; i++) {
                gram[j * in + i] /= Math.max(1, count);
                gram[i * in + j] = gram[j * in + i];
            }
        }
        return new DenseMatrix(in, in, gram);
    }

    /** XᵀX in Java, where there is no native code, in the upper triangle. */
    static void addRows(float[] rows, int count, int in, double[] gram) {
        double[][] eight = new double[8][in];
        // As many columns at a time as stay in cache while all rows pass.
        for (int first = 0; first < in; first += COLUMNS) {
            int last = Math.min(first + COLUMNS, in);
            // Eight rows at a time, the columns of the upper triangle one by one: every sum has its fixed order.
            for (int from = 0; from < count; from += 8) {
                for (int k = 0; k < 8; k++) {
                    for (int i = 0; i < last; i++) {
                        eight[k][i] = from + k < count ? rows[(from + k) * in + i] : 0;
                    }
                }
                for (int j = first; j < last; j++) {
                    accumulate(gram, j * in, j + 1, eight, j);
                }
            }
        }
    }

    /** Adds eight vectors, each times its j-th entry; first four, then the others. */
    private static void accumulate(double[] sums, int at, int count, double[][] vectors, int j) {
        double[] row0 = vectors[0];
        double[] row1 = vectors[1];
        double[] row2 = vectors[2];
        double[] row3 = vectors[3];
        double[] row4 = vectors[4];
        double[] row5 = vectors[5];
        double[] row6 = vectors[6];
        double[] row7 = vectors[7];
        double by0 = row0[j];
        double by1 = row1[j];
        double by2 = row2[j];
        double by3 = row3[j];
        double by4 = row4[j];
        double by5 = row5[j];
        double by6 = row6[j];
        double by7 = row7[j];
        for (int i = 0; i < count; i++) {
            sums[at + i] = sums[at + i] + (row0[i] * by0 + row1[i] * by1 + (row2[i] * by2 + row3[i] * by3))
                + (row4[i] * by4 + row5[i] * by5 + (row6[i] * by6 + row7[i] * by7));
        }
    }

    /** The diagonal of {@link #gram} alone, with its bits. */
    private static double[] squares(float[] rows, int count, int in) {
        double[] squares = new double[in];
        double[][] four = new double[4][in];
        for (int from = 0; from < count; from += 4) {
            for (int k = 0; k < 4; k++) {
                for (int i = 0; i < in; i++) {
                    four[k][i] = from + k < count ? rows[(from + k) * in + i] : 0;
                }
            }
            for (int i = 0; i < in; i++) {
                squares[i] += four[0][i] * four[0][i] + four[1][i] * four[1][i]
                    + (four[2][i] * four[2][i] + four[3][i] * four[3][i]);
            }
        }
        for (int i = 0; i < in; i++) {
            squares[i] /= Math.max(1, count);
        }
        return squares;
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
