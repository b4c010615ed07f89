package org.bitdgdm.quantize;

import org.netlib.lapack.Dlamch;
import org.netlib.lapack.Dsyev;
import org.netlib.util.intW;

/**
 * The plain Java LAPACK that MLlib brings ({@code org.netlib}, reference LAPACK 3.1), for several threads. At its first call it
 * fills static fields with what the machine's numbers are, without a lock: a thread that reads them half filled, as the least
 * number being 0, scales by it for ever. Whoever calls a routine of it has this class loaded first, whose initializer is the lock.
 */
public final class Lapack {
    static {
        Dlamch.dlamch("E");
    }

    private Lapack() {
    }

    /** Returns once the static fields are filled. */
    static void ready() {
        // The initializer has run.
    }

    /**
     * Eigenvalues of a symmetric matrix.
     *
     * @param vectors whether the matrix is overwritten by the eigenvectors, one after the other; else by what is no use
     * @param matrix  (n, n) of which one triangle is read
     * @param values  (n) written, ascending
     * @param work    scratch, at least 3 n − 1; how much there is decides the order of sums
     * @throws IllegalStateException if they do not converge
     */
    public static void eigen(boolean vectors, double[] matrix, double[] values, double[] work) {
        int n = values.length;
        intW info = new intW(0);
        Dsyev.dsyev(vectors ? "V" : "N", "U", n, matrix, 0, Math.max(1, n), values, 0, work, 0, work.length, info);
        if (info.val != 0) {
            throw new IllegalStateException("the eigenvalues of a symmetric matrix of " + n + " rows do not converge");
        }
    }
}
