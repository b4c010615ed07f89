package org.bitdgdm.quantize;

import java.util.Map;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.Option;
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
        return recipe.hasThreshold();
    }

    /** Whole rows of a layer's input that the method wants recorded. */
    default int rows(PackedLinear layer, QuantizeConf recipe) {
        return InputCollector.ROWS;
    }

    /** What does the work of a method. */
    static Quantizer of(Method method) {
        return switch (method) {
            case FP32 -> new FullPrecision();
            case RTN -> new RoundToNearestQuantizer();
            case GPTQ -> new GptqQuantizer();
            case SQUEEZELLM -> new SqueezeLlmQuantizer();
            case SVDQUANT -> new SvdQuantizer();
            case DUQUANT -> new DuQuantizer();
            case BIT_DGDM -> new BitDgdmQuantizer();
            case BIT_DGDM_DENSE_ACTIVATIONS -> new AblatedQuantizer(Map.of(Option.THRESHOLD_PERCENTILE, 100.0));
            case BIT_DGDM_THRESHOLD -> new ThresholdQuantizer();
            case BIT_DGDM_MINUS -> new AblatedQuantizer(Map.of(Option.CROSS_TERM, false));
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
        default int rows(PackedLinear layer, QuantizeConf recipe) {
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
