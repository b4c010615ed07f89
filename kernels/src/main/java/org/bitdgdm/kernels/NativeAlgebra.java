package org.bitdgdm.kernels;

/**
 * Loops of dense algebra in double by native code, for those who have the same loops in Java: every sum has one order, whatever
 * the instruction set, so that both give the same bits. Matrices are column-major unless told otherwise.
 */
public final class NativeAlgebra {
    private NativeAlgebra() {
    }

    /** Whether there is any: a backend of native code was opened in this JVM before. */
    public static boolean isLoaded() {
        return NativeLibrary.isLoaded();
    }

    /**
     * Adds a product to sums, one term after the other, or four at a time, {@code (t0 + t1) + (t2 + t3)}.
     *
     * @param sums    (rows, cols)
     * @param columns (rows, inner)
     * @param factors (inner, cols)
     */
    public static void multiply(double[] sums, double[] columns, double[] factors, int rows, int cols, int inner,
                                boolean byFours) {
        require(sums.length == rows * cols && columns.length == rows * inner && factors.length == inner * cols);
        if (rows > 0 && cols > 0) {
            CpuNative.multiply(sums, columns, factors, rows, cols, inner, byFours);
        }
    }

    /**
     * The upper triangle of XᵀX, rows added eight at a time in their order.
     *
     * @param rows (count, in) X, row-major
     * @param gram (in, in) written above its diagonal and on it
     */
    public static void gram(float[] rows, int count, int in, double[] gram) {
        require(rows.length >= count * in && gram.length == in * in);
        CpuNative.gram(rows, count, in, gram);
    }

    /**
     * Codes of vectors, with the best of scales from 0.4 to 1 of that which spans the largest entry, by the feedback of GPTQ.
     *
     * @param upper    (size, size) U, row-major, with {@code H⁻¹ = UᵀU} of entries in their order; null: H is diagonal
     * @param diagonal (size) H where it is diagonal, else null
     * @param order    (size) which entry comes first
     * @param dead     (size) whether an entry, in that order, counts as 0
     * @param vectors  (count, size) row-major
     * @param codes    (count, size) written
     * @param scales   (count) written; 0 where a vector has no scale
     */
    public static void round(double[] upper, double[] diagonal, int[] order, boolean[] dead, double[] vectors, int count,
                             int maxCode, byte[] codes, float[] scales) {
        int size = order.length;
        require(upper == null ? diagonal.length == size : diagonal == null && upper.length == size * size);
        require(dead.length == size && vectors.length == count * size && codes.length == count * size
            && scales.length == count && maxCode > 0 && maxCode < 128);
        CpuNative.roundVectors(upper, diagonal, order, dead, size, vectors, count, maxCode, codes, scales);
    }

    /**
     * Replaces a symmetric positive definite A by U, upper triangular with {@code A⁻¹ = UᵀU}, by the sums of LAPACK's
     * {@code dpotrf} and {@code dtrtri} with blocks of 64.
     *
     * @param matrix (n, n)
     * @return whether A is positive definite; if not, it stays
     */
    public static boolean inverseCholesky(double[] matrix, int n) {
        require(matrix.length == n * n);
        return CpuNative.inverseCholesky(matrix, n);
    }

    private static void require(boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("the lengths of arrays do not fit their shapes");
        }
    }
}
