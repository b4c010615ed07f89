package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.LinearReference;
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

    /** ‖X W − Y‖ ÷ ‖X W‖ over the recorded rows of all ranges, each by its own scales. */
    static double outputError(PackedLinear before, List<PackedLinear> ranges, RecordedInputs inputs) {
        double error = 0;
        double norm = 0;
        for (int range = 0; range < ranges.size(); range++) {
            RecordedInputs seen = inputs.ranges().get(range);
            double[] exact = LinearReference.apply(before, seen.rows(), seen.rowCount());
            double[] found = LinearReference.apply(ranges.get(range), seen.rows(), seen.rowCount());
            for (int at = 0; at < exact.length; at++) {
                error += (found[at] - exact[at]) * (found[at] - exact[at]);
                norm += (exact[at] - before.bias[at % before.out]) * (exact[at] - before.bias[at % before.out]);
            }
        }
        return norm == 0 ? error == 0 ? 0 : Double.NaN : Math.sqrt(error / norm);
    }

    /** The thresholds in the words of a report. */
    static String note(List<PackedLinear> ranges) {
        return ranges.stream().map(layer -> String.format(Locale.ROOT, "%.4g", layer.activation.threshold()))
            .collect(Collectors.joining(" ", "thresholds by range of steps, from t = 1 on: ", ""));
    }
}
