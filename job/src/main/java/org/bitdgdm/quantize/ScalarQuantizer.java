package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.CodeMatrix;

/**
 * Symmetric scalar quantization of a matrix, one scale per row or per column: {@code q = rint(x · inverse)} in FP32, ties
 * to even, clamped to ±(2^(bits−1)−1), with {@code inverse = 1/scale}.
 *
 * <p>A group whose scale would be below the smallest normal number has no finite reciprocal: its scale and codes are 0.
 */
enum ScalarQuantizer {
    /** scale = max|x| ÷ largest code: plain round-to-nearest. */
    MAXIMUM,
    /**
     * The scale of least squared error: the best of max|x| · f ÷ largest code, f = 0.10, 0.12, … 1, then refined by least
     * squares for its codes. Never worse than {@link #MAXIMUM}, since that is a candidate.
     */
    LEAST_SQUARES;

    private static final int CANDIDATES = 46;
    private static final double SMALLEST_FACTOR = 0.1;
    private static final int REFINEMENTS = 3;

    /**
     * Quantizes a matrix.
     *
     * @param matrix      (rows, cols) column-major, finite
     * @param bits        2…8, or 16/32: values are kept, rounded to FP32
     * @param scalePerRow whether a scale belongs to a row, else to a column
     */
    CodeMatrix quantize(DenseMatrix matrix, int bits, boolean scalePerRow) {
        int rows = matrix.numRows();
        int cols = matrix.numCols();
        if (bits > 8) {
            float[] values = new float[rows * cols];
            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < cols; col++) {
                    values[row * cols + col] = (float) matrix.values()[col * rows + row];
                }
            }
            return CodeMatrix.full(rows, cols, values);
        }
        int groups = scalePerRow ? rows : cols;
        int size = scalePerRow ? cols : rows;
        byte[] codes = new byte[rows * cols];
        float[] scales = new float[groups];
        float[] group = new float[size];
        for (int g = 0; g < groups; g++) {
            for (int k = 0; k < size; k++) {
                group[k] = (float) matrix.values()[scalePerRow ? k * rows + g : g * rows + k];
            }
            scales[g] = scale(group, bits);
            for (int k = 0; k < size; k++) {
                codes[scalePerRow ? g * cols + k : k * cols + g] =
                    (byte) code(group[k], inverse(scales[g]), CodeMatrix.maxCode(bits));
            }
        }
        return new CodeMatrix(rows, cols, bits, scalePerRow, codes, scales, new float[0]);
    }

    /**
     * The scale of one group of values; 0 if they are all 0 or too small for one.
     *
     * @param bits 2…8
     */
    float scale(float[] group, int bits) {
        int maxCode = CodeMatrix.maxCode(bits);
        float largest = 0;
        for (float value : group) {
            largest = Math.max(largest, Math.abs(value));
        }
        float best = usable((double) largest / maxCode);
        if (this == MAXIMUM || best == 0) {
            return best;
        }
        double leastError = squaredError(group, best, maxCode);
        for (int candidate = 0; candidate < CANDIDATES - 1; candidate++) {
            double factor = SMALLEST_FACTOR + (1 - SMALLEST_FACTOR) * candidate / (CANDIDATES - 1);
            float scale = usable(factor * largest / maxCode);
            double error = squaredError(group, scale, maxCode);
            if (scale > 0 && error < leastError) {
                leastError = error;
                best = scale;
            }
        }
        for (int round = 0; round < REFINEMENTS; round++) {
            float refined = refined(group, best, maxCode);
            double error = squaredError(group, refined, maxCode);
            if (refined == 0 || error >= leastError) {
                break;
            }
            leastError = error;
            best = refined;
        }
        return best;
    }

    private static float usable(double scale) {
        return scale >= Float.MIN_NORMAL ? (float) scale : 0;
    }

    /** The reciprocal of a scale as codes use it; 0 for 0. */
    static float inverse(float scale) {
        return scale == 0 ? 0 : 1 / scale;
    }

    /** The code of a value: to nearest, ties to even, clamped. */
    static float code(float value, float inverse, int maxCode) {
        return Math.max(-maxCode, Math.min(maxCode, (float) Math.rint(value * inverse)));
    }

    private static double squaredError(float[] group, float scale, int maxCode) {
        float inverse = inverse(scale);
        double sum = 0;
        for (float value : group) {
            double error = value - code(value, inverse, maxCode) * scale;
            sum += error * error;
        }
        return sum;
    }

    /** The scale of least squared error for the codes that a scale gives: Σ x q ÷ Σ q². */
    private static float refined(float[] group, float scale, int maxCode) {
        float inverse = inverse(scale);
        double products = 0;
        double squares = 0;
        for (float value : group) {
            double code = code(value, inverse, maxCode);
            products += value * code;
            squares += code * code;
        }
        return squares == 0 ? 0 : usable(products / squares);
    }
}
