package org.bitdgdm.quantize;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.PackedNetwork;

/**
 * Which settings apply to which layer. Layers of blocks follow the run's recipe and its overrides; those
 * before and behind them stay in full precision unless an override names them, or get codes beside aware factors: weights of
 * {@code --outer-bits} and, but for what enters the network, inputs of 8 bits with a scale for each row.
 */
final class LayerRecipes {
    private static final int OUTER_INPUT_BITS = 8;
    /** What enters the network: few columns of different units, which one scale would not fit. */
    private static final Set<Width> ENTERING = EnumSet.of(Width.NODE_INPUT, Width.EDGE_INPUT, Width.GLOBAL_INPUT, Width.TIME,
        Width.STATES);

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
        return layers.stream().map(name -> {
            if (spec.layer(name).quantized()) {
                return run.forLayer(name);
            }
            return run.overrides(name) ? withoutInputs(name, run.forLayer(name)) : outside(spec.layer(name), run);
        }).toList();
    }

    private static QuantizeConf outside(NetworkSpec.Layer layer, QuantizeConf run) {
        if (!run.method().uses(run).contains(Option.OUTER_BITS) || run.outerBits() > 8) {
            return run.ofLayers(Map.of());
        }
        boolean coded = run.activationBits() <= 8 && !ENTERING.contains(layer.in());
        return run.withSettings(Map.of(Option.METHOD.word(), Method.RTN.toString(),
            Option.WEIGHT_BITS.word(), Integer.toString(run.outerBits()),
            Option.ACTIVATION_BITS.word(), Integer.toString(coded ? OUTER_INPUT_BITS : 32),
            Option.ACTIVATION_SCALE.word(), QuantizeConf.ActivationScale.ROW.toString()));
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
