package org.bitdgdm.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.LayerNorm;
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
        List<PackedLinear> linears = new ArrayList<>();
        for (String name : PackedModel.linearNames(1)) {
            int[] shape = shape(name, architecture);
            linears.add(PackedLinear.full(name, shape[0], shape[1],
                gaussians(random, shape[0] * shape[1], 1 / Math.sqrt(shape[0]), 0), gaussians(random, shape[1], 0.1, 0)));
        }
        List<LayerNorm> norms = new ArrayList<>();
        for (String name : PackedModel.normNames(1)) {
            int width = name.contains("normX") ? DX : name.contains("normE") ? DE : DY;
            norms.add(new LayerNorm(name, gaussians(random, width, 0.1, 1), gaussians(random, width, 0.1, 0)));
        }
        return new PackedModel(architecture, diffusion, linears, norms);
    }

    private static int[] shape(String name, Architecture architecture) {
        return switch (name.replaceFirst("tf_layers\\.\\d+\\.", "").replace("self_attn.", "")) {
            case "mlp_in_X.0" -> new int[] {architecture.nodeInputs(), HIDDEN};
            case "mlp_in_E.0" -> new int[] {architecture.edgeInputs(), HIDDEN};
            case "mlp_in_y.0" -> new int[] {architecture.globalInputs(), HIDDEN};
            case "mlp_in_X.2", "linX2" -> new int[] {HIDDEN, DX};
            case "mlp_in_E.2", "linE2" -> new int[] {HIDDEN, DE};
            case "mlp_in_y.2", "lin_y2" -> new int[] {HIDDEN, DY};
            case "mlp_out_X.0", "linX1" -> new int[] {DX, HIDDEN};
            case "mlp_out_E.0", "linE1" -> new int[] {DE, HIDDEN};
            case "lin_y1" -> new int[] {DY, HIDDEN};
            case "mlp_out_X.2" -> new int[] {HIDDEN, architecture.nodeTypes()};
            case "mlp_out_E.2" -> new int[] {HIDDEN, architecture.edgeTypes()};
            case "q", "k", "v", "x_out" -> new int[] {DX, DX};
            case "e_add", "e_mul" -> new int[] {DE, DX};
            case "e_out" -> new int[] {DX, DE};
            case "y_e_mul", "y_e_add", "y_x_mul", "y_x_add" -> new int[] {DY, DX};
            case "y_y", "y_out.0", "y_out.2" -> new int[] {DY, DY};
            case "x_y.lin" -> new int[] {4 * DX, DY};
            case "e_y.lin" -> new int[] {4 * DE, DY};
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static float[] gaussians(Random random, int count, double deviation, double mean) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (mean + random.nextGaussian() * deviation);
        }
        return values;
    }
}
