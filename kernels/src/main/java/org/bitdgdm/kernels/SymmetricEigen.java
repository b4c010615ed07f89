package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * Eigenvalues and eigenvectors of a small symmetric matrix by the cyclic Jacobi method, by a rule that gives identical
 * bits in Java, C++ and CUDA: every operation below is one IEEE double operation, rounded to nearest, never contracted
 * into a fused multiply-add and never reassociated.
 *
 * <p>With {@code a} the matrix and {@code v} the identity (eigenvectors are its rows):
 * <ol>
 * <li>A sweep visits the pairs p &lt; q in row-major order: (0,1), (0,2) … (0,n−1), (1,2) … (n−2,n−1). A pair with
 *     |a_pq| &lt; {@link #SKIP} is left alone. Sweeps repeat until one of them rotates nothing, at most
 *     {@link #MAX_SWEEPS} times.</li>
 * <li>A rotation: {@code theta = (a_qq − a_pp) / (2 · a_pq)};
 *     {@code t = 1 / (|theta| + sqrt(theta · theta + 1))}, negated if {@code theta < 0};
 *     {@code c = 1 / sqrt(t · t + 1)}; {@code s = t · c}.</li>
 * <li>{@code a_pp = a_pp − t · a_pq}; {@code a_qq = a_qq + t · a_pq}; {@code a_pq = a_qp = 0}; then for every other k,
 *     from the old values x = a_pk and y = a_qk: {@code a_pk = a_kp = c · x − s · y}, {@code a_qk = a_kq = s · x + c · y}.
 *     The entries are independent of each other, so the order of k does not matter.</li>
 * <li>For every k, from the old values x = v_pk and y = v_qk: {@code v_pk = c · x − s · y},
 *     {@code v_qk = s · x + c · y}.</li>
 * <li>Eigenvalues are the diagonal, sorted ascending by a stable sort; rows of v go along.</li>
 * <li>A vector is negated if its entry of largest magnitude (the first of equals) is negative.</li>
 * </ol>
 *
 * @param values  (n) ascending
 * @param vectors (n, n) row-major; row k belongs to {@code values[k]}
 */
record SymmetricEigen(double[] values, double[] vectors) {
    /** Off-diagonal entries below this are taken as 0. */
    static final double SKIP = 1e-12;
    /** Far above the 6 to 10 sweeps that convergence takes; bounds the time if rounding keeps an entry at SKIP. */
    static final int MAX_SWEEPS = 64;

    /**
     * Decomposes a symmetric matrix.
     *
     * @param a (n, n) row-major, finite; destroyed
     */
    static SymmetricEigen of(double[] a, int n) {
        double[] v = new double[n * n];
        for (int i = 0; i < n; i++) {
            v[i * n + i] = 1;
        }
        for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
            boolean rotated = false;
            for (int p = 0; p < n - 1; p++) {
                for (int q = p + 1; q < n; q++) {
                    if (Math.abs(a[p * n + q]) >= SKIP) {
                        rotate(a, v, n, p, q);
                        rotated = true;
                    }
                }
            }
            if (!rotated) {
                break;
            }
        }
        return sorted(a, v, n);
    }

    /** So many pairs from one on, and the vectors of the first of them. */
    LowestEigenpairs some(int from, int count, int vectors) {
        int n = values.length;
        return new LowestEigenpairs(Arrays.copyOfRange(values, from, from + count),
            Arrays.copyOfRange(this.vectors, from * n, (from + vectors) * n));
    }

    private static void rotate(double[] a, double[] v, int n, int p, int q) {
        double apq = a[p * n + q];
        double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        double t = 1 / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        if (theta < 0) {
            t = -t;
        }
        double c = 1 / Math.sqrt(t * t + 1);
        double s = t * c;
        double shift = t * apq;
        a[p * n + p] = a[p * n + p] - shift;
        a[q * n + q] = a[q * n + q] + shift;
        a[p * n + q] = 0;
        a[q * n + p] = 0;
        for (int k = 0; k < n; k++) {
            if (k != p && k != q) {
                double x = a[p * n + k];
                double y = a[q * n + k];
                double newX = c * x - s * y;
                double newY = s * x + c * y;
                a[p * n + k] = newX;
                a[k * n + p] = newX;
                a[q * n + k] = newY;
                a[k * n + q] = newY;
            }
        }
        for (int k = 0; k < n; k++) {
            double x = v[p * n + k];
            double y = v[q * n + k];
            v[p * n + k] = c * x - s * y;
            v[q * n + k] = s * x + c * y;
        }
    }

    private static SymmetricEigen sorted(double[] a, double[] v, int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            double value = a[i * n + i];
            int at = i;
            while (at > 0 && a[order[at - 1] * n + order[at - 1]] > value) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = i;
        }
        double[] values = new double[n];
        double[] vectors = new double[n * n];
        for (int i = 0; i < n; i++) {
            int from = order[i] * n;
            values[i] = a[from + order[i]];
            int largest = 0;
            for (int k = 1; k < n; k++) {
                if (Math.abs(v[from + k]) > Math.abs(v[from + largest])) {
                    largest = k;
                }
            }
            boolean negate = v[from + largest] < 0;
            for (int k = 0; k < n; k++) {
                vectors[i * n + k] = negate ? -v[from + k] : v[from + k];
            }
        }
        return new SymmetricEigen(values, vectors);
    }
}
