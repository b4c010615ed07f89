package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.LayerNorm;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * The tensors of a DiGress graph transformer ({@code src/models/transformer_model.py}): which ones there must be, of
 * which shape, and how they become the layers of a packed model.
 *
 * <p>Widths are read from the tensors themselves, since the configuration of a checkpoint may contradict them.
 */
final class ModelTensors {
    /** The schedule's buffer; of the cosine schedule it is recomputed, and compared. */
    static final String BETAS = "noise_schedule.betas";
    private static final String PREFIX = "model.";
    private static final String WEIGHT = ".weight";
    private static final String BIAS = ".bias";
    /** Output layers of the global channel, which sampling never needs; QM9's last one has no elements. */
    private static final List<String> UNUSED_LINEARS = List.of("mlp_out_y.0", "mlp_out_y.2");
    /**
     * Buffers that the training's metrics leave in a state_dict, such as {@code sampling_metrics.n_target_dist}
     * ({@code src/metrics/molecular_metrics.py}); they are no part of the network and are left out.
     */
    private static final List<String> METRICS = List.of("sampling_metrics.", "train_", "val_", "test_");
    /**
     * Allowed distance of a stored β from ours, relative to it: the rounding of BF16, the coarsest type that is read.
     * Another schedule or another offset is off by far more.
     */
    private static final double BETA_TOLERANCE = 0x1p-8;
    /** And this much besides, for a schedule computed in FP32 throughout, which loses digits in 1 − ā/ā. */
    private static final double BETA_ABSOLUTE_TOLERANCE = 1e-6;

    /** Logit of a class that no network predicts: its exponential is 0 in FP32 and in double. */
    private static final float NEVER = -1e4f;

    private final String file;
    private final Architecture architecture;
    private final Map<String, StoredTensor> stored;
    private final Map<String, int[]> expected = new LinkedHashMap<>();

    private ModelTensors(String file, Architecture architecture, Map<String, StoredTensor> stored) {
        this.file = file;
        this.architecture = architecture;
        this.stored = stored;
        expectAll();
    }

    /**
     * Reads the tensors of a model after checking that there are exactly those of its architecture, and what metrics
     * leave beside them.
     *
     * @param file   for messages
     * @param stored what the file holds
     * @return the tensors in the order of the network, all values finite
     * @throws InputException naming the first tensor that is missing, extra, of another shape, or not finite
     */
    static Map<String, Tensor> read(
        String file, Architecture architecture, Diffusion diffusion, Map<String, StoredTensor> stored) {
        ModelTensors tensors = new ModelTensors(file, architecture, stored);
        tensors.requireNoExtra();
        Map<String, Tensor> read = readAll(file, stored, tensors.expected);
        if (!diffusion.schedule().linear()) {
            requireBetas(file, read.get(BETAS), diffusion.schedule().betas());
        }
        return read;
    }

    /**
     * The schedule that a model was trained with, as its buffer has it.
     *
     * @return (T+1) β_t
     * @throws InputException if there is none of so many steps, or one is no probability
     */
    static float[] betas(String file, Map<String, StoredTensor> stored, int steps) {
        StoredTensor tensor = stored.get(BETAS);
        if (tensor == null || !tensor.type().floating() || !Arrays.equals(tensor.shape(), new int[] {steps + 1})) {
            throw new InputException(file + ": a custom noise schedule must be given by a tensor " + BETAS + " of "
                + (steps + 1L) + " floating-point numbers, found " + (tensor == null ? "none"
                : tensor.type() + " of shape " + tensor.shapeText()) + "; take the whole state_dict of the model");
        }
        float[] betas = tensor.read().values();
        for (int t = 0; t <= steps; t++) {
            if (!(betas[t] >= 0 && betas[t] <= 1)) {
                throw new InputException(file + ": tensor " + BETAS + " must hold probabilities, found " + betas[t]
                    + " at index " + t + "; take another checkpoint");
            }
        }
        return betas;
    }

