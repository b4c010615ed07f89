package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.NativeAlgebra;
import org.netlib.lapack.Dgesdd;
import org.netlib.lapack.Dpotrf;
import org.netlib.lapack.Dsyev;
import org.netlib.lapack.Dtrtri;
import org.netlib.util.intW;

/**
 * Products, singular values and pseudo-inverses of MLlib's dense matrices (column-major, not transposed), in double.
 *
 * <p>Runs on the plain Java BLAS and LAPACK that MLlib brings ({@code org.netlib}, reference LAPACK 3.1). MLlib's own
 * front picks a native or a vector implementation by what the machine and the JVM's flags offer, which would give a
 * driver's own bits to the quantized model; and the matrices here are small. Products are our own: they have the order of
 * sums of the reference, and so its bits, in native loops where there are any, else in Java's. Native code, which has its speed at
 * once, also takes the sums of LAPACK's Cholesky factors, in their order.
 */
final class DenseAlgebra {
    static {
        Lapack.ready();
    }

    /**
     * Thin singular value decomposition {@code A = U diag(s) Vᵀ}, k = min(rows, cols).
     *
     * @param left   (rows, k) U
     * @param values (k) s, descending
     * @param rightT (k, cols) Vᵀ
     */
    record Svd(DenseMatrix left, double[] values, DenseMatrix rightT) {
    }

    private DenseAlgebra() {
    }

    /**
     * {@code C ← a · op(A) op(B) + b · C}.
     *
     * @param transposeA whether op(A) = Aᵀ
     * @param transposeB whether op(B) = Bᵀ
     */
    static void multiply(double a, DenseMatrix left, boolean transposeA, DenseMatrix right, boolean transposeB,
                         double b, DenseMatrix result) {
        int rows = result.numRows();
        int cols = result.numCols();
        int inner = transposeA ? left.numRows() : left.numCols();
        double[] columns = transposeA ? transposed(left.values(), inner, rows) : left.values();
        double[] factors = transposeB ? transposed(right.values(), cols, inner) : right.values();
        double[] values = result.values();
        if (NativeAlgebra.isLoaded()) {
            multiplyNatively(a, columns, transposeA, factors, b, values, rows, cols, inner);
        } else {
            multiplyHere(a, columns, transposeA, factors, b, values, rows, cols, inner);
        }
    }

    private static void multiplyNatively(double a, double[] columns, boolean transposeA, double[] factors, double b,
                                         double[] values, int rows, int cols, int inner) {
        double[] sums = transposeA ? new double[values.length] : values;
        for (int at = 0; !transposeA && b != 1 && at < sums.length; at++) {
            sums[at] = b == 0 ? 0 : b * sums[at];
        }
        double[] scaled = factors;
        if (!transposeA && a != 1) {
            scaled = factors.clone();
            for (int at = 0; at < scaled.length; at++) {
                scaled[at] *= a;
            }
        }
        NativeAlgebra.multiply(sums, columns, scaled, rows, cols, inner, false);
        for (int at = 0; transposeA && at < sums.length; at++) {
            values[at] = b == 0 ? a * sums[at] : a * sums[at] + b * values[at];
        }
    }

    /**
     * The same in Java, where there is no native code.
     *
     * @param columns (rows, inner) op(A)
     * @param factors (inner, cols) op(B)
     * @param values  (rows, cols) C
     */
    static void multiplyHere(double a, double[] columns, boolean transposeA, double[] factors, double b, double[] values,
                             int rows, int cols, int inner) {
        // As the reference has it: a scales factors where A is not transposed, and sums where it is.
        double ofFactors = transposeA ? 1 : a;
        double[] one = new double[rows];
        double[] two = new double[rows];
        for (int col = 0; col < cols; col += 2) {
            boolean both = col + 1 < cols;
            for (int row = 0; row < rows; row++) {
                one[row] = transposeA || b == 0 ? 0 : b * values[col * rows + row];
                two[row] = transposeA || b == 0 || !both ? 0 : b * values[(col + 1) * rows + row];
            }
            int k = 0;
            for (; k + 4 <= inner; k += 4) {
                int at = col * inner + k;
                int next = both ? at + inner : at;
                accumulate(one, two, columns, k * rows, rows, ofFactors * factors[at], ofFactors * factors[at + 1],
                    ofFactors * factors[at + 2], ofFactors * factors[at + 3], ofFactors * factors[next],
                    ofFactors * factors[next + 1], ofFactors * factors[next + 2], ofFactors * factors[next + 3]);
            }
            for (; k < inner; k++) {
                double first = ofFactors * factors[col * inner + k];
                double second = both ? ofFactors * factors[(col + 1) * inner + k] : 0;
                for (int row = 0; row < rows; row++) {
                    one[row] += first * columns[k * rows + row];
                    two[row] += second * columns[k * rows + row];
                }
            }
            put(one, values, col * rows, transposeA, a, b);
            if (both) {
                put(two, values, (col + 1) * rows, transposeA, a, b);
            }
        }
    }

