package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.LinearReference;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * Bit-DGDM (Gong and Sun, "Bit-DGDM", ICML 2025, PMLR 267:19996-20015): {@code W ≈ L̂R̂ᵀ + Ê + S}.
 *
 * <ol>
 * <li>L and R by {@link ScaledGradientDescent};</li>
 * <li>their codes, a scale for each rank column of L and each output channel of R;</li>
 * <li>from the quantized factors {@code S = T_α[W − L̂R̂ᵀ]} in FP32 and {@code E = W − L̂R̂ᵀ − S};</li>
 * <li>codes of E, a scale for each output channel, or no E at all ({@code --residual 0}, the literal paper).</li>
 * </ol>
 * The threshold of the input comes from the recorded inputs, and so does the static scale of {@code H = Q(X_D) L̂}.
 *
 * <p>Departure from the paper as far as it is known: the scales of L, R, E and H minimise the squared error instead of
 * spanning the maximum. On the shipped model at 4 bits (rank 16, two of its five blocks, rows that were not recorded for
 * calibration) that lowers the mean relative error of layer outputs from 0.368 to 0.366 without a residual and from
 * 0.098 to 0.096 with one; the scale of H counts at few bits only, 0.160 to 0.144 at 4 and nothing at 8.
 */
final class BitDgdmQuantizer implements Quantizer {

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        Decomposition decomposition = new ScaledGradientDescent(recipe.rank(), recipe.alpha()).decompose(weight);
        CodeMatrix left = ScalarQuantizer.LEAST_SQUARES.quantize(decomposition.left(), recipe.weightBits(), false);
        CodeMatrix right = ScalarQuantizer.LEAST_SQUARES.quantize(decomposition.right(), recipe.weightBits(), true);
        Tails tails = new Tails();
        if (recipe.weightBits() <= 8) {
            tails.add(decomposition.left(), false).add(decomposition.right(), true);
        }

        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, LayerWeight.of(left), false, LayerWeight.of(right), true, 1, rest);
        AlphaSparsity sparsity = new AlphaSparsity(layer.in, layer.out, recipe.alpha());
        SparseMatrix sparse = sparsity.apply(rest);
        CodeMatrix residual = null;
        if (recipe.residualBits() > 0) {
            DenseMatrix error = withoutEntries(rest, sparse);
            residual = ScalarQuantizer.LEAST_SQUARES.quantize(error, recipe.residualBits(), false);
            if (recipe.residualBits() <= 8) {
                tails.add(error, false);
            }
        }

        ActivationCodes codes = inputs.codes(recipe);
        int intermediateBits = requantizes(recipe) ? recipe.intermediateBits() : 32;
        float intermediateScale = 0;
        if (intermediateBits <= 8) {
            intermediateScale = intermediateScale(layer.name, inputs, codes, left, intermediateBits);
            // Nothing but zeros were recorded: no scale is known, so H stays FP32.
            intermediateBits = intermediateScale > 0 ? intermediateBits : 32;
        }
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, codes, left, right,
            intermediateBits, intermediateScale, residual, LayerWeight.packed(sparse), recipe.crossTerm());
        return new QuantizedLayer(packed, decomposition.iterations(), decomposition.objective(), tails,
            note(layer, recipe, sparsity, codes));
    }

    @Override
    public boolean needsInputs(QuantizeConf recipe) {
        return Quantizer.super.needsInputs(recipe) || requantizes(recipe);
    }

    /** Whether H becomes codes: only between integer products, see {@link PackedLinear}. */
    private static boolean requantizes(QuantizeConf recipe) {
        return recipe.intermediateBits() <= 8 && recipe.activationBits() <= 8 && recipe.weightBits() <= 8
            && recipe.residualBits() <= 8;
    }

    /** E = W − L̂R̂ᵀ − S, S as stored in FP32; what its rounding leaves is far below any code. */
    private static DenseMatrix withoutEntries(DenseMatrix rest, SparseMatrix sparse) {
        DenseMatrix error = rest.copy();
        for (int col = 0; col < sparse.numCols(); col++) {
            for (int k = sparse.colPtrs()[col]; k < sparse.colPtrs()[col + 1]; k++) {
                int at = col * sparse.numRows() + sparse.rowIndices()[k];
                error.values()[at] -= (float) sparse.values()[k];
            }
        }
        return error;
    }

    /** The scale of least squared error of H on recorded rows. */
    static float intermediateScale(String name, RecordedInputs inputs, ActivationCodes codes, CodeMatrix left, int bits) {
        return ScalarQuantizer.LEAST_SQUARES.scale(intermediate(name, inputs, codes, left), bits);
    }

    /** (rows, rank) H = Q(X_D) L̂ of the recorded rows: the product of a layer whose R is the identity. */
    private static float[] intermediate(String name, RecordedInputs inputs, ActivationCodes codes, CodeMatrix left) {
        int rank = left.cols();
        byte[] identity = new byte[rank * rank];
        float[] ones = new float[rank];
        for (int c = 0; c < rank; c++) {
            identity[c * rank + c] = 1;
            ones[c] = 1;
        }
        PackedLinear first = PackedLinear.quantized(name, left.rows(), rank, new float[rank], codes, left,
            new CodeMatrix(rank, rank, 2, true, identity, ones, new float[0]), 32, 0, null,
            SparseRows.empty(left.rows(), rank), true);
        double[] wide = LinearReference.apply(first, inputs.withoutOutliers(codes), inputs.rowCount());
        float[] values = new float[wide.length];
        for (int at = 0; at < wide.length; at++) {
            values[at] = (float) wide[at];
        }
        return values;
    }

    private static String note(PackedLinear layer, QuantizeConf recipe, AlphaSparsity sparsity, ActivationCodes codes) {
        List<String> notes = new ArrayList<>();
        if (sparsity.alwaysEmpty()) {
            notes.add("S is empty: a share of " + recipe.alpha() + " of " + Math.min(layer.in, layer.out)
                + " entries is less than one");
        }
        if (codes.coded() && !codes.perRow() && codes.threshold() == 0) {
            notes.add("the threshold is 0: every input is an outlier");
        }
        return String.join("; ", notes);
    }
}
