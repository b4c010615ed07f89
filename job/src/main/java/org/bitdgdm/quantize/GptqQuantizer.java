package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * GPTQ (Frantar, Ashkboos, Hoefler and Alistarh, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
 * Transformers", ICLR 2023): round-to-nearest in which every input channel makes up for the rounding of those before it.
 *
 * {@link ErrorFeedback} with {@code H = XᵀX / rows} of the recorded inputs, plus 1% of the mean of its diagonal on the
 * diagonal, for every output channel, inputs in order of decreasing H_ii (the authors' {@code --act-order}).
 *
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
        DenseMatrix gram = gram(inputs, layer.in);
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, inputs.codes(recipe), null,
            null, 32, 0, codes(weight, new ErrorFeedback(gram, DAMPING), recipe.weightBits()),
            SparseRows.empty(layer.in, layer.out), true);
        return new QuantizedLayer(packed, 0, Double.NaN, new Tails().add(weight, false), "");
    }

    /** XᵀX ÷ rows. */
    private static DenseMatrix gram(RecordedInputs inputs, int in) {
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

    private static CodeMatrix codes(DenseMatrix weight, ErrorFeedback feedback, int bits) {
        int in = weight.numRows();
        int out = weight.numCols();
        byte[] codes = new byte[in * out];
        float[] scales = new float[out];
        float[] channel = new float[in];
        byte[] rounded = new byte[in];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                channel[i] = (float) weight.apply(i, o);
            }
            scales[o] = ScalarQuantizer.MAXIMUM.scale(channel, bits);
            feedback.round(channel, scales[o], CodeMatrix.maxCode(bits), rounded);
            for (int i = 0; i < in; i++) {
                codes[i * out + o] = rounded[i];
            }
        }
        return new CodeMatrix(in, out, bits, false, codes, scales, new float[0]);
    }
}
