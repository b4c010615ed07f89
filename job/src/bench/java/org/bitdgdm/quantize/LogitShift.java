package org.bitdgdm.quantize;

import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;

/**
 * A temperature and an offset for each class, {@code q ∝ exp(τ l + b)}, that bring a quantized network's logits l nearest to
 * what full precision predicts: {@code Σ KL(p ‖ q)} is convex in both, and Newton's steps find its least.
 */
public final class LogitShift {
    private static final int STEPS = 20;
    /** Keeps offsets from running away where a class is never predicted, and one of them, that all could share, at 0. */
    private static final double RIDGE = 1e-6;
    private static final double SETTLED = 1e-10;

    private final int classes;
    private final boolean temperature;
    private final boolean offsets;
    /** τ, then b. */
    private final double[] parameters;

    /** Changes nothing yet. */
    public LogitShift(int classes, boolean temperature, boolean offsets) {
        this.classes = classes;
        this.temperature = temperature;
        this.offsets = offsets;
        this.parameters = new double[classes + 1];
        parameters[0] = 1;
    }

    /**
     * Finds both.
     *
     * @param full      (count, classes) logits of full precision
     * @param quantized the same of the quantized network
     */
    public void fit(float[] full, float[] quantized) {
        double[] offered = new double[classes + 1];
        double loss = loss(full, quantized, parameters);
        for (int step = 0; step < STEPS; step++) {
            double[] gradient = new double[classes + 1];
            DenseMatrix hessian = DenseMatrix.zeros(classes + 1, classes + 1);
            accumulate(full, quantized, gradient, hessian);
            double[] move = DenseAlgebra.product(DenseAlgebra.pseudoInverse(hessian), false,
                new DenseMatrix(classes + 1, 1, gradient), false).values();
            double size = 1;
            double next = Double.POSITIVE_INFINITY;
            while (size > SETTLED) {
                for (int k = 0; k <= classes; k++) {
                    offered[k] = parameters[k] - size * move[k];
                }
                next = loss(full, quantized, offered);
                if (next < loss) {
                    break;
                }
                size /= 2;
            }
            if (!(next < loss)) {
                return;
            }
            System.arraycopy(offered, 0, parameters, 0, offered.length);
            boolean settled = loss - next <= SETTLED * Math.abs(loss);
            loss = next;
            if (settled) {
                return;
            }
        }
    }

    /** The logits as they are to be, (count, classes). */
    public float[] applied(float[] quantized) {
        float[] shifted = new float[quantized.length];
        for (int at = 0; at < shifted.length; at++) {
            shifted[at] = (float) (parameters[0] * quantized[at] + parameters[1 + at % classes]);
        }
        return shifted;
    }

    private double loss(float[] full, float[] quantized, double[] at) {
        double[] p = new double[classes];
        double[] q = new double[classes];
        double sum = 0;
        for (int from = 0; from < full.length; from += classes) {
            softmax(full, from, 1, null, p);
            double norm = softmax(quantized, from, at[0], at, q);
            for (int k = 0; k < classes; k++) {
                sum += p[k] * (norm - at[0] * quantized[from + k] - at[1 + k]);
            }
        }
        double squares = Arrays.stream(at, 1, classes + 1).map(offset -> offset * offset).sum();
        return sum + RIDGE * full.length / classes * (squares + (at[0] - 1) * (at[0] - 1)) / 2;
    }

    private void accumulate(float[] full, float[] quantized, double[] gradient, DenseMatrix hessian) {
        double[] p = new double[classes];
        double[] q = new double[classes];
        double ridge = RIDGE * full.length / classes;
        for (int k = 0; k <= classes; k++) {
            hessian.update(k, k, ridge);
            gradient[k] = ridge * (parameters[k] - (k == 0 ? 1 : 0));
        }
        for (int from = 0; from < full.length; from += classes) {
            softmax(full, from, 1, null, p);
            softmax(quantized, from, parameters[0], parameters, q);
            double mean = 0;
            for (int k = 0; k < classes; k++) {
                mean += q[k] * quantized[from + k];
                gradient[0] += (q[k] - p[k]) * quantized[from + k];
                gradient[1 + k] += q[k] - p[k];
            }
            for (int k = 0; k < classes; k++) {
                double deviation = quantized[from + k] - mean;
                hessian.update(0, 0, hessian.apply(0, 0) + q[k] * deviation * deviation);
                add(hessian, 0, 1 + k, q[k] * deviation);
                hessian.update(1 + k, 1 + k, hessian.apply(1 + k, 1 + k) + q[k] * (1 - q[k]));
                for (int m = 0; m < k; m++) {
                    add(hessian, 1 + m, 1 + k, -q[m] * q[k]);
                }
            }
        }
        for (int k = 0; k <= classes; k++) {
            if (k == 0 ? !temperature : !offsets) {
                gradient[k] = 0;
                for (int m = 0; m <= classes; m++) {
                    hessian.update(k, m, m == k ? 1 : 0);
                    hessian.update(m, k, m == k ? 1 : 0);
                }
            }
        }
    }

    private static void add(DenseMatrix symmetric, int row, int col, double value) {
        symmetric.update(row, col, symmetric.apply(row, col) + value);
        symmetric.update(col, row, symmetric.apply(col, row) + value);
    }

    /** @return log Σ exp of the changed logits */
    private double softmax(float[] logits, int from, double factor, double[] shifts, double[] shares) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            shares[k] = factor * logits[from + k] + (shifts == null ? 0 : shifts[1 + k]);
            largest = Math.max(largest, shares[k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            shares[k] = Math.exp(shares[k] - largest);
            sum += shares[k];
        }
        for (int k = 0; k < classes; k++) {
            shares[k] /= sum;
        }
        return largest + Math.log(sum);
    }
}
