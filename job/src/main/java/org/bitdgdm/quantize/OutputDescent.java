package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.function.DoubleConsumer;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;

/**
 * Scaled gradient descent in the norm of a layer's inputs: {@code W ≈ L Rᵀ + S}, S α-sparse, with ‖·‖_H of {@link InputNorm}
 * in the place of the Frobenius norm of {@link ScaledGradientDescent}.
 *
 * <ol>
 * <li>{@code S = 0}; {@code L Rᵀ} is the best of rank r: with V the r largest eigenvectors of {@code WᵀHW},
 *     {@code L = W V, R = V}, which is what the truncated SVD of {@code H^½ W} gives, without a root or an inverse of H;</li>
 * <li>S = T_α of W − L Rᵀ, entries chosen by |entry| · √H_ii, if that lowers the error, else as before;
 *     {@code G = L Rᵀ + S − W};</li>
 * <li>{@code L ← L − η G R (RᵀR)⁻¹} and {@code R ← R − η GᵀHL (LᵀHL)⁻¹}, both from the old L and R; go to 2 until ‖G‖_H
 *     changes by less than the tolerance.</li>
 * </ol>
 * In the first step the preconditioner of the L side, {@code (RᵀR)⁻¹} and {@code H⁻¹}, cancels the H of the gradient, so that
 * H is never inverted. S is chosen without regard to correlations between inputs, so that its choice can raise the error; then
 * the old one stays, and a step that raises it all the same ends the search: the error never grows.
 *
 * @param rank          most columns; min(rank, in, out) are used, or
 * @param beyond        as few as leave no more than this share of ‖W‖²_H to the singular values of {@code H^½ W} beyond; 0: all
 * @param alpha         largest share of entries of a row or column in S
 * @param stepSize      η
 * @param tolerance     relative change of ‖G‖_H that ends the search
 * @param maxIterations updates at most
 */
record OutputDescent(int rank, double beyond, double alpha, double stepSize, double tolerance, int maxIterations) {
    private static final double STEP_SIZE = 0.5;
    private static final double TOLERANCE = 1e-4;
    private static final int MAX_ITERATIONS = 100;
    private static final double NEGLIGIBLE = 1e-8;

    OutputDescent(int rank, double alpha) {
        this(rank, 0, alpha);
    }

    OutputDescent(int rank, double beyond, double alpha) {
        this(rank, beyond, alpha, STEP_SIZE, TOLERANCE, MAX_ITERATIONS);
    }

    /**
     * Decomposes a matrix.
     *
     * @param weight (in, out) W, finite, column-major
     * @return its objective is ½ ‖L Rᵀ + S − W‖²_H
     */
    Decomposition decompose(DenseMatrix weight, InputNorm norm) {
        return decompose(weight, norm, error -> { });
    }

    /** The same of a weight whose product with H is known. */
    Decomposition decompose(FeltWeight weight) {
        return decompose(weight, error -> { });
    }

    /** The same, telling ‖L Rᵀ + S − W‖²_H before every update and at the end. */
    Decomposition decompose(DenseMatrix weight, InputNorm norm, DoubleConsumer errors) {
        return decompose(new FeltWeight(weight, norm), errors);
    }

    private Decomposition decompose(FeltWeight felt, DoubleConsumer errors) {
        DenseMatrix weight = felt.weight();
        int used = Math.min(rank, Math.min(weight.numRows(), weight.numCols()));
        DenseMatrix right = leading(felt, used);
        FeltWeight.Factor left = felt.factor(DenseAlgebra.product(weight, false, right, false));
        AlphaSparsity sparsity = new AlphaSparsity(weight.numRows(), weight.numCols(), alpha);
        if (sparsity.alwaysEmpty()) {
            // The best of rank r is all there is.
            double error = left.error(right);
            errors.accept(error);
            return new Decomposition(left.left(), right, entries(weight, new boolean[weight.values().length]), 0, error / 2);
        }
        double negligible = NEGLIGIBLE * NEGLIGIBLE * felt.squared();
        Rest rest = rest(left, right, new boolean[weight.values().length], sparsity, felt.norm());
        errors.accept(rest.error);
        int iterations = 0;
        while (rest.error > negligible && iterations < maxIterations) {
            // G = L Rᵀ + S − W, so that the steps are added; −GᵀHL = (W − S)ᵀHL − R LᵀHL.
            DenseMatrix ofRight = left.of(rest.sparse);
            DenseAlgebra.multiply(-1, right, false, left.gram(), false, 1, ofRight);
            FeltWeight.Factor nextLeft = felt.factor(stepped(left.left(),
                DenseAlgebra.product(without(rest.matrix, rest.support), false, right, false),
                DenseAlgebra.product(right, true, right, false)));
            DenseMatrix nextRight = stepped(right, ofRight, left.gram());
            Rest next = rest(nextLeft, nextRight, rest.support, sparsity, felt.norm());
            double before = rest.error;
            if (!(next.error <= before)) {
                break;
            }
            left = nextLeft;
            right = nextRight;
            rest = next;
            errors.accept(rest.error);
            iterations++;
            if (Math.sqrt(before) - Math.sqrt(rest.error) <= tolerance * Math.sqrt(before)) {
                break;
            }
        }
        return new Decomposition(left.left(), right, rest.sparse, iterations, rest.error / 2);
    }