    /** The layers in full precision, weights as (in, out). */
    static PackedModel pack(Architecture architecture, Diffusion diffusion, Map<String, Tensor> tensors) {
        List<PackedLinear> linears = new ArrayList<>();
        NetworkSpec spec = new NetworkSpec(architecture);
        for (String name : spec.layerNames()) {
            Tensor weight = tensors.get(PREFIX + name + WEIGHT);
            float[] bias = tensors.get(PREFIX + name + BIAS).values();
            int classes = name.equals("mlp_out_X.2") ? architecture.nodeTypes() : name.equals("mlp_out_E.2")
                ? architecture.edgeTypes() : bias.length;
            linears.add(PackedLinear.full(name, weight.shape()[1], classes, widened(weight, classes), widened(bias, classes)));
        }
        List<LayerNorm> norms = new ArrayList<>();
        for (String name : spec.normNames()) {
            norms.add(new LayerNorm(name, tensors.get(PREFIX + name + WEIGHT).values(),
                tensors.get(PREFIX + name + BIAS).values()));
        }
        return new PackedModel(architecture, diffusion, linears, norms);
    }

    /** (in, classes) a weight, with zeros for a class that only noise has. */
    private static float[] widened(Tensor weight, int classes) {
        int out = weight.shape()[0];
        int in = weight.shape()[1];
        float[] transposed = weight.transposed();
        if (classes == out) {
            return transposed;
        }
        float[] widened = new float[in * classes];
        for (int row = 0; row < in; row++) {
            System.arraycopy(transposed, row * out, widened, row * classes, out);
        }
        return widened;
    }

    private static float[] widened(float[] bias, int classes) {
        float[] widened = Arrays.copyOf(bias, classes);
        Arrays.fill(widened, bias.length, classes, NEVER);
        return widened;
    }

    private void expectAll() {
        NetworkSpec spec = new NetworkSpec(architecture);
        int dx = spec.width(Width.X, this::positiveWidth);
        int dy = spec.width(Width.Y, this::positiveWidth);
        if (dx % architecture.heads() != 0) {
            throw new InputException(file + ": the width " + dx + " of the nodes is no multiple of " + architecture.heads()
                + " heads; the number of heads belongs to another model");
        }
        // The first that is missing is named.
        spec.layerNames().forEach(name -> present(PREFIX + name + WEIGHT));
        Map<String, int[]> shapes = spec.shapes(this::positiveWidth);
        // The norms of a block come after its layers, as files have had them from the first.
        int block = -1;
        for (NetworkSpec.Layer layer : spec.layers()) {
            if (layer.block() != block) {
                expectNorms(spec, block);
                block = layer.block();
            }
            int[] shape = shapes.get(layer.name());
            // No network predicts a class that only noise has.
            int classes = shape[1];
            boolean predicts = layer.out() == Width.NODE_CLASSES || layer.out() == Width.EDGE_CLASSES;
            expectLinear(layer.name(), shape[0], predicts && architecture.absorbing() && classes > 1 ? classes - 1 : classes);
        }
        int inner = positiveWidth(UNUSED_LINEARS.get(0));
        expectLinear(UNUSED_LINEARS.get(0), dy, inner);
        expectLinear(UNUSED_LINEARS.get(1), inner, width(UNUSED_LINEARS.get(1)));
        if (architecture.walks() == 0) {
            expected.put(BETAS, new int[] {architecture.diffusionSteps() + 1});
        }
    }

    private void expectNorms(NetworkSpec spec, int block) {
        spec.norms().stream().filter(norm -> norm.block() == block).forEach(norm -> {
            int width = spec.width(norm.width(), this::positiveWidth);
            expected.put(PREFIX + norm.name() + WEIGHT, new int[] {width});
            expected.put(PREFIX + norm.name() + BIAS, new int[] {width});
        });
    }

    private void expectLinear(String name, int in, int out) {
        present(PREFIX + name + WEIGHT);
        expected.put(PREFIX + name + WEIGHT, new int[] {out, in});
        expected.put(PREFIX + name + BIAS, new int[] {out});
    }