    /** Adds four columns times a number each to two sums, one after the other: the order of every sum is that of columns. */
    private static void accumulate(double[] one, double[] two, double[] columns, int at, int rows, double f0, double f1,
                                   double f2, double f3, double g0, double g1, double g2, double g3) {
        for (int row = 0; row < rows; row++) {
            double c0 = columns[at + row];
            double c1 = columns[at + rows + row];
            double c2 = columns[at + 2 * rows + row];
            double c3 = columns[at + 3 * rows + row];
            one[row] = one[row] + f0 * c0 + f1 * c1 + f2 * c2 + f3 * c3;
            two[row] = two[row] + g0 * c0 + g1 * c1 + g2 * c2 + g3 * c3;
        }
    }

    private static void put(double[] sums, double[] values, int at, boolean scaled, double a, double b) {
        for (int row = 0; row < sums.length; row++) {
            values[at + row] = !scaled ? sums[row] : b == 0 ? a * sums[row] : a * sums[row] + b * values[at + row];
        }
    }

    /** A (rows, cols) matrix as a (cols, rows) one. */
    private static double[] transposed(double[] matrix, int rows, int cols) {
        double[] transposed = new double[matrix.length];
        for (int col = 0; col < cols; col++) {
            for (int row = 0; row < rows; row++) {
                transposed[row * cols + col] = matrix[col * rows + row];
            }
        }
        return transposed;
    }

    /** Aᵀ as a new matrix. */
    static DenseMatrix transposed(DenseMatrix matrix) {
        return new DenseMatrix(matrix.numCols(), matrix.numRows(),
            transposed(matrix.values(), matrix.numRows(), matrix.numCols()));
    }

    /** op(A) op(B) as a new matrix. */
    static DenseMatrix product(DenseMatrix left, boolean transposeA, DenseMatrix right, boolean transposeB) {
        DenseMatrix result = DenseMatrix.zeros(transposeA ? left.numCols() : left.numRows(),
            transposeB ? right.numRows() : right.numCols());
        multiply(1, left, transposeA, right, transposeB, 0, result);
        return result;
    }

    /**
     * Thin SVD by divide and conquer (LAPACK {@code dgesdd}).
     *
     * @throws IllegalStateException if it does not converge
     */
    static Svd svd(DenseMatrix matrix) {
        int rows = matrix.numRows();
        int cols = matrix.numCols();
        int k = Math.min(rows, cols);
        double[] overwritten = matrix.values().clone();
        double[] values = new double[k];
        double[] left = new double[rows * k];
        double[] rightT = new double[k * cols];
        int[] integers = new int[8 * k];
        intW info = new intW(0);
        double[] size = new double[1];
        Dgesdd.dgesdd("S", rows, cols, overwritten, 0, rows, values, 0, left, 0, rows, rightT, 0, k,
            size, 0, -1, integers, 0, info);
        double[] work = new double[(int) size[0]];
        Dgesdd.dgesdd("S", rows, cols, overwritten, 0, rows, values, 0, left, 0, rows, rightT, 0, k,
            work, 0, work.length, integers, 0, info);
        requireConverged("dgesdd", info.val, rows, cols);
        return new Svd(new DenseMatrix(rows, k, left), values, new DenseMatrix(k, cols, rightT));
    }

    /**
     * Eigenvectors and eigenvalues of a symmetric matrix (LAPACK {@code dsyev}).
     *
     * @param vectors (n, n) one a column
     * @param values  (n) ascending
     */
    record Eigen(DenseMatrix vectors, double[] values) {
    }

