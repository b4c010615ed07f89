package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.PackedLinear;

/**
 * One quantized layer with static scales for each range of diffusion steps ({@code --threshold-buckets}): the weight is that
 * of all steps, threshold and scales come from what was recorded within the range.
 */
final class StepRanges {
    private StepRanges() {
    }

    /**
     * The layer in every range; the layer alone where steps were not told apart or its scale is not static.
     *
     * @param recipe what the method follows, {@link Quantizer#adapted}
     */
    static List<PackedLinear> of(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        if (!layer.hasStaticScale() || inputs.ranges().isEmpty()) {
            return List.of(layer);
        }
        List<PackedLinear> ranges = new ArrayList<>();
        for (RecordedInputs recorded : inputs.ranges()) {
            RecordedInputs seen = layer.transform == null ? recorded : recorded.transformed(layer.transform);
            ActivationCodes codes = seen.codes(recipe, layer.activation.unsigned());
            float scale = layer.left == null || layer.intermediateBits > 8 ? layer.intermediateScale
                : BitDgdmQuantizer.intermediateScale(layer.name, seen, codes, layer.left, layer.intermediateBits);
            ranges.add(layer.withScales(codes, scale));
        }
        return ranges;
    }

    /** The thresholds in the words of a report. */
    static String note(List<PackedLinear> ranges) {
        return ranges.stream().map(layer -> String.format(Locale.ROOT, "%.4g", layer.activation.threshold()))
            .collect(Collectors.joining(" ", "thresholds by range of steps, from t = 1 on: ", ""));
    }
}
