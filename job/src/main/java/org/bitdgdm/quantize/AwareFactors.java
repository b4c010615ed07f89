package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.kernels.CodeMatrix;

/**
 * Codes of both factors and entries of S that make {@code ‖W − L̂R̂ᵀ − S‖_H} small, the error at the output of the layer:
 * not those of a decomposition that was found without them, but each chosen for what the others are.
 *
 * <ol>
 * <li>L, R and S by {@link OutputDescent}; then the basis of the rank-r space in which {@code RᵀR} and {@code LᵀHL} are
 *     diagonal with the same entries, so that columns do not mix;</li>
 * <li>L̂, column by column, with {@link ErrorFeedback} in H;</li>
 * <li>R refitted to L̂ by weighted least squares, {@code R = (W − S)ᵀ H L̂ (L̂ᵀHL̂)⁻¹}, and rounded row by row with feedback
 *     in {@code L̂ᵀHL̂};</li>
 * <li>S = T_α of what is left, entries chosen by |entry| · √H_ii, those of a column by least squares in H;</li>
 * <li>{@value #SWEEPS} times: each column of L anew for what the others and S leave, then 3 and 4; the best of all is kept,
 *     so that the error never grows.</li>
 * </ol>
 * Scales are those of least error in the same norms.
 */
final class AwareFactors {
    private static final int SWEEPS = 3;
    /** Keeps columns of L̂ that are nearly alike from making R large. */
    private static final double DAMPING = 1e-6;
    /** Entries of S in one column that are set by least squares; where there are more they are what the factors leave. */
    private static final int MOST_TOGETHER = 128;

    private final DenseMatrix weight;
    private final InputNorm norm;
    private final int bits;
    private final AlphaSparsity sparsity;
    private final ErrorFeedback ofInputs;
    private final FeltWeight felt;
    private final Decomposition decomposition;
    /** S of it. */
    private final SparseMatrix start;
    private State best;

    /**
     * Everything that is kept, by values; codes only where there are some.
     *
     * @param left       (in, rank) L̂
     * @param leftScale  (rank)
     * @param right      (out, rank) R̂
     * @param rightScale (out)
     * @param error      ‖W − L̂R̂ᵀ − S‖²_H
     */
    private record State(DenseMatrix left, float[] leftScale, DenseMatrix right, float[] rightScale, SparseMatrix sparse,
                         double error) {
    }

    private AwareFactors(DenseMatrix weight, InputNorm norm, int rank, double beyond, double alpha, int bits) {
        this.weight = weight;
        this.norm = norm;
        this.bits = bits;
        this.sparsity = new AlphaSparsity(weight.numRows(), weight.numCols(), alpha);
        this.felt = new FeltWeight(weight, norm);
        this.decomposition = new OutputDescent(rank, beyond, alpha).decompose(felt);
        this.start = stored(decomposition.sparse());
        this.ofInputs = bits > 8 ? null : norm.feedback();
    }

    /**
     * Factors and S of a weight.
     *
     * @param weight (in, out) W
     * @param beyond share of ‖W‖²_H beyond the columns of the factors, see {@link OutputDescent#beyond}; 0: all of {@code rank}
     * @param bits   2…8, or 16/32: factors keep their values
     */
    static AwareFactors of(DenseMatrix weight, InputNorm norm, int rank, double beyond, double alpha, int bits) {
        AwareFactors factors = new AwareFactors(weight, norm, rank, beyond, alpha, bits);
        factors.fit();
        return factors;
    }

