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

    /** The recipe that a method follows in fact. */
    default QuantizeConf adapted(QuantizeConf recipe) {
        return recipe;
    }

    /** Whether a recipe needs what the calibration records of a layer. */
    default boolean needsInputs(QuantizeConf recipe) {
        return recipe.activationBits() <= 8 && recipe.activationScale().equals("static");
    }

    /** Whole rows of a layer's input that the method wants recorded. */
    default int rows(PackedLinear layer) {
        return InputCollector.ROWS;
    }

    /** The method of a name of {@link QuantizeConf#METHODS}. */
    static Quantizer of(String method) {
        return switch (method) {
            case "fp32" -> new FullPrecision();
            case "rtn" -> new RoundToNearestQuantizer();
            case "gptq" -> new GptqQuantizer();
            case "squeezellm" -> new SqueezeLlmQuantizer();
            case "svdquant" -> new SvdQuantizer();
            case "duquant" -> new DuQuantizer();
            case "bit-dgdm" -> new BitDgdmQuantizer();
            case "bit-dgdm-dense-activations" -> new AblatedQuantizer(recipe -> recipe.withThresholdPercentile(100));
            case "bit-dgdm-threshold" -> new ThresholdQuantizer();
            case "bit-dgdm-minus" -> new AblatedQuantizer(QuantizeConf::withoutCrossTerm);
            default -> throw new IllegalArgumentException("no quantizer for method '" + method + "'");
        };
    }

    /** A method that looks at recorded inputs channel by channel, whatever the other settings. */
    interface OfInputs extends Quantizer {
        @Override
        default boolean needsInputs(QuantizeConf recipe) {
            return true;
        }

        /** As many rows for each channel, within limits. */
        @Override
        default int rows(PackedLinear layer) {
            return Math.max(InputCollector.ROWS,
                Math.min(InputCollector.MOST_ROWS, InputCollector.ROWS_PER_CHANNEL * layer.in));
        }
    }

    /** Leaves every layer alone. */
    final class FullPrecision implements Quantizer {
        @Override
        public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
            return QuantizedLayer.untouched(layer);
        }

        @Override
        public boolean needsInputs(QuantizeConf recipe) {
            return false;
        }
    }
}
