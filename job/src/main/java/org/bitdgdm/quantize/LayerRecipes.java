package org.bitdgdm.quantize;

import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedNetwork;

/**
 * Which settings apply to which layer. Layers of blocks follow the run's recipe and its overrides; those
 * before and behind them stay in full precision unless an override names them, or get codes of weights alone beside aware factors.
 */
final class LayerRecipes {
    private LayerRecipes() {
    }

    /**
     * The settings of every layer.
     *
     * @return in the order of {@link PackedNetwork#linears()}
     * @throws InputException if an override matches no layer, or asks for what is only known of layers of the blocks
     */
    static List<QuantizeConf> of(PackedNetwork model, QuantizeConf run) {
        NetworkSpec spec = model.spec();
        List<String> layers = spec.layerNames();
        for (Map.Entry<String, Map<String, String>> override : run.overrides().entrySet()) {
            if (layers.stream().noneMatch(run.ofLayers(Map.of(override.getKey(), override.getValue()))::overrides)) {
                throw new InputException("--override pattern '" + override.getKey() + "' matches no layer; names are like "
                    + layers.stream().filter(name -> spec.layer(name).quantized()).findFirst().orElseThrow()
                    + ", and * stands for any characters");
            }
        }
        QuantizeConf outer = run.ofLayers(Map.of());
        if (run.method().uses(run).contains(Option.OUTER_BITS) && run.outerBits() <= 8) {
            outer = run.withSettings(Map.of(Option.METHOD.word(), Method.RTN.toString(), Option.WEIGHT_BITS.word(),
                Integer.toString(run.outerBits()), Option.ACTIVATION_BITS.word(), "32"));
        }
        QuantizeConf others = outer;
        return layers.stream().map(name -> {
            if (spec.layer(name).quantized()) {
                return run.forLayer(name);
            }
            return run.overrides(name) ? withoutInputs(name, run.forLayer(name)) : others;
        }).toList();
    }

    private static QuantizeConf withoutInputs(String layer, QuantizeConf recipe) {
        Quantizer method = Quantizer.of(recipe.method());
        if (method.needsInputs(recipe)) {
            throw new InputException("--override of layer " + layer + " needs recorded inputs, but calibration records those"
                + " of the transformer blocks only; " + (method instanceof Quantizer.OfInputs
                ? "choose another method than " + recipe.method()
                : "add activation-scale=row,intermediate-bits=32 or activation-bits=32"));
        }
        return recipe;
    }
}
