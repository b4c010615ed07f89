package org.bitdgdm.quantize;

import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedLinear;

/** A quantization method: one layer's weight and recorded inputs in, one packed layer out. Used by several threads. */
interface Quantizer {

    /**
     * Quantizes one layer.
     *
     * @param layer  in full precision, with at least one weight
     * @param inputs what the calibration recorded of it
     * @param recipe settings of this layer, overrides applied
     */
    QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe);

    /** The method of a name of {@link QuantizeConf#METHODS}. */
    static Quantizer of(String method) {
        return switch (method) {
            case "fp32" -> (layer, inputs, recipe) -> QuantizedLayer.untouched(layer);
            case "rtn" -> new RoundToNearestQuantizer();
            case "bit-dgdm" -> new BitDgdmQuantizer();
            default -> throw new IllegalArgumentException("no quantizer for method '" + method + "'");
        };
    }
}
