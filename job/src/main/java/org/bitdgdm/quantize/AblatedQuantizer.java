package org.bitdgdm.quantize;

import java.util.Map;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedLinear;

/**
 * Bit-DGDM with a part of its activations taken away, to measure what the part is worth.
 *
 * <ul>
 * <li>{@code bit-dgdm-minus}: {@code X_S S} is not computed.</li>
 * <li>{@code bit-dgdm-dense-activations}: no sparse part X_S. The threshold is the largest recorded magnitude, so that codes
 *     span all of the recorded input. Departure: what exceeds it when graphs are sampled, which is next to nothing, still
 *     stays in full precision instead of being clipped, since that is what backends do with a static scale.</li>
 * </ul>
 *
 * @param change what is other in the recipe of {@link BitDgdmQuantizer}
 */
record AblatedQuantizer(Map<Option, ?> change) implements Quantizer {
    private static final Quantizer WHOLE = new BitDgdmQuantizer();

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        return WHOLE.quantize(layer, inputs, recipe.with(change));
    }

    @Override
    public QuantizeConf adapted(QuantizeConf recipe) {
        return recipe.with(change);
    }

    @Override
    public int rows(PackedLinear layer, QuantizeConf recipe) {
        return WHOLE.rows(layer, recipe);
    }

    @Override
    public boolean needsInputs(QuantizeConf recipe) {
        return WHOLE.needsInputs(recipe);
    }
}