    /** F + η D (gram)⁺. */
    private DenseMatrix stepped(DenseMatrix factor, DenseMatrix descent, DenseMatrix gram) {
        DenseMatrix next = factor.copy();
        DenseAlgebra.multiply(stepSize, descent, false, DenseAlgebra.pseudoInverse(gram), false, 1, next);
        return next;
    }

    /** (out, r) the eigenvectors of the r largest eigenvalues of WᵀHW, the largest first. */
    private DenseMatrix leading(FeltWeight felt, int most) {
        DenseMatrix weight = felt.weight();
        InputNorm norm = felt.norm();
        int in = weight.numRows();
        if (weight.numCols() <= in) {
            return leading(felt.gram(), most);
        }
        // W = P D Qᵀ with few columns: the eigenvectors are Q times those of D PᵀHP D.
        DenseAlgebra.Eigen rows = DenseAlgebra.eigen(DenseAlgebra.product(weight, false, weight, true));
        DenseMatrix scaled = rows.vectors().copy();
        DenseMatrix inverse = rows.vectors().copy();
        double negligible = in * Math.ulp(1.0) * Math.max(0, rows.values()[in - 1]);
        for (int at = 0; at < in * in; at++) {
            double value = rows.values()[at / in];
            scaled.values()[at] *= value > negligible ? Math.sqrt(value) : 0;
            inverse.values()[at] *= value > negligible ? 1 / Math.sqrt(value) : 0;
        }
        DenseMatrix orthonormal = DenseAlgebra.product(weight, true, inverse, false);
        return DenseAlgebra.product(orthonormal, false, leading(norm.inner(scaled, scaled), most), false);
    }

    private DenseMatrix leading(DenseMatrix symmetric, int most) {
        int n = symmetric.numRows();
        DenseAlgebra.Eigen eigen = DenseAlgebra.eigen(symmetric);
        int used = beyond == 0 ? most : Math.min(most, columns(eigen.values(), beyond));
        double[] leading = new double[n * used];
        for (int c = 0; c < used; c++) {
            System.arraycopy(eigen.vectors().values(), (n - 1 - c) * n, leading, c * n, n);
        }
        return new DenseMatrix(n, used, leading);
    }

    /**
     * The least number of values, at least 1, beyond which no more than a share of their sum lies.
     *
     * @param ascending squared singular values
     */
    static int columns(double[] ascending, double share) {
        double affordable = share * Arrays.stream(ascending).map(value -> Math.max(0, value)).sum();
        double sum = 0;
        int dropped = 0;
        while (dropped < ascending.length - 1 && sum + Math.max(0, ascending[dropped]) <= affordable) {
            sum += Math.max(0, ascending[dropped++]);
        }
        return ascending.length - dropped;
    }

    /**
     * What factors leave of W.
     *
     * @param matrix  W − L Rᵀ
     * @param support of S
     * @param sparse  S, its entries
     * @param error   ‖W − L Rᵀ − S‖²_H
     */
    private record Rest(DenseMatrix matrix, boolean[] support, SparseMatrix sparse, double error) {
        static Rest of(FeltWeight.Factor left, DenseMatrix right, DenseMatrix matrix, boolean[] support) {
            SparseMatrix sparse = entries(matrix, support);
            return new Rest(matrix, support, sparse, left.error(right, sparse));
        }
    }

    /** What factors leave, with the support that S has or one chosen anew, if that is better. */
    private static Rest rest(FeltWeight.Factor left, DenseMatrix right, boolean[] support, AlphaSparsity sparsity,
                             InputNorm norm) {
        DenseMatrix matrix = left.rest(right);
        boolean[] other = sparsity.select(norm.felt(matrix)).clone();
        Rest changed = Rest.of(left, right, matrix, other);
        if (Arrays.equals(other, support)) {
            return changed;
        }
        Rest kept = Rest.of(left, right, matrix, support);
        return changed.error <= kept.error ? changed : kept;
    }

    private static DenseMatrix without(DenseMatrix matrix, boolean[] support) {
        DenseMatrix cleared = matrix.copy();
        for (int at = 0; at < support.length; at++) {
            cleared.values()[at] = support[at] ? 0 : cleared.values()[at];
        }
        return cleared;
    }

    /** The entries of a support, column-compressed. */
    static SparseMatrix entries(DenseMatrix matrix, boolean[] support) {
        int rows = matrix.numRows();
        int entries = 0;
        for (boolean entry : support) {
            entries += entry ? 1 : 0;
        }
        int[] starts = new int[matrix.numCols() + 1];
        int[] rowOf = new int[entries];
        double[] values = new double[entries];
        int at = 0;
        for (int col = 0; col < matrix.numCols(); col++) {
            for (int row = 0; row < rows; row++) {
                if (support[col * rows + row]) {
                    rowOf[at] = row;
                    values[at++] = matrix.values()[col * rows + row];
                }
            }
            starts[col + 1] = at;
        }
        return new SparseMatrix(rows, matrix.numCols(), starts, rowOf, values);
    }
}
