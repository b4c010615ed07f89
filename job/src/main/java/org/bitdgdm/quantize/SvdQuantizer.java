package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.Bfloat16;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.InputTransform;
import org.bitdgdm.kernels.LowRankBranch;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * SVDQuant (Li et al., "SVDQuant: Absorbing Outliers by Low-Rank Components for 4-Bit Diffusion Models", ICLR 2025): a
 * branch in 16 bits takes the largest singular values of the smoothed weight, so that what is left is easier to quantize.
 *
 * <ol>
 * <li>{@code X̂ = X diag(λ)⁻¹, Ŵ = diag(λ) W} by {@link Smoothing}; the strength is searched for each layer among none,
 *     0.3, 0.5, 0.7 and 0.9 for the least error of its output on recorded rows, as the authors do on their calibration set;
 *     </li>
 * <li>A, B from the SVD of Ŵ, {@code --rank} values, each taking √Σ, rounded to bfloat16; {@code R = Ŵ − A B} of the
 *     rounded factors;</li>
 * <li>{@code X W ≈ X̂ A B + Q(X̂) Q(R)} (their eq. 8), the first in full precision, the second in integers.</li>
 * </ol>
 * R has the plain scale of round-to-nearest for each output channel. Departures: no groups of 64 values, since a packed
 * layer has one scale for each output channel; no GPTQ on R, which they offer as an extra; λ is a power of 2. Where the
 * scale of X̂ is static, its entries above the percentile stay in full precision as in {@link BitDgdmQuantizer}.
 */
final class SvdQuantizer implements Quantizer.OfInputs {
    private static final double[] STRENGTHS = {0.3, 0.5, 0.7, 0.9};
    /** Rows that the search compares outputs on. */
    private static final int SEARCH_ROWS = 256;

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        RecordedInputs few = inputs.first(SEARCH_ROWS);
        QuantizedLayer best = quantized(layer, inputs, null, "no smoothing", recipe);
        double leastError = LayerReport.outputError(layer, best.packed(), few);
        for (double strength : STRENGTHS) {
            InputTransform transform = InputTransform.scaling(Smoothing.scale(LayerWeight.of(layer), inputs, strength));
            QuantizedLayer candidate = quantized(layer, inputs, transform, "smoothing " + strength, recipe);
            double error = LayerReport.outputError(layer, candidate.packed(), few);
            if (error < leastError) {
                leastError = error;
                best = candidate;
            }
        }
        return best;
    }

    private static QuantizedLayer quantized(PackedLinear layer, RecordedInputs inputs, InputTransform transform, String note,
                                            QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        RecordedInputs smoothed = inputs;
        if (transform != null) {
            weight = Smoothing.applied(weight, transform.scale());
            smoothed = inputs.transformed(transform);
        }
        LowRankBranch branch = branch(weight, recipe.rank());
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, LayerWeight.ofRowMajor(layer.in, branch.rank(), branch.down()), false,
            LayerWeight.ofRowMajor(branch.rank(), layer.out, branch.up()), false, 1, rest);
        CodeMatrix codes = ScalarQuantizer.MAXIMUM.quantize(rest, recipe.weightBits(), false);
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, smoothed.codes(recipe), null,
            null, 32, 0, codes, SparseRows.empty(layer.in, layer.out), true).with(transform, branch);
        Tails tails = recipe.weightBits() > 8 ? new Tails() : new Tails().add(rest, false);
        return new QuantizedLayer(packed, 0, Double.NaN, tails, note);
    }

    /** The largest singular values of a matrix. */
    private static LowRankBranch branch(DenseMatrix weight, int rank) {
        DenseAlgebra.Svd svd = DenseAlgebra.svd(weight);
        int used = Math.min(rank, svd.values().length);
        int in = weight.numRows();
        int out = weight.numCols();
        double[] down = new double[in * used];
        double[] up = new double[used * out];
        for (int c = 0; c < used; c++) {
            double root = Math.sqrt(svd.values()[c]);
            for (int i = 0; i < in; i++) {
                down[i * used + c] = svd.left().apply(i, c) * root;
            }
            for (int o = 0; o < out; o++) {
                up[c * out + o] = svd.rightT().apply(c, o) * root;
            }
        }
        return new LowRankBranch(in, out, used, Bfloat16.round(down), Bfloat16.round(up));
    }
}
