package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * Round to nearest, the plain baseline: W becomes codes with scale max|w| ÷ largest code for each output channel; no
 * factors, no sparse part. The input has the largest magnitude of its row as scale, or with {@code --activation-scale
 * static} the recorded percentile, above which entries stay in full precision as in Bit-DGDM.
 *
 * <p>A scale of least squared error would lower the weight error of the shipped model at 4 bits from 0.106 to 0.092; it
 * is not taken, since "round to nearest" names the plain one.
 *
 * <p>Departure: a plain static scale would be the recorded maximum, or clip what is above it. Here "static" gives the baseline
 * Bit-DGDM's sparse-dense activations, X_S in full precision beside the codes, so that methods differ in their weights alone;
 * it is then better than what the name stands for elsewhere. The same holds of every other method with a static scale.
 */
final class RoundToNearestQuantizer implements Quantizer {

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        if (recipe.weightBits() > 8 && recipe.activationBits() > 8) {
            return QuantizedLayer.untouched(layer);
        }
        DenseMatrix weight = LayerWeight.of(layer);
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, inputs.codes(recipe), null,
            null, 32, 0, ScalarQuantizer.MAXIMUM.quantize(weight, recipe.weightBits(), false),
            SparseRows.empty(layer.in, layer.out), true);
        Tails tails = recipe.weightBits() > 8 ? new Tails() : new Tails().add(weight, false);
        return new QuantizedLayer(packed, 0, Double.NaN, tails, "");
    }
}
