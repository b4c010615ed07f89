package org.bitdgdm.kernels;

/**
 * A few neighbouring eigenpairs of a symmetric matrix, without the others: Householder reduction to a tridiagonal matrix,
 * bisection for the eigenvalues, inverse iteration for the eigenvectors. The rule gives identical bits in Java, C++ and CUDA:
 * every operation below is one IEEE double operation, rounded to nearest, never contracted into a fused multiply-add; every
 * sum begins with 0 and adds its terms in ascending order of their index, each product rounded before.
 *
 * <p>With {@code a} the matrix, in which both triangles are kept equal:
 * <ol>
 * <li>Reduction, for k = 0…n−3, with x_j = a_kj and i, j in k+1…n−1: {@code sigma = Σ x_j · x_j} over j ≥ k+2. If
 *     {@code sigma < NEGLIGIBLE}, then {@code e_k = x_(k+1)} and nothing is reflected. Else
 *     {@code norm = sqrt(x_(k+1) · x_(k+1) + sigma)}; {@code e_k = −norm} if {@code x_(k+1) > 0}, else {@code norm};
 *     v = x but {@code v_(k+1) = x_(k+1) − e_k}; {@code tau = 2 / (v_(k+1) · v_(k+1) + sigma)};
 *     {@code p_i = tau · Σ v_j · a_ji}; {@code h = (tau / 2) · Σ p_j · v_j}; {@code w_i = p_i − h · v_i};
 *     {@code a_ij = a_ij − (v_i · w_j + w_i · v_j)}. Then {@code e_(n−2) = a_(n−2)(n−1)}, and d is the diagonal.</li>
 * <li>Eigenvalue m: from the bounds of Gershgorin's circles, low = min and high = max of
 *     {@code d_i ∓ (|e_(i−1)| + |e_i|)}, {@link #HALVINGS} times {@code middle = 0.5 · (low + high)}, which becomes high where
 *     more than m of the q below are negative, else low; at the end {@code 0.5 · (low + high)}. {@code q_0 = d_0 − middle},
 *     {@code q_i = (d_i − middle) − (e_(i−1) · e_(i−1)) / q_(i−1)}, and a q of less than {@link #TINY} counts as −TINY.</li>
 * <li>Eigenvector of the tridiagonal matrix: {@link #ITERATIONS} times x becomes the solution for x by elimination with
 *     partial pivoting, with pivots of at least {@link #PIVOT}, less its share of each vector before, over its norm. The first
 *     x has the entries {@code (r >> 16) − 32767.5}, with {@code r = 1664525 · r + 1013904223} of 32 bits, which goes on from
 *     vector to vector and begins with r = 1.</li>
 * <li>For k = n−3…0, where there is a reflection: {@code s = tau · Σ v_j · x_j}; {@code x_j = x_j − s · v_j}.</li>
 * <li>A vector is negated if its entry of largest magnitude (the first of equals) is negative.</li>
 * </ol>
 *
 * @param values  (count) ascending
 * @param vectors (vectors, n) row-major; row k belongs to {@code values[k]}
 */
record LowestEigenpairs(double[] values, double[] vectors) {
    /** Sums of squares of off-diagonal entries below this are taken as 0: entries of {@link SymmetricEigen#SKIP}. */
    static final double NEGLIGIBLE = 1e-24;
    /** From the width of all eigenvalues to their rounding. */
    static final int HALVINGS = 56;
    /** Keeps quotients of bisection finite. */
    static final double TINY = 1e-280;
    /** An eigenvalue as found leaves about so much of a pivot that would be 0. */
    static final double PIVOT = 1e-15;
    /** One suffices but for neighbours that are almost equal. */
    static final int ITERATIONS = 3;

