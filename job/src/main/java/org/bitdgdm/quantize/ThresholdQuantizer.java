package org.bitdgdm.quantize;

import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * Bit-DGDM's ablation {@code bit-dgdm-threshold}: outliers of the weight are those above a magnitude, instead of what a
 * decomposition leaves. {@code W ≈ Ê + S} with S the ⌊α · in · out⌋ entries of largest |w| of the whole matrix, in FP32, and
 * the others as codes, a scale of least squared error for each output channel. No factors; activations are sparse-dense as
 * in {@link BitDgdmQuantizer}.
 *
 * <p>Nothing bounds the entries of a row, so that rows share the work unequally: that is what the ablation shows. Of equal
 * magnitudes those of lower column, then lower row, come first; zeros are never kept.
 *
 * <p>Departures: the paper (Gong and Sun, "Bit-DGDM", ICML 2025) names the ablation and its result only. That the threshold
 * is one for the whole matrix and set by the share α of entries above it, and that codes have scales of least squared error,
 * is our reading; S counts as many entries as an α-sparse one with all rows full.
 */
final class ThresholdQuantizer implements Quantizer {

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        DenseMatrix rest = LayerWeight.of(layer);
        SparseRows sparse = LayerWeight.packed(takeLargest(rest, recipe.alpha()));
        CodeMatrix codes = ScalarQuantizer.LEAST_SQUARES.quantize(rest, recipe.weightBits(), false);
        Tails tails = recipe.weightBits() > 8 ? new Tails() : new Tails().add(rest, false);
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, inputs.codes(recipe), null,
            null, 32, 0, codes, sparse, recipe.crossTerm());
        return new QuantizedLayer(packed, 0, Double.NaN, tails, "");
    }

    /** Moves the largest entries out of a matrix, whose places become 0. */
    private static SparseMatrix takeLargest(DenseMatrix matrix, double alpha) {
        int rows = matrix.numRows();
        int cols = matrix.numCols();
        double[] values = matrix.values();
        int wanted = AlphaSparsity.share(alpha, values.length);
        double[] sorted = Arrays.stream(values).map(Math::abs).sorted().toArray();
        double limit = wanted == 0 ? Double.POSITIVE_INFINITY : sorted[sorted.length - wanted];
        long above = Arrays.stream(sorted).filter(magnitude -> magnitude > limit).count();
        long ties = wanted - above;
        int[] starts = new int[cols + 1];
        int[] rowOf = new int[wanted];
        double[] taken = new double[wanted];
        int count = 0;
        for (int col = 0; col < cols; col++) {
            for (int at = col * rows; at < (col + 1) * rows; at++) {
                double magnitude = Math.abs(values[at]);
                boolean tie = magnitude == limit && ties > 0;
                ties -= tie ? 1 : 0;
                if ((tie || magnitude > limit) && magnitude > 0) {
                    rowOf[count] = at - col * rows;
                    taken[count++] = values[at];
                    values[at] = 0;
                }
            }
            starts[col + 1] = count;
        }
        return new SparseMatrix(rows, cols, starts, Arrays.copyOf(rowOf, count), Arrays.copyOf(taken, count));
    }
}
