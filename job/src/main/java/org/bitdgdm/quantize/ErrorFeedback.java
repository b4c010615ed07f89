package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.NativeAlgebra;

/**
 * Rounding of a vector in which every entry makes up for the rounding of those before it, the inner loop of GPTQ (Frantar,
 * Ashkboos, Hoefler and Alistarh, ICLR 2023): with U upper triangular and {@code H⁻¹ = UᵀU}, for i in order of decreasing
 * H_ii, {@code q_i = rint(w_i / s)} and {@code w_j ← w_j − (w_i − q_i s) · U_ij / U_ii} for all later j. The error that is
 * left is {@code (w − q s)ᵀ H (w − q s) = Σ ((w_i − q_i s) / U_ii)²}.
 */
final class ErrorFeedback {
    private static final int CANDIDATES = 12;
    private static final double LARGEST_CUT = 0.6;
    private static final int BLOCK = 4;

    private final int size;
    private final int[] order;
    private final boolean[] dead;
    /** (size, size) U, row-major: the rows are what the loop walks along; null where H is diagonal and nothing is fed back. */
    private final double[] upper;
    private final double[] diagonal;

    /**
     * Prepares the rounding of vectors in the norm of H.
     *
     * @param gram    (size, size) H, positive semidefinite; an entry with H_ii = 0 gets H_ii = 1 and becomes 0
     * @param damping what is added to the diagonal, as a share of its mean
     */
    ErrorFeedback(DenseMatrix gram, double damping) {
        this.size = gram.numRows();
        this.order = IntStream.range(0, size).boxed()
            .sorted(Comparator.comparingDouble(i -> -gram.apply(i, i))).mapToInt(Integer::intValue).toArray();
        this.dead = new boolean[size];
        double mean = IntStream.range(0, size).mapToDouble(i -> gram.apply(i, i)).average().orElseThrow();
        double[] ordered = new double[size * size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                ordered[j * size + i] = gram.apply(order[i], order[j]);
            }
            dead[i] = ordered[i * size + i] == 0;
            ordered[i * size + i] = dead[i] ? 1 : ordered[i * size + i] + damping * mean;
        }
        this.diagonal = null;
        this.upper = DenseAlgebra.inverseCholesky(new DenseMatrix(size, size, ordered)).values();
        for (int col = 1; col < size; col++) {
            for (int row = 0; row < col; row++) {
                upper[row * size + col] = upper[col * size + row];
                upper[col * size + row] = 0;
            }
        }
    }

    private ErrorFeedback(double[] diagonal) {
        this.size = diagonal.length;
        this.order = IntStream.range(0, size).toArray();
        this.dead = new boolean[size];
        this.upper = null;
        this.diagonal = diagonal;
    }

    /** Plain rounding, its error measured by a diagonal H. */
    static ErrorFeedback none(double[] diagonal) {
        return new ErrorFeedback(diagonal);
    }

    /** Rounds every column of a (size, cols) matrix, each with a scale of its own. */
    CodeMatrix round(DenseMatrix matrix, int bits) {
        int cols = matrix.numCols();
        byte[] byColumn = new byte[size * cols];
        float[] scales = round(matrix.values(), cols, bits, byColumn);
        byte[] codes = new byte[size * cols];
        for (int col = 0; col < cols; col++) {
            for (int row = 0; row < size; row++) {
                codes[row * cols + col] = byColumn[col * size + row];
            }
        }
        return new CodeMatrix(size, cols, bits, false, codes, scales, new float[0]);
    }

    /**
     * Rounds vectors, each with the scale of least error among some from 0.4 to 1 of that which spans its maximum.
     *
     * @param vectors (count, size) one after the other
     * @param codes   (count, size) gets the codes
     * @return (count) the scales; 0 if values are all 0 or too small for one
     */
    float[] round(double[] vectors, int count, int bits, byte[] codes) {
        float[] scales = new float[count];
        if (NativeAlgebra.isLoaded()) {
            NativeAlgebra.round(upper, diagonal, order, dead, vectors, count, CodeMatrix.maxCode(bits), codes, scales);
        } else {
            roundHere(vectors, bits, codes, scales);
        }
        return scales;
    }

    /** The same in Java, where there is no native code. */
    void roundHere(double[] vectors, int bits, byte[] codes, float[] scales) {
        byte[] rounded = new byte[size];
        for (int vector = 0; vector < scales.length; vector++) {
            scales[vector] = round(Arrays.copyOfRange(vectors, vector * size, (vector + 1) * size), bits, rounded);
            System.arraycopy(rounded, 0, codes, vector * size, size);
        }
    }

    private float round(double[] values, int bits, byte[] codes) {
        float[] narrow = new float[size];
        for (int i = 0; i < size; i++) {
            narrow[i] = (float) values[i];
        }
        float largest = ScalarQuantizer.MAXIMUM.scale(narrow, bits);
        int maxCode = CodeMatrix.maxCode(bits);
        double least = round(narrow, largest, maxCode, codes);
        List<Trial> trials = new ArrayList<>();
        for (int candidate = 1; candidate <= CANDIDATES; candidate++) {
            float scale = (float) (largest * (1 - LARGEST_CUT * candidate / CANDIDATES));
            if (scale >= Float.MIN_NORMAL) {
                trials.add(new Trial(narrow, scale, maxCode));
            }
        }
        round(trials, least);
        float best = largest;
        for (Trial trial : trials) {
            if (trial.loss < least) {
                least = trial.loss;
                best = trial.scale;
                System.arraycopy(trial.codes, 0, codes, 0, size);
            }
        }
        return best;
    }

    /**
     * Rounds a vector.
     *
     * @param values (size)
     * @param scale  of the codes
     * @param codes  (size) gets the codes
     * @return the error that is left, in the norm of the damped H
     */
    double round(float[] values, float scale, int maxCode, byte[] codes) {
        Trial trial = new Trial(values, scale, maxCode);
        round(List.of(trial), Double.POSITIVE_INFINITY);
        System.arraycopy(trial.codes, 0, codes, 0, size);
        return trial.loss;
    }

    /** A vector on its way to codes of one scale. */
    private final class Trial {
        final float scale;
        final float inverse;
        final int maxCode;
        /** (size) what is left to round, in {@link #order}. */
        final double[] left = new double[size];
        final byte[] codes = new byte[size];
        /** Of the entries that have codes. */
        double loss;

        Trial(float[] values, float scale, int maxCode) {
            this.scale = scale;
            this.inverse = ScalarQuantizer.inverse(scale);
            this.maxCode = maxCode;
            for (int i = 0; i < size; i++) {
                left[i] = dead[i] ? 0 : values[order[i]];
            }
        }

        /** The code of the i-th entry, and what it leaves. */
        double take(int i) {
            float code = ScalarQuantizer.code((float) left[i], inverse, maxCode);
            codes[order[i]] = (byte) code;
            return left[i] - (double) code * scale;
        }

        /** Entries from one to before another, each of which passes its error on to those after it. */
        void take(int from, int end) {
            double[] errors = new double[BLOCK];
            for (int i = from; i < end; i++) {
                double error = take(i) / upper[i * size + i];
                loss += error * error;
                errors[i - from] = error;
                for (int j = i + 1; j < end; j++) {
                    left[j] -= error * upper[i * size + j];
                }
            }
            if (end - from == BLOCK) {
                pass(left, end, size, upper, from * size, errors[0], errors[1], errors[2], errors[3]);
            }
        }
    }

    /** Subtracts four rows, each times a number, one after the other. */
    private static void pass(double[] left, int from, int size, double[] upper, int at, double e0, double e1, double e2,
                             double e3) {
        for (int j = from; j < size; j++) {
            left[j] = left[j] - e0 * upper[at + j] - e1 * upper[at + size + j] - e2 * upper[at + 2 * size + j]
                - e3 * upper[at + 3 * size + j];
        }
    }

    /**
     * Takes all together through a few rows of U at a time, which then come from memory once.
     *
     * @param limit a trial whose error reaches it is left where it is
     */
    private void round(List<Trial> trials, double limit) {
        for (int from = 0; from < size; from += BLOCK) {
            int end = Math.min(from + BLOCK, size);
            for (Trial trial : trials) {
                if (trial.loss < limit) {
                    if (upper != null) {
                        trial.take(from, end);
                    }
                    for (int i = from; i < end && upper == null; i++) {
                        double error = trial.take(i);
                        trial.loss += diagonal[i] * error * error;
                    }
                }
            }
        }
    }
}
