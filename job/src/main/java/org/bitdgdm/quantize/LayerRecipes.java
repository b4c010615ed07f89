package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * Which settings apply to which layer: those of the run, changed by the first override whose pattern matches the name.
 * Input and output MLPs stay in full precision unless an override matches them.
 */
final class LayerRecipes {
    /** Keys that an override may set, named like the options. */
    static final List<String> KEYS = List.of("method", "weight-bits", "activation-bits", "rank", "alpha",
        "threshold-percentile", "residual", "intermediate-bits", "activation-scale", "cross-term");

    private LayerRecipes() {
    }

    /**
     * The settings of every layer.
     *
     * @return in the order of {@link PackedModel#linears()}
     * @throws InputException if an override matches no layer, or has an unknown key or a bad value
     */
    static List<QuantizeConf> of(PackedModel model, QuantizeConf run) {
        Map<String, QuantizeConf> overridden = new LinkedHashMap<>();
        run.overrides().forEach((pattern, settings) -> overridden.put(pattern, apply(run, pattern, settings)));
        Set<String> unused = new HashSet<>(overridden.keySet());
        List<QuantizeConf> recipes = new ArrayList<>();
        for (PackedLinear layer : model.linears()) {
            QuantizeConf recipe = PackedModel.isBlockLinear(layer.name) ? run : apply(run, "", Map.of("method", "fp32"));
            boolean matched = false;
            for (Map.Entry<String, QuantizeConf> override : overridden.entrySet()) {
                if (glob(override.getKey()).matcher(layer.name).matches()) {
                    unused.remove(override.getKey());
                    recipe = matched ? recipe : override.getValue();
                    matched = true;
                }
            }
            recipes.add(recipe);
        }
        if (!unused.isEmpty()) {
            throw new InputException("override '" + unused.stream().sorted().findFirst().orElseThrow()
                + "' matches no layer; layers are named like tf_layers.0.self_attn.q, and * stands for any characters");
        }
        return recipes;
    }

    private static Pattern glob(String pattern) {
        StringBuilder regex = new StringBuilder();
        for (char c : pattern.toCharArray()) {
            regex.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(regex.toString());
    }

    private static QuantizeConf apply(QuantizeConf run, String pattern, Map<String, String> settings) {
        for (String key : settings.keySet()) {
            if (!KEYS.contains(key)) {
                throw new InputException("override '" + pattern + "' has the unknown key '" + key + "'; known are "
                    + String.join(", ", KEYS));
            }
        }
        Values values = new Values(pattern, settings);
        try {
            return new QuantizeConf(
                values.text("method", run.method()),
                values.whole("weight-bits", run.weightBits()),
                values.whole("activation-bits", run.activationBits()),
                values.whole("rank", run.rank()),
                values.number("alpha", run.alpha()),
                values.number("threshold-percentile", run.thresholdPercentile()),
                values.whole("residual", run.residualBits()),
                values.whole("intermediate-bits", run.intermediateBits()),
                values.text("activation-scale", run.activationScale()),
                values.flag("cross-term", run.crossTerm()),
                run.calibrationGraphs(), run.calibrationSteps(), Map.of());
        } catch (InputException e) {
            throw new InputException("override '" + pattern + "': " + e.getMessage(), e);
        }
    }

    /** Typed access to the settings of one override. */
    private record Values(String pattern, Map<String, String> settings) {

        String text(String key, String fallback) {
            return settings.getOrDefault(key, fallback);
        }

        int whole(String key, int fallback) {
            try {
                return settings.containsKey(key) ? Integer.parseInt(settings.get(key)) : fallback;
            } catch (NumberFormatException e) {
                throw new InputException(key + " must be a whole number, found '" + settings.get(key) + "'", e);
            }
        }

        double number(String key, double fallback) {
            try {
                return settings.containsKey(key) ? Double.parseDouble(settings.get(key)) : fallback;
            } catch (NumberFormatException e) {
                throw new InputException(key + " must be a number, found '" + settings.get(key) + "'", e);
            }
        }

        boolean flag(String key, boolean fallback) {
            String value = settings.getOrDefault(key, String.valueOf(fallback));
            if (!value.equals("true") && !value.equals("false")) {
                throw new InputException(key + " must be true or false, found '" + value + "'");
            }
            return value.equals("true");
        }
    }
}