    /**
     * Eigenvectors and eigenvalues of a symmetric matrix, whose upper triangle is read.
     *
     * @throws IllegalStateException if it does not converge
     */
    static Eigen eigen(DenseMatrix symmetric) {
        int n = symmetric.numRows();
        double[] vectors = symmetric.values().clone();
        double[] values = new double[n];
        intW info = new intW(0);
        double[] size = new double[1];
        Dsyev.dsyev("V", "U", n, vectors, 0, n, values, 0, size, 0, -1, info);
        double[] work = new double[(int) size[0]];
        Dsyev.dsyev("V", "U", n, vectors, 0, n, values, 0, work, 0, work.length, info);
        requireConverged("dsyev", info.val, n, n);
        return new Eigen(new DenseMatrix(n, n, vectors), values);
    }

    /**
     * Moore-Penrose inverse of a symmetric positive semidefinite matrix, by its eigenvalues; those up to n · ε · the largest
     * count as 0.
     *
     * @throws IllegalStateException if it does not converge
     */
    static DenseMatrix pseudoInverse(DenseMatrix gram) {
        int n = gram.numRows();
        Eigen eigen = eigen(gram);
        double[] values = eigen.values();
        double[] vectors = eigen.vectors().values();
        double negligible = n * Math.ulp(1.0) * Math.max(0, values[n - 1]);
        double[] scaled = new double[n * n];
        for (int k = 0; k < n; k++) {
            double inverse = values[k] > negligible ? 1 / values[k] : 0;
            for (int i = 0; i < n; i++) {
                scaled[k * n + i] = vectors[k * n + i] * inverse;
            }
        }
        return product(new DenseMatrix(n, n, scaled), false, eigen.vectors(), true);
    }

    /**
     * U, upper triangular with {@code A⁻¹ = UᵀU}, of a symmetric positive definite A: the inverse of the upper triangular R
     * with {@code A = R Rᵀ}, which is the Cholesky factor of A with rows and columns in reverse order (LAPACK
     * {@code dpotrf}, {@code dtrtri}).
     *
     * @throws IllegalStateException if A is not positive definite
     */
    static DenseMatrix inverseCholesky(DenseMatrix matrix) {
        if (!NativeAlgebra.isLoaded()) {
            return inverseCholeskyHere(matrix);
        }
        int n = matrix.numRows();
        double[] values = matrix.values().clone();
        requireConverged("dpotrf", NativeAlgebra.inverseCholesky(values, n) ? 0 : 1, n, n);
        return new DenseMatrix(n, n, values);
    }

    /** The same in Java, where there is no native code. */
    static DenseMatrix inverseCholeskyHere(DenseMatrix matrix) {
        int n = matrix.numRows();
        double[] reversed = new double[n * n];
        for (int at = 0; at < reversed.length; at++) {
            reversed[at] = matrix.values()[reversed.length - 1 - at];
        }
        intW info = new intW(0);
        Dpotrf.dpotrf("L", n, reversed, 0, n, info);
        requireConverged("dpotrf", info.val, n, n);
        double[] upper = new double[n * n];
        for (int col = 0; col < n; col++) {
            for (int row = 0; row <= col; row++) {
                upper[col * n + row] = reversed[reversed.length - 1 - (col * n + row)];
            }
        }
        Dtrtri.dtrtri("U", "N", n, upper, 0, n, info);
        requireConverged("dtrtri", info.val, n, n);
        return new DenseMatrix(n, n, upper);
    }

    /** Sum of the products of all entries of two matrices of one shape. */
    static double inner(DenseMatrix one, DenseMatrix other) {
        double sum = 0;
        for (int at = 0; at < one.values().length; at++) {
            sum += one.values()[at] * other.values()[at];
        }
        return sum;
    }

    /** Sum of squares of all entries. */
    static double squaredNorm(DenseMatrix matrix) {
        double sum = 0;
        for (double value : matrix.values()) {
            sum += value * value;
        }
        return sum;
    }

    private static void requireConverged(String routine, int info, int rows, int cols) {
        if (info != 0) {
            throw new IllegalStateException("LAPACK " + routine + " failed on a " + rows + " x " + cols
                + " matrix with info " + info);
        }
    }
}