    /**
     * Finds eigenpairs.
     *
     * @param a       (n, n) row-major, symmetric, finite; destroyed
     * @param from    index of the first in ascending order
     * @param count   how many, at most n − from
     * @param vectors of how many of them also the vector, at most count
     */
    static LowestEigenpairs of(double[] a, int n, int from, int count, int vectors) {
        double[] d = new double[n];
        double[] e = new double[n];
        double[] tau = new double[n];
        reduce(a, n, d, e, tau);
        double[] values = new double[count];
        bisect(d, e, n, from, values);
        double[] x = new double[vectors * n];
        new Tridiagonal(d, e, n).vectors(values, x);
        for (int m = 0; m < vectors; m++) {
            reflect(a, tau, n, x, m * n);
            sign(x, m * n, n);
        }
        return new LowestEigenpairs(values, x);
    }

    /** Leaves the vectors of the reflections in the rows of a, right of the diagonal. */
    private static void reduce(double[] a, int n, double[] d, double[] e, double[] tau) {
        double[] p = new double[n];
        double[] w = new double[n];
        for (int k = 0; k < n - 2; k++) {
            int row = k * n;
            d[k] = a[row + k];
            double first = a[row + k + 1];
            double sigma = 0;
            for (int j = k + 2; j < n; j++) {
                sigma += a[row + j] * a[row + j];
            }
            if (sigma < NEGLIGIBLE) {
                e[k] = first;
                tau[k] = 0;
                continue;
            }
            double norm = Math.sqrt(first * first + sigma);
            e[k] = first > 0 ? -norm : norm;
            double lead = first - e[k];
            a[row + k + 1] = lead;
            tau[k] = 2 / (lead * lead + sigma);
            for (int i = k + 1; i < n; i++) {
                p[i] = 0;
            }
            for (int j = k + 1; j < n; j++) {
                double v = a[row + j];
                for (int i = k + 1; i < n; i++) {
                    p[i] += v * a[j * n + i];
                }
            }
            double dot = 0;
            for (int i = k + 1; i < n; i++) {
                p[i] = tau[k] * p[i];
                dot += p[i] * a[row + i];
            }
            double h = tau[k] / 2 * dot;
            for (int i = k + 1; i < n; i++) {
                w[i] = p[i] - h * a[row + i];
            }
            for (int i = k + 1; i < n; i++) {
                for (int j = k + 1; j < n; j++) {
                    a[i * n + j] -= a[row + i] * w[j] + w[i] * a[row + j];
                }
            }
        }
        for (int k = Math.max(0, n - 2); k < n; k++) {
            d[k] = a[k * n + k];
        }
        if (n > 1) {
            e[n - 2] = a[(n - 2) * n + n - 1];
        }
    }

    private static void bisect(double[] d, double[] e, int n, int from, double[] values) {
        double lowest = Double.POSITIVE_INFINITY;
        double highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            double radius = (i == 0 ? 0 : Math.abs(e[i - 1])) + (i == n - 1 ? 0 : Math.abs(e[i]));
            lowest = Math.min(lowest, d[i] - radius);
            highest = Math.max(highest, d[i] + radius);
        }
        for (int m = 0; m < values.length; m++) {
            double low = lowest;
            double high = highest;
            for (int halving = 0; halving < HALVINGS; halving++) {
                double middle = 0.5 * (low + high);
                if (below(d, e, n, middle) > from + m) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            values[m] = 0.5 * (low + high);
        }
    }

    /** Number of eigenvalues below a value. */
    private static int below(double[] d, double[] e, int n, double value) {
        int count = 0;
        double q = 1;
        for (int i = 0; i < n; i++) {
            double square = i == 0 ? 0 : e[i - 1] * e[i - 1];
            q = d[i] - value - square / q;
            if (Math.abs(q) < TINY) {
                q = -TINY;
            }
            count += q < 0 ? 1 : 0;
        }
        return count;
    }

    /** Takes the reflections back, from a vector of the tridiagonal matrix to one of the matrix. */
    private static void reflect(double[] a, double[] tau, int n, double[] x, int at) {
        for (int k = n - 3; k >= 0; k--) {
            if (tau[k] != 0) {
                double sum = 0;
                for (int j = k + 1; j < n; j++) {
                    sum += a[k * n + j] * x[at + j];
                }
                double s = tau[k] * sum;
                for (int j = k + 1; j < n; j++) {
                    x[at + j] -= s * a[k * n + j];
                }
            }
        }
    }

