package org.bitdgdm.kernels;

/**
 * The product of one linear layer, {@code Y = X W + b}, in plain Java: the definition that every other kernel is checked
 * against. Written like {@link PackedLinear} describes it, term by term.
 *
 * <p>Codes are decided in FP32, so that every backend finds the same ones; integer products are exact; every other sum
 * is taken in double over FP32 operands. In detail, with x one entry of a row of X:
 * <ol>
 * <li>x is an outlier if the scale is static and |x| &gt; τ. Else its code is {@code rint(x · inverse)}, the product
 *     rounded to FP32, clamped to ±maxCode, or to 0…maxCode if unsigned.</li>
 * <li>The code of an entry of H is {@code rint(float(A) · ((s_x · s_L[c]) · inverse_H))}, each operation rounded to
 *     FP32, clamped to ±maxCode. H itself, where it stays in FP32, is {@code float(A) · (s_x · s_L[c])}.</li>
 * <li>Scale products {@code scale_H · s_R[o]} and {@code s_x · s_E[o]} are rounded to FP32.</li>
 * </ol>
 * The transform of the input comes first and is FP32, {@link InputTransform#apply}; everything after it reads its outcome.
 * Where an operand is not coded, {@code Y = X̃ D + X S + b} with D = {@link PackedLinear#densePart()} in FP32 and
 * X̃ = X, its coded entries replaced by {@code code · scale} (FP32); H is not formed and not requantized.
 */
public final class LinearReference {
    private final PackedLinear layer;
    /** (in, out) W, or L̂R̂ᵀ + Ê; null where no product needs it. */
    private final double[] dense;

    /** Prepares the product of a layer, which is then used for any number of rows and threads. */
    public LinearReference(PackedLinear layer) {
        this.layer = layer;
        ActivationCodes activation = layer.activation;
        // Integer products with a scale per row have no outliers, hence no use for the dequantized dense part.
        boolean needed = layer.isFull() || !layer.integerProduct() || !activation.perRow();
        this.dense = needed ? widened(layer.isFull() ? layer.weight : layer.densePart()) : null;
    }

    /** The product of a layer that shares all parts with another one and differs in static scales. */
    LinearReference(PackedLinear layer, LinearReference other) {
        this.layer = layer;
        this.dense = other.dense;
    }

    /**
     * Y = X W + b of one layer, once.
     *
     * @param input (rows, in) row-major
     * @return (rows, out) row-major
     */
    public static double[] apply(PackedLinear layer, float[] input, int rows) {
        return new LinearReference(layer).apply(input, rows);
    }

    /**
     * Y = X W + b.
     *
     * @param input (rows, in) row-major
     * @return (rows, out) row-major
     */
    public double[] apply(float[] input, int rows) {
        if (layer.transform != null) {
            return product(layer.transform.apply(input, rows), rows);
        }
        return product(input, rows);
    }

    private double[] product(float[] input, int rows) {
        double[] output = new double[rows * layer.out];
        int[] codes = new int[layer.in];
        int[] products = new int[Math.max(layer.out, layer.rank())];
        for (int row = 0; row < rows; row++) {
            int x = row * layer.in;
            int y = row * layer.out;
            if (layer.isFull()) {
                for (int i = 0; i < layer.in; i++) {
                    addScaled(input[x + i], dense, i * layer.out, output, y, layer.out);
                }
            } else {
                quantizedRow(input, x, output, y, codes, products);
                branch(input, x, output, y);
            }
            for (int o = 0; o < layer.out; o++) {
                output[y + o] += layer.bias[o];
            }
        }
        return output;
    }

