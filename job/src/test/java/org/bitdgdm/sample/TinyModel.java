package org.bitdgdm.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;

import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.LayerNorm;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Variant;
import org.bitdgdm.model.Vocabulary;

/**
 * A random model of one small layer: 4 node types, 5 edge types, graphs of 2 to 7 nodes, T = 20. It knows no chemistry, but
 * its graphs depend on every part of sampling.
 */
public final class TinyModel {
    /** Atoms and bonds that its classes stand for. */
    public static final Vocabulary VOCABULARY = new Vocabulary(List.of("C", "N", "O", "F"),
        List.of("none", "single", "double", "triple", "aromatic"));

    private static final int DX = 8;
    private static final int DE = 4;
    private static final int DY = 4;
    private static final int HIDDEN = 6;

    private TinyModel() {
    }

    /** The model; another seed, another model. */
    public static PackedModel packed(long seed) {
        Random random = new Random(seed);
        Architecture architecture = new Architecture(Variant.FIXED_BUG, 1, 2, 4, 5, 7, 20, FeatureSet.ALL, true,
            new float[] {12, 14, 16, 19}, 150);
        Diffusion diffusion = Diffusion.cosine(20, new float[] {0.7f, 0.1f, 0.15f, 0.05f},
            new float[] {0.7f, 0.2f, 0.06f, 0.02f, 0.02f}, new float[] {0, 0, 0.1f, 0.1f, 0.2f, 0.2f, 0.2f, 0.2f});
        ToIntFunction<String> widths = name -> switch (name) {
            case "mlp_in_X.2" -> DX;
            case "mlp_in_E.2" -> DE;
            case "mlp_in_y.2", "tf_layers.0.self_attn.y_out.0" -> DY;
            default -> HIDDEN;
        };
        return random(architecture, diffusion, widths, random);
    }

    /**
     * A network of random weights in full precision.
     *
     * @param widths of the outputs of layers whose own they are, by name
     */
    public static PackedModel random(Architecture architecture, Diffusion diffusion, ToIntFunction<String> widths,
                                     Random random) {
        NetworkSpec spec = new NetworkSpec(architecture);
        List<PackedLinear> linears = new ArrayList<>();
        spec.shapes(widths).forEach((name, shape) -> linears.add(PackedLinear.full(name, shape[0], shape[1],
            gaussians(random, shape[0] * shape[1], 1 / Math.sqrt(shape[0]), 0), gaussians(random, shape[1], 0.1, 0))));
        List<LayerNorm> norms = new ArrayList<>();
        for (NetworkSpec.Norm norm : spec.norms()) {
            int width = spec.width(norm.width(), widths);
            norms.add(new LayerNorm(norm.name(), gaussians(random, width, 0.1, 1), gaussians(random, width, 0.1, 0)));
        }
        return new PackedModel(architecture, diffusion, linears, norms);
    }

    private static float[] gaussians(Random random, int count, double deviation, double mean) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (mean + random.nextGaussian() * deviation);
        }
        return values;
    }
}
