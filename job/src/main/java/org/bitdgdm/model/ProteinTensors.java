package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.LayerNorm;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinArchitecture;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;

/**
 * The tensors of a network of GraDe-IF ({@code model/egnn_pytorch}) and the tables that go with it: which ones there must be,
 * of which shape, and how they become the layers of a packed model.
 *
 * <p>Widths are read from the tensors themselves. The published embeddings are sums of a linear layer for each slice of the
 * columns; they become one layer each.
 */
final class ProteinTensors {
    /** Score of each class in the place of another: BLOSUM62, shifted by 4. */
    static final String SCORES = "blosum.score";
    /** What scores are divided by, rising with time. */
    static final String TEMPERATURES = "blosum.Qtb_temperature";
    private static final String PREFIX = "model.";
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";
    private static final String EDGES = "edge_embedding";
    private static final Map<String, int[]> SLICES = Map.of("node_embedding", new int[] {20, 1, 1, 4, 5},
        EDGES, new int[] {65, 1, 15, 12});
    private static final String TABLES_RESOURCE = "gradeif-tables.safetensors";

    private final String file;
    private final ProteinArchitecture architecture;
    private final Map<String, StoredTensor> stored;
    private final Map<String, int[]> expected = new LinkedHashMap<>();

    private ProteinTensors(String file, ProteinArchitecture architecture, Map<String, StoredTensor> stored) {
        this.file = file;
        this.architecture = architecture;
        this.stored = stored;
        expectNetwork();
    }

    /**
     * Reads the tensors of a network after checking that there are exactly those of its architecture.
     *
     * @param file   for messages
     * @param stored what the file holds
     * @return the tensors in the order of the network, all values finite
     * @throws InputException naming the first tensor that is missing, extra, of another shape, or not finite
     */
    static Map<String, Tensor> network(String file, ProteinArchitecture architecture, Map<String, StoredTensor> stored) {
        ProteinTensors tensors = new ProteinTensors(file, architecture, stored);
        tensors.requireNoExtra();
        return tensors.readAll();
    }

    /** The same of a bundle, which has the tables too. */
    static Map<String, Tensor> all(String file, ProteinArchitecture architecture, Map<String, StoredTensor> stored) {
        ProteinTensors tensors = new ProteinTensors(file, architecture, stored);
        expectTables(tensors.expected);
        tensors.requireNoExtra();
        return tensors.readAll();
    }

    /**
     * The authors' tables that no checkpoint holds: means and deviations of features over their training chains, BLOSUM
     * scores and temperatures. What this program comes with says where they are from.
     */
    static Map<String, Tensor> publishedTables() {
        try (InputStream in = ProteinTensors.class.getResourceAsStream(TABLES_RESOURCE)) {
            Map<String, int[]> expected = new LinkedHashMap<>();
            expectTables(expected);
            return ModelTensors.readAll(TABLES_RESOURCE, SafetensorsFile.read(Path.of(TABLES_RESOURCE), in.readAllBytes()),
                expected);
        } catch (IOException e) {
            throw new IllegalStateException("this jar lacks its resource " + TABLES_RESOURCE, e);
        }
    }

    private static void expectTables(Map<String, int[]> expected) {
        int classes = ResidueDiffusion.CLASSES;
        expected.put(SCORES, new int[] {classes, classes});
        expected.put(TEMPERATURES, new int[] {500});
        for (String what : List.of("mean", "std")) {
            expected.put("mean_attr.x_" + what, new int[] {classes + 6});
            expected.put("mean_attr.mu_r_norm_" + what, new int[] {5});
            expected.put("mean_attr.edge_attr_" + what, new int[] {ProteinGraph.EDGE_FEATURES});
        }
        expected.put("mean_attr.pos_std", new int[] {3});
    }

    /** Transitions by the tables of a bundle. */
    static ResidueDiffusion diffusion(int steps, ResidueDiffusion.Transition trained, Map<String, Tensor> tensors) {
        return ResidueDiffusion.of(steps, tensors.get(SCORES).values(), tensors.get(TEMPERATURES).values(), trained);
    }

