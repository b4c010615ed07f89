package org.bitdgdm.quantize;

import java.util.List;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.LinearReference;
import org.bitdgdm.kernels.PackedLinear;

/**
 * What quantization has done to one layer: a row of {@code quantization.csv}. A value that is not defined is NaN.
 *
 * @param layer           DiGress's name
 * @param method          method used; {@code fp32} if the layer was left alone
 * @param in              d_in
 * @param out             d_out
 * @param rank            columns of the factors or of the 16-bit branch; 0 if there are none
 * @param weightBits      bits of the factors, or of the codes or indices of a method without; 32 = full precision
 * @param activationBits  bits of the input; 32 = full precision
 * @param residualBits    bits of the residual; 0 if there is none
 * @param nnz             entries of S
 * @param iterations      updates of the decomposition
 * @param objective       ½ ‖L Rᵀ + S − W‖² at its end
 * @param kurtosisBefore  of W within output channels, see {@link Tails}
 * @param kurtosisAfter   of the values that became codes, within their scale groups
 * @param weightError     ‖W − Ŵ‖ ÷ ‖W‖, Frobenius
 * @param outputError     ‖X W − Y‖ ÷ ‖X W‖ on recorded rows of graphs that the method has not seen, Y by the layer's own
 *                        arithmetic, biases left out
 * @param threshold       τ; NaN where the input has no static scale
 * @param outlierShare    share of recorded entries above τ; NaN where there is no τ
 * @param bytesBefore     in full precision, bias included
 * @param bytesAfter      as packed, bias included
 * @param multiplyAdds    of one row of X as packed, of whatever bits, see {@link PackedLinear#multiplyAdds}
 * @param seconds         time taken for this layer
 * @param note            what else a reader should know; empty if nothing
 */
public record LayerReport(
    String layer, String method, int in, int out, int rank, int weightBits, int activationBits, int residualBits, int nnz,
    int iterations, double objective, double kurtosisBefore, double kurtosisAfter, double weightError, double outputError,
    double threshold, double outlierShare, long bytesBefore, long bytesAfter, long multiplyAdds, double seconds,
    String note) {

    /** Compares a layer with what a method has made of it. */
    static LayerReport of(PackedLinear before, QuantizedLayer quantized, RecordedInputs inputs, QuantizeConf recipe,
                          double seconds) {
        PackedLinear after = quantized.packed();
        boolean full = after.isFull();
        boolean thresholded = after.activation.coded() && !after.activation.perRow();
        DenseMatrix weight = LayerWeight.of(before);
        return new LayerReport(before.name, (full ? Method.FP32 : recipe.method()).toString(), before.in, before.out,
            after.branch == null ? after.rank() : after.branch.rank(),
            full ? 32 : recipe.weightBits(), full ? 32 : recipe.activationBits(),
            full || after.left == null || after.residual == null ? 0 : recipe.residualBits(),
            full ? 0 : after.sparse.entries(), quantized.iterations(), quantized.objective(),
            new Tails().add(weight, false).kurtosis(), quantized.tails().kurtosis(),
            full ? 0 : relative(LayerWeight.effective(after).values(), weight.values()),
            full ? 0 : outputError(before, after, inputs.judges()),
            thresholded ? after.activation.threshold() : Double.NaN,
            thresholded ? inputs.outlierShare(after.activation.threshold()) : Double.NaN,
            before.bytes(), after.bytes(), after.multiplyAdds(), seconds, quantized.note());
    }

    /** The same of a layer whose static scales differ between ranges of steps; its threshold is that of all steps. */
    LayerReport withRanges(PackedLinear before, List<PackedLinear> ranges, RecordedInputs inputs) {
        if (ranges.size() == 1) {
            return this;
        }
        return new LayerReport(layer, method, in, out, rank, weightBits, activationBits, residualBits, nnz, iterations,
            objective, kurtosisBefore, kurtosisAfter, weightError,
            outputError(before, ranges, inputs.judges().ranges()), threshold, outlierShare, bytesBefore, bytesAfter,
            multiplyAdds, seconds, note + (note.isEmpty() ? "" : "; ") + StepRanges.note(ranges));
    }

    /** ‖X W − Y‖ ÷ ‖X W‖ on recorded rows, biases left out. */
    static double outputError(PackedLinear before, PackedLinear after, RecordedInputs inputs) {
        return inputs.present() ? outputError(before, List.of(after), List.of(inputs)) : Double.NaN;
    }

    /** The same over the recorded rows of all ranges of steps, each by the layer's form in it. */
    private static double outputError(PackedLinear before, List<PackedLinear> ranges, List<RecordedInputs> inputs) {
        double error = 0;
        double norm = 0;
        for (int range = 0; range < ranges.size(); range++) {
            RecordedInputs seen = inputs.get(range);
            double[] exact = exact(before, seen);
            double[] found = LinearReference.apply(ranges.get(range), seen.rows(), seen.rowCount());
            for (int at = 0; at < exact.length; at++) {
                double bias = before.bias[at % before.out];
                // As what is found: rounded with the bias in it.
                double wanted = exact[at] + bias - bias;
                double difference = found[at] - bias - wanted;
                error += difference * difference;
                norm += wanted * wanted;
            }
        }
        return relative(error, norm);
    }

    /** (rowCount, out) X W, row-major, with the order of sums of {@link LinearReference}. */
    private static double[] exact(PackedLinear layer, RecordedInputs inputs) {
        int count = inputs.rowCount() * layer.in;
        double[] columns = new double[count];
        for (int at = 0; at < count; at++) {
            columns[at] = inputs.rows()[at];
        }
        return DenseAlgebra.product(LayerWeight.of(layer), true, new DenseMatrix(layer.in, inputs.rowCount(), columns), false)
            .values();
    }

    private static double relative(double[] found, double[] exact) {
        double error = 0;
        double norm = 0;
        for (int at = 0; at < exact.length; at++) {
            error += (found[at] - exact[at]) * (found[at] - exact[at]);
            norm += exact[at] * exact[at];
        }
        return relative(error, norm);
    }

    /** Root of the ratio of squares; 0 if both are 0, NaN if only the second is. */
    private static double relative(double error, double norm) {
        return norm == 0 ? error == 0 ? 0 : Double.NaN : Math.sqrt(error / norm);
    }
}
