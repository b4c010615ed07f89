package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.kernels.ActivationCodes;

/**
 * Means and covariance of a layer's recorded inputs x. With Ŵ in the place of W the output is wrong by {@code x (W − Ŵ)}: its
 * mean can go into the bias, so that what Ŵ is chosen by is the norm of the covariance, {@code H = E[xᵀx] − E[x]ᵀE[x]}.
 */
final class InputMoments {
    private final InputNorm norm;
    private final double[] mean;
    /** Of the rows as the layer multiplies its dense part by them. */
    private final double[] codedMean;

    /**
     * The moments of recorded rows.
     *
     * @param in entries of a row
     */
    InputMoments(RecordedInputs inputs, ActivationCodes codes, int in) {
        int count = inputs.rowCount();
        this.mean = mean(count, in, row -> Arrays.copyOfRange(inputs.rows(), row * in, (row + 1) * in));
        this.codedMean = mean(count, in, row -> inputs.coded(codes, row, in));
        this.norm = InputNorm.ofCovariance(inputs.rows(), count, mean);
    }

    private static double[] mean(int count, int in, IntFunction<float[]> rows) {
        double[] mean = new double[in];
        for (int row = 0; row < count; row++) {
            float[] values = rows.apply(row);
            for (int i = 0; i < in; i++) {
                mean[i] += values[i];
            }
        }
        for (int i = 0; i < in && count > 0; i++) {
            mean[i] /= count;
        }
        return mean;
    }

    /** The norm of the covariance. */
    InputNorm norm() {
        return norm;
    }

    /**
     * A bias with the mean of what is left.
     *
     * @param weight (in, out) W
     * @param dense  (in, out) what codes are multiplied by
     * @param sparse (in, out) what inputs are multiplied by as they are
     */
    float[] bias(float[] bias, DenseMatrix weight, DenseMatrix dense, SparseMatrix sparse) {
        float[] shifted = new float[bias.length];
        for (int o = 0; o < bias.length; o++) {
            double sum = bias[o];
            for (int i = 0; i < mean.length; i++) {
                sum += mean[i] * weight.apply(i, o) - codedMean[i] * dense.apply(i, o);
            }
            for (int k = sparse.colPtrs()[o]; k < sparse.colPtrs()[o + 1]; k++) {
                sum -= mean[sparse.rowIndices()[k]] * sparse.values()[k];
            }
            shifted[o] = (float) sum;
        }
        return shifted;
    }
}
