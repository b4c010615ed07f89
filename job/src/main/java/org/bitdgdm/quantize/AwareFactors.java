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
    private final Decomposition decomposition;
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

    private AwareFactors(DenseMatrix weight, InputNorm norm, int rank, double alpha, int bits) {
        this.weight = weight;
        this.norm = norm;
        this.bits = bits;
        this.sparsity = new AlphaSparsity(weight.numRows(), weight.numCols(), alpha);
        this.decomposition = new OutputDescent(rank, alpha).decompose(weight, norm);
        this.ofInputs = bits > 8 ? null : norm.feedback();
    }

    /**
     * Factors and S of a weight.
     *
     * @param weight (in, out) W
     * @param bits   2…8, or 16/32: factors keep their values
     */
    static AwareFactors of(DenseMatrix weight, InputNorm norm, int rank, double alpha, int bits) {
        AwareFactors factors = new AwareFactors(weight, norm, rank, alpha, bits);
        factors.fit();
        return factors;
    }

    private void fit() {
        DenseMatrix[] balanced = balanced(decomposition.left(), decomposition.right());
        DenseMatrix left = balanced[0];
        DenseMatrix right = balanced[1];
        if (bits > 8) {
            best = state(left, null, right, null, decomposition.sparse());
            return;
        }
        int rank = left.numCols();
        float[] leftScale = new float[rank];
        for (int c = 0; c < rank; c++) {
            leftScale[c] = roundColumn(left, c);
        }
        best = refitted(left, leftScale, decomposition.sparse());
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

    /** Rounds a column of L in its place and returns its scale. */
    private float roundColumn(DenseMatrix left, int col) {
        int in = left.numRows();
        double[] column = new double[in];
        System.arraycopy(left.values(), col * in, column, 0, in);
        byte[] codes = new byte[in];
        float scale = ofInputs.round(column, bits, codes);
        for (int i = 0; i < in; i++) {
            left.values()[col * in + i] = codes[i] * scale;
        }
        return scale;
    }

    /** Steps 3 and 4, twice over: R for the S that there was, then for the S that it leaves. */
    private State refitted(DenseMatrix left, float[] leftScale, SparseMatrix sparse) {
        float[] rightScale = new float[weight.numCols()];
        DenseMatrix right = roundedRight(left, sparse, rightScale);
        State first = state(left, leftScale, right, rightScale, chosenSparse(left, right));
        float[] otherScale = new float[weight.numCols()];
        DenseMatrix other = roundedRight(left, first.sparse, otherScale);
        State second = state(left, leftScale, other, otherScale, chosenSparse(left, other));
        return second.error < first.error ? second : first;
    }

    private DenseMatrix roundedRight(DenseMatrix left, SparseMatrix sparse, float[] scale) {
        int rank = left.numCols();
        DenseMatrix target = weight.copy();
        subtract(target, sparse);
        DenseMatrix weighted = norm.times(left);
        DenseMatrix gram = DenseAlgebra.product(left, true, weighted, false);
        DenseMatrix right = DenseAlgebra.product(DenseAlgebra.product(target, true, weighted, false), false,
            DenseAlgebra.pseudoInverse(gram), false);
        ErrorFeedback feedback = new ErrorFeedback(gram, DAMPING);
        byte[] codes = new byte[rank];
        double[] row = new double[rank];
        for (int o = 0; o < right.numRows(); o++) {
            for (int c = 0; c < rank; c++) {
                row[c] = right.apply(o, c);
            }
            scale[o] = feedback.round(row, bits, codes);
            for (int c = 0; c < rank; c++) {
                right.update(o, c, codes[c] * scale[o]);
            }
        }
        return right;
    }

    /** Each column of L anew, {@code L_c + (W − L̂R̂ᵀ − S) R̂_c / ‖R̂_c‖²}, rounded before the next one looks. */
    private State swept(State state) {
        int in = weight.numRows();
        int out = weight.numCols();
        DenseMatrix left = state.left.copy();
        float[] leftScale = state.leftScale.clone();
        double[] rest = rest(left, state.right, state.sparse).values();
        double[] before = new double[in];
        for (int c = 0; c < leftScale.length; c++) {
            double squares = 0;
            for (int o = 0; o < out; o++) {
                squares += state.right.apply(o, c) * state.right.apply(o, c);
            }
            if (squares == 0) {
                continue;
            }
            System.arraycopy(left.values(), c * in, before, 0, in);
            for (int o = 0; o < out; o++) {
                addScaled(rest, o * in, state.right.apply(o, c) / squares, left.values(), c * in, in);
            }
            leftScale[c] = roundColumn(left, c);
            for (int i = 0; i < in; i++) {
                before[i] -= left.values()[c * in + i];
            }
            for (int o = 0; o < out; o++) {
                addScaled(before, 0, state.right.apply(o, c), rest, o * in, in);
            }
        }
        return refitted(left, leftScale, state.sparse);
    }

    private static void addScaled(double[] from, int at, double factor, double[] to, int start, int count) {
        for (int i = 0; i < count && factor != 0; i++) {
            to[start + i] += factor * from[at + i];
        }
    }

    private SparseMatrix chosenSparse(DenseMatrix left, DenseMatrix right) {
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, left, false, right, true, 1, rest);
        SparseMatrix chosen = OutputDescent.entries(rest, sparsity.select(norm.felt(rest)));
        DenseMatrix weighted = norm.times(rest);
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
                wanted.update(k, 0, weighted.apply(row, col));
            }
            DenseMatrix upper = DenseAlgebra.inverseCholesky(gram);
            double[] values = DenseAlgebra.product(upper, true, DenseAlgebra.product(upper, false, wanted, false), false)
                .values();
            System.arraycopy(values, 0, chosen.values(), from, count);
        }
        return chosen;
    }

    private State state(DenseMatrix left, float[] leftScale, DenseMatrix right, float[] rightScale, SparseMatrix sparse) {
        return new State(left, leftScale, right, rightScale, sparse, norm.squared(rest(left, right, sparse)));
    }

    private DenseMatrix rest(DenseMatrix left, DenseMatrix right, SparseMatrix sparse) {
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, left, false, right, true, 1, rest);
        subtract(rest, sparse);
        return rest;
    }

    private static void subtract(DenseMatrix matrix, SparseMatrix sparse) {
        for (int col = 0; col < sparse.numCols(); col++) {
            for (int k = sparse.colPtrs()[col]; k < sparse.colPtrs()[col + 1]; k++) {
                matrix.values()[col * sparse.numRows() + sparse.rowIndices()[k]] -= (float) sparse.values()[k];
            }
        }
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

    /** E = W − L̂R̂ᵀ − S. */
    DenseMatrix residual() {
        return rest(best.left, best.right, best.sparse);
    }

    /** ‖E‖²_H. */
    double error() {
        return best.error;
    }
}
