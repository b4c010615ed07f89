package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;

/**
 * Migration of difficulty from activations to weights (Xiao et al., "SmoothQuant", ICML 2023, eq. 4): {@code X W =
 * (X diag(λ)⁻¹) (diag(λ) W)} with {@code λ_i = max|X_i|^α ÷ max|W_i|^(1−α)} for input channel i, the maxima over recorded
 * rows and over output channels.
 *
 * <p>A channel whose input or weight is always 0 has λ = 1. Factors are divided by their geometric mean, which changes
 * nothing but keeps them near 1, and rounded to powers of 2, so that scaling X rounds nothing.
 */
final class Smoothing {
    private Smoothing() {
    }

    /**
     * 1/λ of every input channel, what X is multiplied by.
     *
     * @param weight   (in, out) W
     * @param inputs   recorded rows
     * @param strength α, 0…1: 0 evens out the weight, 1 the input
     */
    static float[] scale(DenseMatrix weight, RecordedInputs inputs, double strength) {
        int in = weight.numRows();
        double[] logarithms = new double[in];
        double sum = 0;
        int used = 0;
        for (int i = 0; i < in; i++) {
            double largestInput = 0;
            for (int row = 0; row < inputs.rowCount(); row++) {
                largestInput = Math.max(largestInput, Math.abs(inputs.rows()[row * in + i]));
            }
            double largestWeight = 0;
            for (int o = 0; o < weight.numCols(); o++) {
                largestWeight = Math.max(largestWeight, Math.abs(weight.apply(i, o)));
            }
            logarithms[i] = Double.NaN;
            if (largestInput > 0 && largestWeight > 0) {
                logarithms[i] = strength * StrictMath.log(largestInput) - (1 - strength) * StrictMath.log(largestWeight);
                sum += logarithms[i];
                used++;
            }
        }
        float[] scale = new float[in];
        for (int i = 0; i < in; i++) {
            double exponent = Double.isNaN(logarithms[i]) ? 0 : (sum / used - logarithms[i]) / StrictMath.log(2);
            scale[i] = (float) Math.scalb(1.0, (int) Math.max(-60, Math.min(60, Math.rint(exponent))));
        }
        return scale;
    }

    /** diag(λ) W. */
    static DenseMatrix applied(DenseMatrix weight, float[] scale) {
        DenseMatrix smoothed = weight.copy();
        double[] values = smoothed.values();
        for (int at = 0; at < values.length; at++) {
            values[at] /= scale[at % scale.length];
        }
        return smoothed;
    }
}
