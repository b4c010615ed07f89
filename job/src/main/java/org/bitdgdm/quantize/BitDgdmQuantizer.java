package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.QuantizeConf.Factors;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.LinearReference;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * Bit-DGDM (Gong and Sun, "Bit-DGDM", ICML 2025, PMLR 267:19996-20015): {@code W ≈ L̂R̂ᵀ + Ê + S}. With
 * {@code --factors aware} the parts are those of {@link AwareFactors}, and the bias takes up the mean of what they leave. With
 * {@code --factors weight} they are, as published:
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
    /** Rows that means and covariances are taken over; of wide layers only variances are. */
    private static final int AWARE_ROWS = InputCollector.MOST_ROWS;

    /**
     * What a weight becomes, before its inputs do.
     *
     * @param residual E; what its codes are made from, null where it has none
     * @param bias     of the layer, with what the others leave
     */
    private record Parts(CodeMatrix left, CodeMatrix right, SparseMatrix sparse, DenseMatrix residual, CodeMatrix residualCodes,
                         float[] bias, Decomposition decomposition) {
    }

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        ActivationCodes codes = inputs.codes(recipe);
        Parts parts = recipe.factors() == Factors.AWARE ? aware(layer, inputs, codes, recipe) : published(layer, recipe);
        Tails tails = new Tails();
        if (recipe.weightBits() <= 8) {
            tails.add(parts.decomposition.left(), false).add(parts.decomposition.right(), true);
        }
        if (parts.residualCodes != null && parts.residualCodes.coded()) {
            tails.add(parts.residual, false);
        }
        int intermediateBits = requantizes(recipe) ? recipe.intermediateBits() : 32;
        float intermediateScale = 0;
        if (intermediateBits <= 8) {
            RecordedInputs few = recipe.factors() == Factors.AWARE ? inputs.first(InputCollector.ROWS) : inputs;
            intermediateScale = intermediateScale(layer.name, few, codes, parts.left, intermediateBits);
            // Nothing but zeros were recorded: no scale is known, so H stays FP32.
            intermediateBits = intermediateScale > 0 ? intermediateBits : 32;
        }
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, parts.bias, codes, parts.left,
            parts.right, intermediateBits, intermediateScale, parts.residualCodes, LayerWeight.packed(parts.sparse),
            recipe.crossTerm());
        return new QuantizedLayer(packed, parts.decomposition.iterations(), parts.decomposition.objective(), tails,
            note(layer, recipe, codes));
    }

    /** As published: factors of the weight. */
    private static Parts published(PackedLinear layer, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        Decomposition decomposition = new ScaledGradientDescent(recipe.rank(), recipe.alpha()).decompose(weight);
        CodeMatrix left = ScalarQuantizer.LEAST_SQUARES.quantize(decomposition.left(), recipe.weightBits(), false);
        CodeMatrix right = ScalarQuantizer.LEAST_SQUARES.quantize(decomposition.right(), recipe.weightBits(), true);
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, LayerWeight.of(left), false, LayerWeight.of(right), true, 1, rest);
        SparseMatrix sparse = new AlphaSparsity(layer.in, layer.out, recipe.alpha()).apply(rest);
        DenseMatrix error = withoutEntries(rest, sparse);
        CodeMatrix residual = recipe.residualBits() == 0 ? null
            : ScalarQuantizer.LEAST_SQUARES.quantize(error, recipe.residualBits(), false);
        return new Parts(left, right, sparse, error, residual, layer.bias, decomposition);
    }

    /**
     * Factors of what the layer does to its inputs. A residual takes the place of all that is not in them: then those of the
     * weight leave less to round, and the residual is rounded by what it does.
     */
    private static Parts aware(PackedLinear layer, RecordedInputs inputs, ActivationCodes codes, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        InputMoments moments = inputs.moments(codes, layer.in);
        if (recipe.residualBits() > 0) {
            Parts parts = published(layer, recipe);
            CodeMatrix residual = recipe.residualBits() > 8 ? parts.residualCodes
                : moments.norm().feedback().round(parts.residual, recipe.residualBits());
            DenseMatrix dense = LayerWeight.of(residual);
            DenseAlgebra.multiply(1, LayerWeight.of(parts.left), false, LayerWeight.of(parts.right), true, 1, dense);
            return new Parts(parts.left, parts.right, parts.sparse, parts.residual, residual,
                moments.bias(layer.bias, weight, dense, parts.sparse), parts.decomposition);
        }
        AwareFactors factors = AwareFactors.of(weight, moments.norm(), recipe.rank(),
            recipe.ranksByLayer() ? recipe.rankLeft() : 0, recipe.alpha(), recipe.weightBits());
        DenseMatrix dense = DenseAlgebra.product(LayerWeight.of(factors.left()), false, LayerWeight.of(factors.right()), true);
        return new Parts(factors.left(), factors.right(), factors.sparse(), null, null,
            moments.bias(layer.bias, weight, dense, factors.sparse()), factors.decomposition());
    }

    @Override
    public int rows(PackedLinear layer, QuantizeConf recipe) {
        return recipe.factors() == Factors.AWARE && layer.in <= InputNorm.WIDEST ? AWARE_ROWS : InputCollector.ROWS;
    }

    @Override
    public boolean needsInputs(QuantizeConf recipe) {
        return Quantizer.super.needsInputs(recipe) || requantizes(recipe) || recipe.factors() == Factors.AWARE;
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

    private static String note(PackedLinear layer, QuantizeConf recipe, ActivationCodes codes) {
        List<String> notes = new ArrayList<>();
        if (new AlphaSparsity(layer.in, layer.out, recipe.alpha()).alwaysEmpty()) {
            notes.add("S is empty: a share of " + recipe.alpha() + " of " + Math.min(layer.in, layer.out)
                + " entries is less than one");
        }
        if (codes.coded() && !codes.perRow() && codes.threshold() == 0) {
            notes.add("the threshold is 0: every input is an outlier");
        }
        return String.join("; ", notes);
    }
}