    private void fit() {
        DenseMatrix[] balanced = balanced(decomposition.left(), decomposition.right());
        DenseMatrix left = balanced[0];
        DenseMatrix right = balanced[1];
        if (bits > 8) {
            best = new State(left, null, right, null, start, felt.factor(left).error(right, start));
            return;
        }
        float[] leftScale = roundColumns(left, ofInputs);
        best = refitted(left, leftScale, start);
        State current = best;
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            current = swept(current);
            if (current.error < best.error) {
                best = current;
            }
        }
    }

    /** The same product L Rᵀ with RᵀR = LᵀHL, diagonal. */
    private DenseMatrix[] balanced(DenseMatrix left, DenseMatrix right) {
        DenseAlgebra.Eigen plain = DenseAlgebra.eigen(DenseAlgebra.product(right, true, right, false));
        DenseMatrix turnedLeft = DenseAlgebra.product(left, false, plain.vectors(), false);
        DenseMatrix turnedRight = DenseAlgebra.product(right, false, plain.vectors(), false);
        for (int c = 0; c < plain.values().length; c++) {
            exchange(turnedLeft, turnedRight, c, Math.sqrt(Math.max(0, plain.values()[c])));
        }
        DenseAlgebra.Eigen felt = DenseAlgebra.eigen(norm.inner(turnedLeft, turnedLeft));
        turnedLeft = DenseAlgebra.product(turnedLeft, false, felt.vectors(), false);
        turnedRight = DenseAlgebra.product(turnedRight, false, felt.vectors(), false);
        for (int c = 0; c < felt.values().length; c++) {
            // √σ of σ² on either side.
            exchange(turnedRight, turnedLeft, c, Math.sqrt(Math.sqrt(Math.max(0, felt.values()[c]))));
        }
        return new DenseMatrix[] {turnedLeft, turnedRight};
    }

    /** A column of one matrix times a factor, of the other divided by it. */
    private static void exchange(DenseMatrix times, DenseMatrix divided, int col, double factor) {
        for (int i = 0; i < times.numRows(); i++) {
            times.update(i, col, times.apply(i, col) * factor);
        }
        for (int i = 0; i < divided.numRows(); i++) {
            divided.update(i, col, factor > 0 ? divided.apply(i, col) / factor : 0);
        }
    }

    /** Rounds columns in their places and returns their scales. */
    private float[] roundColumns(DenseMatrix matrix, ErrorFeedback feedback) {
        int rows = matrix.numRows();
        byte[] codes = new byte[rows * matrix.numCols()];
        float[] scales = feedback.round(matrix.values(), matrix.numCols(), bits, codes);
        for (int at = 0; at < codes.length; at++) {
            matrix.values()[at] = codes[at] * scales[at / rows];
        }
        return scales;
    }

    /** Steps 3 and 4, twice over: R for the S that there was, then for the S that it leaves. */
    private State refitted(DenseMatrix left, float[] leftScale, SparseMatrix sparse) {
        FeltWeight.Factor factor = felt.factor(left);
        DenseMatrix inverse = DenseAlgebra.pseudoInverse(factor.gram());
        ErrorFeedback feedback = new ErrorFeedback(factor.gram(), DAMPING);
        State first = refitted(factor, inverse, feedback, leftScale, sparse);
        State second = refitted(factor, inverse, feedback, leftScale, first.sparse);
        return second.error < first.error ? second : first;
    }

    private State refitted(FeltWeight.Factor factor, DenseMatrix inverse, ErrorFeedback feedback, float[] leftScale,
                           SparseMatrix sparse) {
        DenseMatrix rows = DenseAlgebra.transposed(DenseAlgebra.product(factor.of(sparse), false, inverse, false));
        float[] rightScale = roundColumns(rows, feedback);
        DenseMatrix right = DenseAlgebra.transposed(rows);
        SparseMatrix chosen = chosenSparse(factor, right);
        return new State(factor.left(), leftScale, right, rightScale, chosen, factor.error(right, chosen));
    }

    /** Each column of L anew, {@code L_c + (W − L̂R̂ᵀ − S) R̂_c / ‖R̂_c‖²}, rounded before the next one looks. */
    private State swept(State state) {
        int in = weight.numRows();
        int rank = state.leftScale.length;
        DenseMatrix left = state.left.copy();
        float[] leftScale = state.leftScale.clone();
        DenseMatrix target = weight.copy();
        FeltWeight.subtract(target, state.sparse);
        DenseMatrix wanted = DenseAlgebra.product(target, false, state.right, false);
        DenseMatrix gram = DenseAlgebra.product(state.right, true, state.right, false);
        double[] values = left.values();
        for (int c = 0; c < rank; c++) {
            double squares = gram.apply(c, c);
            if (squares == 0) {
                continue;
            }
            double[] rest = new double[in];
            System.arraycopy(wanted.values(), c * in, rest, 0, in);
            for (int k = 0; k < rank; k++) {
                double factor = gram.apply(k, c);
                for (int i = 0; i < in; i++) {
                    rest[i] -= factor * values[k * in + i];
                }
            }
            DenseMatrix column = DenseMatrix.zeros(in, 1);
            for (int i = 0; i < in; i++) {
                column.values()[i] = values[c * in + i] + rest[i] / squares;
            }
            leftScale[c] = roundColumns(column, ofInputs)[0];
            System.arraycopy(column.values(), 0, values, c * in, in);
        }
        return refitted(left, leftScale, state.sparse);
    }

    private SparseMatrix chosenSparse(FeltWeight.Factor factor, DenseMatrix right) {
        if (sparsity.alwaysEmpty()) {
            return OutputDescent.entries(weight, new boolean[weight.values().length]);
        }
        DenseMatrix rest = factor.rest(right);
        SparseMatrix chosen = OutputDescent.entries(rest, sparsity.select(norm.felt(rest)));
        for (int col = 0; col < chosen.numCols(); col++) {
            int from = chosen.colPtrs()[col];
            int count = chosen.colPtrs()[col + 1] - from;
            if (count == 0 || count > MOST_TOGETHER) {
                continue;
            }
            DenseMatrix gram = DenseMatrix.zeros(count, count);
            DenseMatrix wanted = DenseMatrix.zeros(count, 1);
            for (int k = 0; k < count; k++) {
                int row = chosen.rowIndices()[from + k];
                for (int m = 0; m < count; m++) {
                    gram.update(k, m, norm.at(row, chosen.rowIndices()[from + m]));
                }
                wanted.update(k, 0, factor.weightedRest(right, row, col));
            }
            DenseMatrix upper = DenseAlgebra.inverseCholesky(gram);
            double[] values = DenseAlgebra.product(upper, true, DenseAlgebra.product(upper, false, wanted, false), false)
                .values();
            System.arraycopy(values, 0, chosen.values(), from, count);
        }
        return stored(chosen);
    }

    /** The same entries in FP32, as they are packed. */
    private static SparseMatrix stored(SparseMatrix sparse) {
        double[] values = sparse.values().clone();
        for (int at = 0; at < values.length; at++) {
            values[at] = (float) values[at];
        }
        return new SparseMatrix(sparse.numRows(), sparse.numCols(), sparse.colPtrs(), sparse.rowIndices(), values);
    }

    /** How L, R and S were found before they had codes. */
    Decomposition decomposition() {
        return decomposition;
    }

    /** L̂, a scale for each column. */
    CodeMatrix left() {
        return codes(best.left, best.leftScale, false);
    }

    /** R̂, a scale for each row. */
    CodeMatrix right() {
        return codes(best.right, best.rightScale, true);
    }

    private CodeMatrix codes(DenseMatrix matrix, float[] scale, boolean scalePerRow) {
        if (bits > 8) {
            return ScalarQuantizer.MAXIMUM.quantize(matrix, bits, scalePerRow);
        }
        int rows = matrix.numRows();
        int cols = matrix.numCols();
        byte[] codes = new byte[rows * cols];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                float of = scale[scalePerRow ? row : col];
                codes[row * cols + col] = (byte) (of == 0 ? 0 : Math.rint(matrix.apply(row, col) / of));
            }
        }
        return new CodeMatrix(rows, cols, bits, scalePerRow, codes, scale, new float[0]);
    }

    /** S. */
    SparseMatrix sparse() {
        return best.sparse;
    }

    /** ‖W − L̂R̂ᵀ − S‖²_H. */
    double error() {
        return best.error;
    }
}