    private static void sign(double[] x, int at, int n) {
        int largest = at;
        for (int i = at; i < at + n; i++) {
            if (Math.abs(x[i]) > Math.abs(x[largest])) {
                largest = i;
            }
        }
        if (x[largest] < 0) {
            for (int i = at; i < at + n; i++) {
                x[i] = -x[i];
            }
        }
    }

    /** A tridiagonal matrix less an eigenvalue, as a product of triangles; and what inverse iteration makes of it. */
    private static final class Tridiagonal {
        private final double[] d;
        private final double[] e;
        private final int n;
        /** Diagonals of the upper triangle, and factors of the lower one. */
        private final double[] pivots;
        private final double[] next;
        private final double[] second;
        private final double[] factors;
        private final boolean[] swapped;

        Tridiagonal(double[] d, double[] e, int n) {
            this.d = d;
            this.e = e;
            this.n = n;
            this.pivots = new double[n];
            this.next = new double[n];
            this.second = new double[n];
            this.factors = new double[n];
            this.swapped = new boolean[n];
        }

        /** Writes (vectors, n), as many as there is place for. */
        void vectors(double[] values, double[] x) {
            int random = 1;
            for (int at = 0; at < x.length; at += n) {
                factorise(values[at / n]);
                for (int i = 0; i < n; i++) {
                    random = 1664525 * random + 1013904223;
                    x[at + i] = (random >>> 16) - 32767.5;
                }
                for (int iteration = 0; iteration < ITERATIONS; iteration++) {
                    solve(x, at);
                    for (int before = 0; before < at; before += n) {
                        double share = 0;
                        for (int i = 0; i < n; i++) {
                            share += x[before + i] * x[at + i];
                        }
                        for (int i = 0; i < n; i++) {
                            x[at + i] -= share * x[before + i];
                        }
                    }
                    double squares = 0;
                    for (int i = 0; i < n; i++) {
                        squares += x[at + i] * x[at + i];
                    }
                    double norm = Math.sqrt(squares);
                    for (int i = 0; i < n; i++) {
                        x[at + i] = x[at + i] / norm;
                    }
                }
            }
        }

        private void factorise(double value) {
            pivots[0] = d[0] - value;
            next[0] = n > 1 ? e[0] : 0;
            for (int i = 0; i < n - 1; i++) {
                double below = e[i];
                double diagonal = d[i + 1] - value;
                double beside = i + 2 < n ? e[i + 1] : 0;
                swapped[i] = Math.abs(pivots[i]) < Math.abs(below);
                if (swapped[i]) {
                    factors[i] = pivots[i] / below;
                    pivots[i] = below;
                    pivots[i + 1] = next[i] - factors[i] * diagonal;
                    next[i] = diagonal;
                    second[i] = beside;
                    next[i + 1] = -factors[i] * beside;
                } else {
                    pivots[i] = large(pivots[i]);
                    factors[i] = below / pivots[i];
                    pivots[i + 1] = diagonal - factors[i] * next[i];
                    second[i] = 0;
                    next[i + 1] = beside;
                }
            }
            pivots[n - 1] = large(pivots[n - 1]);
        }

        private static double large(double pivot) {
            return Math.abs(pivot) >= PIVOT ? pivot : pivot < 0 ? -PIVOT : PIVOT;
        }

        private void solve(double[] x, int at) {
            for (int i = 0; i < n - 1; i++) {
                double own = x[at + i];
                double other = x[at + i + 1];
                x[at + i] = swapped[i] ? other : own;
                x[at + i + 1] = swapped[i] ? own - factors[i] * other : other - factors[i] * own;
            }
            x[at + n - 1] = x[at + n - 1] / pivots[n - 1];
            if (n > 1) {
                x[at + n - 2] = (x[at + n - 2] - next[n - 2] * x[at + n - 1]) / pivots[n - 2];
            }
            for (int i = n - 3; i >= 0; i--) {
                x[at + i] = (x[at + i] - next[i] * x[at + i + 1] - second[i] * x[at + i + 2]) / pivots[i];
            }
        }
    }
}