    /** One row of the quantized product, without bias. */
    private void quantizedRow(float[] input, int x, double[] output, int y, int[] codes, int[] products) {
        ActivationCodes activation = layer.activation;
        float scale = activation.scale();
        float inverse = activation.inverse();
        if (activation.coded() && activation.perRow()) {
            float largest = 0;
            for (int i = 0; i < layer.in; i++) {
                largest = Math.max(largest, Math.abs(input[x + i]));
            }
            scale = largest / activation.maxCode();
            // A subnormal scale has no finite reciprocal; such a row, zeros among them, is taken as 0.
            inverse = scale >= Float.MIN_NORMAL ? activation.maxCode() / largest : 0;
        }
        // Q(X_D)
        int lowest = activation.unsigned() ? 0 : -activation.maxCode();
        for (int i = 0; i < layer.in && activation.coded(); i++) {
            codes[i] = isOutlier(input[x + i]) ? 0 : code(input[x + i] * inverse, lowest, activation.maxCode());
        }
        if (layer.integerProduct()) {
            // Q(X_D) L̂ R̂ᵀ + Q(X_D) Ê
            lowRank(codes, scale, products, output, y);
            residual(codes, scale, products, output, y);
        }
        for (int i = 0; i < layer.in; i++) {
            float value = input[x + i];
            boolean outlier = isOutlier(value);
            if (!layer.integerProduct()) {
                // X̃ D
                float operand = outlier || !activation.coded() ? value : codes[i] * scale;
                addScaled(operand, dense, i * layer.out, output, y, layer.out);
            } else if (outlier) {
                // X_S (L̂R̂ᵀ + Ê)
                addScaled(value, dense, i * layer.out, output, y, layer.out);
            }
            // X_D S + X_S S: the activation is not quantized here; the ablation drops the second
            if (!outlier || layer.crossTerm) {
                addSparse(value, i, output, y);
            }
        }
    }

    private boolean isOutlier(float x) {
        ActivationCodes activation = layer.activation;
        return activation.coded() && !activation.perRow() && Math.abs(x) > activation.threshold();
    }

    private static int code(float scaled, int lowest, int highest) {
        return (int) Math.max(lowest, Math.min(highest, Math.rint(scaled)));
    }

    /** Q(X_D) L̂ R̂ᵀ, the intermediate requantized unless it stays FP32. */
    private void lowRank(int[] codes, float scale, int[] products, double[] output, int y) {
        if (layer.rank() == 0) {
            return;
        }
        int rank = layer.rank();
        multiply(codes, layer.left, products);
        CodeMatrix right = layer.right;
        if (layer.intermediateBits <= 8) {
            int highest = CodeMatrix.maxCode(layer.intermediateBits);
            for (int c = 0; c < rank; c++) {
                float factor = scale * layer.left.scale()[c] * layer.intermediateInverse;
                products[c] = code(products[c] * factor, -highest, highest);
            }
            for (int o = 0; o < layer.out; o++) {
                int sum = 0;
                for (int c = 0; c < rank; c++) {
                    sum += products[c] * right.codes()[o * rank + c];
                }
                output[y + o] += (double) sum * (layer.intermediateScale * right.scale()[o]);
            }
        } else {
            for (int o = 0; o < layer.out; o++) {
                double sum = 0;
                for (int c = 0; c < rank; c++) {
                    float h = products[c] * (scale * layer.left.scale()[c]);
                    sum += (double) h * right.get(o, c);
                }
                output[y + o] += sum;
            }
        }
    }

    /** Q(X_D) Ê. */
    private void residual(int[] codes, float scale, int[] products, double[] output, int y) {
        if (layer.residual == null) {
            return;
        }
        multiply(codes, layer.residual, products);
        for (int o = 0; o < layer.out; o++) {
            output[y + o] += (double) products[o] * (scale * layer.residual.scale()[o]);
        }
    }

    /** (X A) B. */
    private void branch(float[] input, int x, double[] output, int y) {
        LowRankBranch branch = layer.branch;
        for (int c = 0; branch != null && c < branch.rank(); c++) {
            double h = 0;
            for (int i = 0; i < layer.in; i++) {
                h += (double) input[x + i] * branch.down()[i * branch.rank() + c];
            }
            for (int o = 0; o < layer.out; o++) {
                output[y + o] += h * branch.up()[c * layer.out + o];
            }
        }
    }

    /** Integer product of a row of codes with a matrix of codes. */
    private static void multiply(int[] codes, CodeMatrix matrix, int[] products) {
        int cols = matrix.cols();
        byte[] entries = matrix.codes();
        for (int c = 0; c < cols; c++) {
            products[c] = 0;
        }
        for (int i = 0; i < matrix.rows(); i++) {
            int code = codes[i];
            for (int c = 0; code != 0 && c < cols; c++) {
                products[c] += code * entries[i * cols + c];
            }
        }
    }

    /** X S: the entries of row i of S. */
    private void addSparse(float value, int i, double[] output, int y) {
        SparseRows sparse = layer.sparse;
        for (int at = i * sparse.width(); at < (i + 1) * sparse.width() && sparse.columns()[at] >= 0; at++) {
            output[y + sparse.columns()[at]] += (double) value * sparse.values()[at];
        }
    }

    private static void addScaled(double value, double[] matrix, int from, double[] output, int y, int count) {
        for (int o = 0; o < count; o++) {
            output[y + o] += value * matrix[from + o];
        }
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
