package org.bitdgdm.quantize;

import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.Bfloat16;
import org.bitdgdm.kernels.Codebook;
import org.bitdgdm.kernels.PackedLinear;

/**
 * SqueezeLLM (Kim et al., "SqueezeLLM: Dense-and-Sparse Quantization", ICML 2024): weights are looked up in a table of
 * 2^bits values for each output channel, placed by k-means in which a weight counts by its sensitivity; a few weights stay
 * sparse in full precision. Activations are not quantized: the product is one of full precision.
 *
 * <ol>
 * <li>sensitivity {@code F_io}: the authors take the diagonal of the Fisher information from gradients on text. Here it is
 *     {@code E[x_i²]} of recorded inputs, the diagonal of the Hessian of the layer's own squared error. Were x_i and the
 *     gradient of output o independent, the Fisher diagonal would be {@code E[x_i²] E[g_o²]}, whose second factor is the
 *     same for all weights that share a table;</li>
 * <li>S takes the share {@code --alpha} of the weights (their eq. 5): eight ninths by magnitude, one ninth by
 *     {@code F_io w_io²}, their proportion of 0.40% to 0.05%. The authors rank the second kind by F alone, which here would
 *     take all weights of one input channel;</li>
 * <li>for each output channel the values that make {@code Σ F_io (w_io − q_io)²} least over what is not in S (their eq. 4),
 *     found exactly by {@link WeightedClusters} where they use Lloyd's iterations from a random start.</li>
 * </ol>
 * S holds {@code W − Q} in its places. Tables are bfloat16 where theirs are FP16.
 */
final class SqueezeLlmQuantizer implements Quantizer.OfInputs {
    /** Of the sparse weights, those taken by sensitivity. */
    private static final double SENSITIVE_SHARE = 1.0 / 9;
    /** Least sensitivity of an input channel as a share of the mean: dead channels break ties only. */
    private static final double LEAST_SENSITIVITY = 1e-6;

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        double[] sensitivity = sensitivity(inputs, layer.in);
        boolean[] sparse = sparse(weight, sensitivity, recipe.alpha());
        int entries = Math.min(1 << recipe.weightBits(), layer.in);
        byte[] indices = new byte[layer.in * layer.out];
        float[] table = new float[layer.out * entries];
        for (int o = 0; o < layer.out; o++) {
            float[] values = table(weight, sensitivity, sparse, o, entries);
            System.arraycopy(values, 0, table, o * entries, entries);
            for (int i = 0; i < layer.in; i++) {
                indices[i * layer.out + o] = (byte) nearest(values, weight.apply(i, o));
            }
        }
        Codebook codebook = new Codebook(layer.in, layer.out, recipe.weightBits(), entries, indices, table);
        PackedLinear packed = PackedLinear.lookedUp(layer.name, layer.bias, codebook,
            LayerWeight.packed(rest(weight, codebook, sparse)));
        return new QuantizedLayer(packed, 0, Double.NaN, new Tails().add(without(weight, sparse), false), "");
    }

    /** E[x_i²], never 0. */
    private static double[] sensitivity(RecordedInputs inputs, int in) {
        double[] sensitivity = new double[in];
        for (int at = 0; at < inputs.rowCount() * in; at++) {
            sensitivity[at % in] += (double) inputs.rows()[at] * inputs.rows()[at] / inputs.rowCount();
        }
        double mean = Arrays.stream(sensitivity).average().orElseThrow();
        for (int i = 0; i < in; i++) {
            sensitivity[i] = mean == 0 ? 1 : Math.max(sensitivity[i], LEAST_SENSITIVITY * mean);
        }
        return sensitivity;
    }

    /** (in, out) column-major: which weights stay sparse. */
    private static boolean[] sparse(DenseMatrix weight, double[] sensitivity, double alpha) {
        double[] magnitudes = Arrays.stream(weight.values()).map(Math::abs).toArray();
        int wanted = AlphaSparsity.share(alpha, magnitudes.length);
        int sensitive = (int) Math.round(SENSITIVE_SHARE * wanted);
        boolean[] taken = new boolean[magnitudes.length];
        takeLargest(magnitudes, wanted - sensitive, taken);
        double[] losses = new double[magnitudes.length];
        for (int at = 0; at < losses.length; at++) {
            losses[at] = taken[at] ? 0 : sensitivity[at % sensitivity.length] * magnitudes[at] * magnitudes[at];
        }
        takeLargest(losses, sensitive, taken);
        return taken;
    }

    /** Marks the largest values, none that is 0; of equal ones those that come first. */
    private static void takeLargest(double[] values, int count, boolean[] taken) {
        if (count == 0) {
            return;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double limit = sorted[sorted.length - count];
        long ties = count - Arrays.stream(sorted).filter(value -> value > limit).count();
        for (int at = 0; at < values.length; at++) {
            boolean tie = values[at] == limit && ties > 0;
            ties -= tie ? 1 : 0;
            taken[at] |= (tie || values[at] > limit) && values[at] > 0;
        }
    }

    /** The values of one output channel, the last one repeated to their number where all its weights are sparse or few. */
    private static float[] table(DenseMatrix weight, double[] sensitivity, boolean[] sparse, int out, int entries) {
        int in = weight.numRows();
        double[] values = new double[in];
        double[] weights = new double[in];
        int count = 0;
        for (int i = 0; i < in; i++) {
            if (!sparse[out * in + i]) {
                values[count] = weight.apply(i, out);
                weights[count++] = sensitivity[i];
            }
        }
        double[] centres = count == 0 ? new double[1]
            : WeightedClusters.centres(Arrays.copyOf(values, count), Arrays.copyOf(weights, count), entries);
        float[] table = Arrays.copyOf(Bfloat16.round(centres), entries);
        Arrays.fill(table, centres.length, entries, table[centres.length - 1]);
        return table;
    }

    /** The place of the value nearest to a weight; the first of those as near. */
    private static int nearest(float[] ascending, double weight) {
        int best = 0;
        for (int k = 1; k < ascending.length; k++) {
            if (Math.abs(ascending[k] - weight) < Math.abs(ascending[best] - weight)) {
                best = k;
            }
        }
        return best;
    }

    /** W − Q at the sparse places. */
    private static SparseMatrix rest(DenseMatrix weight, Codebook codebook, boolean[] sparse) {
        int in = weight.numRows();
        int out = weight.numCols();
        int[] starts = new int[out + 1];
        int[] rowOf = new int[sparse.length];
        double[] values = new double[sparse.length];
        int count = 0;
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                if (sparse[o * in + i]) {
                    rowOf[count] = i;
                    values[count++] = weight.apply(i, o) - codebook.get(i, o);
                }
            }
            starts[o + 1] = count;
        }
        return new SparseMatrix(in, out, starts, Arrays.copyOf(rowOf, count), Arrays.copyOf(values, count));
    }

    private static DenseMatrix without(DenseMatrix weight, boolean[] sparse) {
        DenseMatrix rest = weight.copy();
        for (int at = 0; at < sparse.length; at++) {
            rest.values()[at] = sparse[at] ? 0 : rest.values()[at];
        }
        return rest;
    }
}