    /** Output width of a linear layer, as its tensor says. */
    private int width(String linear) {
        StoredTensor weight = present(PREFIX + linear + WEIGHT);
        if (weight.shape().length != 2) {
            throw new InputException(file + ": tensor " + weight.name() + " must be a matrix, found shape "
                + weight.shapeText() + "; the file is no DiGress graph transformer");
        }
        return weight.shape()[0];
    }

    private int positiveWidth(String linear) {
        int width = width(linear);
        if (width == 0) {
            throw new InputException(file + ": tensor " + PREFIX + linear + WEIGHT
                + " has no elements, which only the last layer of mlp_out_y may; take another checkpoint");
        }
        return width;
    }

    private StoredTensor present(String name) {
        StoredTensor tensor = stored.get(name);
        if (tensor == null) {
            throw new InputException(file + ": tensor " + excerpt(name) + " is missing among " + stored.size()
                + "; a DiGress graph transformer with layers = " + architecture.layers()
                + " needs it, take the whole state_dict of the model");
        }
        return tensor;
    }

    private void requireNoExtra() {
        expected.keySet().forEach(this::present);
        for (StoredTensor tensor : stored.values()) {
            if (!expected.containsKey(tensor.name()) && METRICS.stream().noneMatch(tensor.name()::startsWith)) {
                throw new InputException(file + ": tensor " + excerpt(tensor.name()) + " of shape " + tensor.shapeText()
                    + " has no place in a DiGress graph transformer with layers = " + architecture.layers()
                    + "; remove it, or correct the number of layers");
            }
        }
    }

    /**
     * Reads tensors of the names and shapes that are expected.
     *
     * @throws InputException naming the first that is of another shape or not finite
     */
    static Map<String, Tensor> readAll(String file, Map<String, StoredTensor> stored, Map<String, int[]> expected) {
        for (Map.Entry<String, int[]> entry : expected.entrySet()) {
            StoredTensor tensor = stored.get(entry.getKey());
            if (!Arrays.equals(tensor.shape(), entry.getValue())) {
                throw new InputException(file + ": tensor " + excerpt(tensor.name()) + " must have shape "
                    + Arrays.toString(entry.getValue()) + ", found " + tensor.shapeText()
                    + "; the architecture or the vocabulary belongs to another model");
            }
            if (!tensor.type().floating()) {
                throw new InputException(file + ": tensor " + tensor.name() + " must hold floating-point numbers, found "
                    + tensor.type() + "; save the model in F32, F16, BF16 or F64");
            }
        }
        Map<String, Tensor> read = new LinkedHashMap<>();
        for (String name : expected.keySet()) {
            Tensor tensor = stored.get(name).read();
            requireFinite(file, tensor);
            read.put(name, tensor);
        }
        return read;
    }

    private static void requireFinite(String file, Tensor tensor) {
        for (int i = 0; i < tensor.values().length; i++) {
            if (!Float.isFinite(tensor.values()[i])) {
                throw new InputException(file + ": tensor " + tensor.name() + " holds " + tensor.values()[i] + " at index "
                    + i + "; the training has diverged or the file is damaged, take another checkpoint");
            }
        }
    }

    /** Checks a stored schedule against the cosine one, or what else it should be. */
    static void requireBetas(String file, Tensor betas, float[] expected) {
        for (int t = 0; t < betas.values().length; t++) {
            double found = betas.values()[t];
            double cosine = expected[t];
            if (!(Math.abs(found - cosine) <= BETA_ABSOLUTE_TOLERANCE + BETA_TOLERANCE * cosine)) {
                throw new InputException(file + ": tensor " + BETAS + " holds " + found + " at index " + t
                    + " where the cosine schedule of " + (expected.length - 1) + " steps has " + cosine
                    + "; a model that was trained with another one must say so, with the schedule custom");
            }
        }
    }
}
