package org.bitdgdm.quantize;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * GPTQ (Frantar, Ashkboos, Hoefler and Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
 * Transformers", ICLR 2023): round-to-nearest in which every input channel makes up for the rounding of those before it.
 *
 * <ol>
 * <li>{@code H = XᵀX / rows} of the recorded inputs, plus 1% of the mean of its diagonal on the diagonal; a channel that is
 *     always 0 gets H_ii = 1 and weight 0;</li>
 * <li>U upper triangular with {@code H⁻¹ = UᵀU};</li>
 * <li>for i in order of decreasing H_ii (the authors' {@code --act-order}) and every output channel:
 *     {@code q_i = rint(w_i / s)}, {@code w_j ← w_j − (w_i − q_i s) · U_ij / U_ii} for all later j.</li>
 * </ol>
 * The scale s of an output channel is max|w| ÷ largest code of the original weights, as in {@link RoundToNearestQuantizer};
 * codes are symmetric. The input is quantized as there, too. Departures: no groups, since a packed layer has one scale for
 * each output channel, and no blocks of columns, which change the speed only; all layers are quantized against the inputs
 * of the full-precision model instead of one after another against those of the quantized one.
 */
final class GptqQuantizer implements Quantizer.OfInputs {
    private static final double DAMPING = 0.01;

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        DenseMatrix gram = hessian(inputs, layer.in);
        int[] order = IntStream.range(0, layer.in).boxed()
            .sorted(Comparator.comparingDouble(i -> -gram.apply(i, i))).mapToInt(Integer::intValue).toArray();
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, inputs.codes(recipe), null,
            null, 32, 0, codes(weight, gram, order, recipe.weightBits()), SparseRows.empty(layer.in, layer.out), true);
        return new QuantizedLayer(packed, 0, Double.NaN, new Tails().add(weight, false), "");
    }

    /** XᵀX ÷ rows, without damping. */
    private static DenseMatrix hessian(RecordedInputs inputs, int in) {
        double[] rows = new double[inputs.rows().length];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = inputs.rows()[at];
        }
        // Row-major (rows, in) is column-major (in, rows).
        DenseMatrix transposed = new DenseMatrix(in, inputs.rowCount(), rows);
        DenseMatrix gram = DenseMatrix.zeros(in, in);
        DenseAlgebra.multiply(1.0 / inputs.rowCount(), transposed, false, transposed, true, 0, gram);
        return gram;
    }

    /** @param order the input channels in the order of their rounding */
    private static CodeMatrix codes(DenseMatrix weight, DenseMatrix gram, int[] order, int bits) {
        int in = weight.numRows();
        int out = weight.numCols();
        double mean = IntStream.range(0, in).mapToDouble(i -> gram.apply(i, i)).average().orElseThrow();
        double[] ordered = new double[in * in];
        boolean[] dead = new boolean[in];
        for (int i = 0; i < in; i++) {
            for (int j = 0; j < in; j++) {
                ordered[j * in + i] = gram.apply(order[i], order[j]);
            }
            dead[i] = ordered[i * in + i] == 0;
            ordered[i * in + i] = dead[i] ? 1 : ordered[i * in + i] + DAMPING * mean;
        }
        // (in, in) U, row-major: the rows are what the loop below walks along.
        double[] upper = DenseAlgebra.inverseCholesky(new DenseMatrix(in, in, ordered)).transpose().toArray();
        int maxCode = CodeMatrix.maxCode(bits);
        byte[] codes = new byte[in * out];
        float[] scales = new float[out];
        double[] channel = new double[in];
        float[] plain = new float[in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                plain[i] = (float) weight.apply(i, o);
            }
            scales[o] = ScalarQuantizer.MAXIMUM.scale(plain, bits);
            float inverse = ScalarQuantizer.inverse(scales[o]);
            for (int i = 0; i < in; i++) {
                channel[i] = dead[i] ? 0 : plain[order[i]];
            }
            for (int i = 0; i < in; i++) {
                float code = ScalarQuantizer.code((float) channel[i], inverse, maxCode);
                codes[order[i] * out + o] = (byte) code;
                double error = (channel[i] - (double) code * scales[o]) / upper[i * in + i];
                for (int j = i + 1; j < in; j++) {
                    channel[j] -= error * upper[i * in + j];
                }
            }
        }
        return new CodeMatrix(in, out, bits, false, codes, scales, new float[0]);
    }
}