    /** The layers in full precision, weights as (in, out). */
    static PackedProteinModel pack(ProteinArchitecture architecture, ResidueDiffusion diffusion, Map<String, Tensor> tensors) {
        NetworkSpec spec = new NetworkSpec(architecture);
        List<PackedLinear> linears = new ArrayList<>();
        for (String name : spec.layerNames()) {
            if (SLICES.containsKey(name)) {
                linears.add(embedding(name, tensors));
            } else {
                Tensor weight = tensors.get(PREFIX + name + WEIGHT);
                linears.add(PackedLinear.full(name, weight.shape()[1], weight.shape()[0], weight.transposed(),
                    tensors.get(PREFIX + name + BIAS).values()));
            }
        }
        List<LayerNorm> norms = new ArrayList<>();
        for (String name : spec.normNames()) {
            norms.add(new LayerNorm(name, tensors.get(PREFIX + name + WEIGHT).values(),
                tensors.get(PREFIX + name + BIAS).values()));
        }
        return new PackedProteinModel(architecture, diffusion, linears, norms);
    }

    /** One layer that is the sum of those of the slices: their weights below each other, and the sum of their biases. */
    private static PackedLinear embedding(String name, Map<String, Tensor> tensors) {
        int in = Arrays.stream(SLICES.get(name)).sum();
        int out = tensors.get(PREFIX + slice(name, 0) + WEIGHT).shape()[0];
        float[] weight = new float[in * out];
        float[] bias = new float[out];
        int from = 0;
        for (int k = 0; k < SLICES.get(name).length; k++) {
            float[] transposed = tensors.get(PREFIX + slice(name, k) + WEIGHT).transposed();
            System.arraycopy(transposed, 0, weight, from, transposed.length);
            from += transposed.length;
            float[] added = tensors.get(PREFIX + slice(name, k) + BIAS).values();
            for (int c = 0; c < out; c++) {
                bias[c] += added[c];
            }
        }
        return PackedLinear.full(name, in, out, weight, bias);
    }

    private static String slice(String embedding, int k) {
        return embedding + ".atom_embedding_list." + k;
    }

    private void expectNetwork() {
        NetworkSpec spec = new NetworkSpec(architecture);
        spec.shapes(this::outputs).forEach((name, shape) -> {
            if (SLICES.containsKey(name)) {
                for (int k = 0; k < SLICES.get(name).length; k++) {
                    expectLinear(slice(name, k), SLICES.get(name)[k], shape[1]);
                }
            } else {
                expectLinear(name, shape[0], shape[1]);
            }
        });
        for (NetworkSpec.Norm norm : spec.norms()) {
            int width = spec.width(norm.width(), this::outputs);
            expected.put(PREFIX + norm.name() + WEIGHT, new int[] {width});
            expected.put(PREFIX + norm.name() + BIAS, new int[] {width});
        }
        expected.put(ModelTensors.BETAS, new int[] {architecture.diffusionSteps() + 1});
    }

    private void expectLinear(String name, int in, int out) {
        expected.put(PREFIX + name + WEIGHT, new int[] {out, in});
        expected.put(PREFIX + name + BIAS, new int[] {out});
    }

    /** Output width of a layer, as its tensor says. */
    private int outputs(String layer) {
        StoredTensor weight = present(PREFIX + (SLICES.containsKey(layer) ? slice(layer, 0) : layer) + WEIGHT);
        if (weight.shape().length != 2 || weight.shape()[0] == 0) {
            throw new InputException(file + ": tensor " + excerpt(weight.name()) + " must be a matrix, found shape "
                + weight.shapeText() + "; the file is no network of GraDe-IF");
        }
        return weight.shape()[0];
    }

    private StoredTensor present(String name) {
        StoredTensor tensor = stored.get(name);
        if (tensor == null) {
            throw new InputException(file + ": tensor " + excerpt(name) + " is missing among " + stored.size()
                + "; a network of GraDe-IF with layers = " + architecture.layers() + " needs it, take another checkpoint");
        }
        return tensor;
    }

    private void requireNoExtra() {
        expected.keySet().forEach(this::present);
        for (StoredTensor tensor : stored.values()) {
            if (!expected.containsKey(tensor.name())) {
                throw new InputException(file + ": tensor " + excerpt(tensor.name()) + " of shape " + tensor.shapeText()
                    + " has no place in a network of GraDe-IF with layers = " + architecture.layers()
                    + "; its configuration belongs to another model");
            }
        }
    }

    private Map<String, Tensor> readAll() {
        Map<String, Tensor> read = ModelTensors.readAll(file, stored, expected);
        ModelTensors.requireBetas(file, read.get(ModelTensors.BETAS), NoiseSchedule.cosineBetas(architecture.diffusionSteps()));
        return read;
    }

    /** Width of messages, as the tensors of a network have it. */
    static int width(ProteinArchitecture architecture, Width width, Map<String, Tensor> tensors) {
        return new NetworkSpec(architecture).width(width,
            layer -> tensors.get(PREFIX + (SLICES.containsKey(layer) ? slice(layer, 0) : layer) + WEIGHT).shape()[0]);
    }
}
