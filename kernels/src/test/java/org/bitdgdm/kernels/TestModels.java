package org.bitdgdm.kernels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.LongStream;

/** Models for tests: the one the repository ships, and tiny random ones. */
public final class TestModels {
    private static final Path QM9 = Path.of("..", "conf", "models", "qm9");

    private TestModels() {
    }

    /**
     * The QM9 model of the repository in full precision, as its bundle stores it.
     *
     * @param variant network to run the weights through; they were trained with {@code FIXED_BUG}
     */
    public static PackedModel qm9(Variant variant) {
        try {
            JsonNode json = new ObjectMapper().readTree(QM9.resolve("model.json").toFile());
            Tensors tensors = Tensors.of(QM9.resolve("model.safetensors"));
            float[] atomWeights = floats(json.get("atom_weights"));
            Architecture architecture = new Architecture(variant, json.get("layers").asInt(), json.get("heads").asInt(),
                atomWeights.length, json.get("bonds").size(), json.get("max_nodes").asInt(),
                json.get("diffusion_steps").asInt(), FeatureSet.ALL, true, atomWeights,
                (float) json.get("max_weight").asDouble());
            Diffusion diffusion = Diffusion.cosine(architecture.diffusionSteps(), floats(json.get("node_marginal")),
                floats(json.get("edge_marginal")), floats(json.get("size_histogram")));
            List<PackedLinear> linears = new ArrayList<>();
            for (String name : new NetworkSpec(architecture).layerNames()) {
                int[] shape = tensors.shape("model." + name + ".weight");
                linears.add(PackedLinear.full(name, shape[1], shape[0],
                    transposed(tensors.floats("model." + name + ".weight"), shape[0], shape[1]),
                    tensors.floats("model." + name + ".bias")));
            }
            List<LayerNorm> norms = new ArrayList<>();
            for (String name : new NetworkSpec(architecture).normNames()) {
                norms.add(new LayerNorm(name, tensors.floats("model." + name + ".weight"),
                    tensors.floats("model." + name + ".bias")));
            }
            return new PackedModel(architecture, diffusion, linears, norms);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A random molecular model of 2 layers in full precision: 3 node types, 4 edge types (the last of marginal 0), up to
     * 7 nodes, T = 50, dx 24, de 10, dy 6, 4 heads; widths that fill no vector register.
     */
    public static PackedModel tiny(Variant variant, long seed) {
        return tiny(variant, seed, 2);
    }

    /** The same of so many layers. */
    static PackedModel tiny(Variant variant, long seed, int layers) {
        Architecture architecture = new Architecture(variant, layers, 4, 3, 4, 7, 50, FeatureSet.ALL, true,
            new float[] {12, 14, 16}, 120);
        Diffusion diffusion = Diffusion.cosine(50, new float[] {0.6f, 0.3f, 0.1f}, new float[] {0.7f, 0.25f, 0.05f, 0},
            new float[] {0, 0.1f, 0.1f, 0.1f, 0.1f, 0.2f, 0.2f, 0.2f});
        return tiny(architecture, diffusion, seed);
    }

    /** A random model of any vocabulary and features, as wide as the others. */
    static PackedModel tiny(Architecture architecture, Diffusion diffusion, long seed) {
        return random(architecture, diffusion, new Random(seed), module -> switch (module) {
            case "mlp_in_X.2" -> 24;
            case "mlp_in_E.2" -> 10;
            case "mlp_in_y.2", "self_attn.y_out.0" -> 6;
            default -> 13;
        });
    }

    /**
     * A random model.
     *
     * @param widths gives the width of a channel by the layer that makes it, and of a hidden layer, by name within the block
     */
    public static PackedModel random(Architecture architecture, Diffusion diffusion, Random random,
                                     ToIntFunction<String> widths) {
        NetworkSpec spec = new NetworkSpec(architecture);
        ToIntFunction<String> outOf = name -> widths.applyAsInt(NetworkSpec.module(name));
        List<PackedLinear> linears = new ArrayList<>();
        spec.shapes(outOf).forEach((name, shape) -> linears.add(PackedLinear.full(name, shape[0], shape[1],
            gaussians(random, shape[0] * shape[1], 1 / Math.sqrt(shape[0])), gaussians(random, shape[1], 0.1))));
        List<LayerNorm> norms = new ArrayList<>();
        for (NetworkSpec.Norm norm : spec.norms()) {
            float[] weight = gaussians(random, spec.width(norm.width(), outOf), 0.1);
            for (int k = 0; k < weight.length; k++) {
                weight[k] += 1;
            }
            norms.add(new LayerNorm(norm.name(), weight, gaussians(random, weight.length, 0.1)));
        }
        return new PackedModel(architecture, diffusion, linears, norms);
    }

    /** Independent normal values. */
    public static float[] gaussians(Random random, int count, double deviation) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    /** The same model with an infinite bias in a layer. */
    static PackedModel withInfinity(PackedModel model, String name) {
        return model.withLinears(model.linears().stream().map(linear -> {
            if (!linear.name.equals(name)) {
                return linear;
            }
            float[] bias = linear.bias.clone();
            bias[0] = Float.POSITIVE_INFINITY;
            return PackedLinear.full(linear.name, linear.in, linear.out, linear.weight, bias);
        }).toList());
    }

    /** Graphs {@code from} ... {@code to} of noise. */
    static GraphBatch noise(PackedModel model, int n, int from, int to) {
        return InitialNoise.draw(model.diffusion(), n, LongStream.range(from, to).toArray(), 11);
    }

    /** Sparse graphs of many equal eigenvalues: no edge, a ring, a star, all edges, rings of three, a path. */
    static GraphBatch regular(int n) {
        GraphBatch batch = new GraphBatch(n, LongStream.range(0, 6).toArray());
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                boolean beside = j - i == 1;
                boolean[] edges = {false, beside || n > 2 && j - i == n - 1, i == 0, true, i / 3 == j / 3, beside};
                for (int g = 0; g < edges.length; g++) {
                    if (edges[g]) {
                        batch.setEdge(g, i, j, 1);
                    }
                }
            }
        }
        return batch;
    }

    /** Logits of nodes and of edges. */
    static float[][] logits(Denoiser denoiser, PackedModel model, GraphBatch batch, int t) {
        float[] nodes = new float[batch.nodes().length * model.architecture().nodeTypes()];
        float[] edges = new float[batch.edges().length * model.architecture().edgeTypes()];
        denoiser.logits(batch, t, nodes, edges);
        return new float[][] {nodes, edges};
    }

    static float[] transposed(float[] values, int rows, int cols) {
        float[] out = new float[values.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                out[j * rows + i] = values[i * cols + j];
            }
        }
        return out;
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int k = 0; k < values.length; k++) {
            values[k] = (float) array.get(k).asDouble();
        }
        return values;
    }
}
