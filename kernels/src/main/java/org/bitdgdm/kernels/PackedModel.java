package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A whole model as a backend takes it: architecture, diffusion tables, linear layers (full precision or quantized) and
 * layer norms. The thing that is broadcast.
 *
 * <p>Static scales may differ between ranges of diffusion steps, since activations move with t: there is then a list of
 * layers for each range, which share all their parts but the scales. A backend picks the range by the time it steps from.
 */
public final class PackedModel {
    /** Linear layers of one transformer layer, DiGress's names, in the order of the forward pass. */
    public static final List<String> BLOCK_LINEARS = List.of(
        "self_attn.q", "self_attn.k", "self_attn.v", "self_attn.e_add", "self_attn.e_mul",
        "self_attn.y_e_mul", "self_attn.y_e_add", "self_attn.y_x_mul", "self_attn.y_x_add",
        "self_attn.y_y", "self_attn.x_y.lin", "self_attn.e_y.lin", "self_attn.x_out", "self_attn.e_out",
        "self_attn.y_out.0", "self_attn.y_out.2",
        "linX1", "linX2", "linE1", "linE2", "lin_y1", "lin_y2");
    /** Layer norms of one transformer layer. */
    public static final List<String> BLOCK_NORMS = List.of("normX1", "normX2", "normE1", "normE2", "norm_y1", "norm_y2");
    /** Input layers, before the blocks. */
    public static final List<String> INPUT_LINEARS = List.of(
        "mlp_in_X.0", "mlp_in_X.2", "mlp_in_E.0", "mlp_in_E.2", "mlp_in_y.0", "mlp_in_y.2");
    /** Output layers, after the blocks; those of y are stored in checkpoints but never needed. */
    public static final List<String> OUTPUT_LINEARS = List.of("mlp_out_X.0", "mlp_out_X.2", "mlp_out_E.0", "mlp_out_E.2");

    private final Architecture architecture;
    private final Diffusion diffusion;
    /** For each range of steps, its linear layers; one range at least. */
    private final List<List<PackedLinear>> linearsOfRange;
    private final Map<String, PackedLinear> linearOf = new LinkedHashMap<>();
    private final Map<String, LayerNorm> normOf = new LinkedHashMap<>();

    /**
     * @param linears exactly the layers of {@link #linearNames}, in that order
     * @param norms   exactly the norms of {@link #normNames}, in that order
     * @throws IllegalArgumentException if a layer is missing, extra, out of order, or of a contradictory shape
     */
    public PackedModel(Architecture architecture, Diffusion diffusion, List<PackedLinear> linears, List<LayerNorm> norms) {
        this(List.of(linears), architecture, diffusion, norms);
    }

    private PackedModel(List<List<PackedLinear>> linearsOfRange, Architecture architecture, Diffusion diffusion,
                        List<LayerNorm> norms) {
        this.architecture = architecture;
        this.diffusion = diffusion;
        this.linearsOfRange = linearsOfRange.stream().map(List::copyOf).toList();
        List<PackedLinear> linears = linears();
        linears.forEach(linear -> linearOf.put(linear.name, linear));
        norms.forEach(norm -> normOf.put(norm.name(), norm));
        requireNames("linear layers", linearNames(architecture.layers()), List.copyOf(linearOf.keySet()));
        requireNames("layer norms", normNames(architecture.layers()), List.copyOf(normOf.keySet()));
        if (diffusion.steps() != architecture.diffusionSteps()
            || diffusion.nodeMarginal().length != architecture.nodeTypes()
            || diffusion.edgeMarginal().length != architecture.edgeTypes()
            || diffusion.sizes().length != architecture.maxNodes() + 1) {
            throw new IllegalArgumentException("diffusion tables do not fit the architecture");
        }
        requireShapes();
        requireRanges();
    }

    private void requireRanges() {
        List<PackedLinear> first = linears();
        if (stepRanges() > architecture.diffusionSteps()) {
            throw new IllegalArgumentException("ranges of steps must be at most the diffusion steps, "
                + architecture.diffusionSteps() + ", found " + stepRanges());
        }
        for (List<PackedLinear> later : linearsOfRange) {
            if (later.size() != first.size()) {
                throw new IllegalArgumentException("every range of steps must have " + first.size()
                    + " linear layers, found " + later.size());
            }
            for (int layer = 0; layer < later.size(); layer++) {
                if (!later.get(layer).sharesPartsWith(first.get(layer))) {
                    throw new IllegalArgumentException(first.get(layer).name
                        + ": ranges of steps must differ in static scales only");
                }
            }
        }
    }

    /** Names of all linear layers: input MLPs, blocks 0…layers−1, output MLPs. */
    public static List<String> linearNames(int layers) {
        List<String> names = new ArrayList<>(INPUT_LINEARS);
        for (int layer = 0; layer < layers; layer++) {
            for (String name : BLOCK_LINEARS) {
                names.add("tf_layers." + layer + "." + name);
            }
        }
        names.addAll(OUTPUT_LINEARS);
        return names;
    }

    /** Names of all layer norms. */
    public static List<String> normNames(int layers) {
        List<String> names = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            for (String name : BLOCK_NORMS) {
                names.add("tf_layers." + layer + "." + name);
            }
        }
        return names;
    }

    /** Whether a linear layer is one of a transformer block, the layers that are quantized by default. */
    public static boolean isBlockLinear(String name) {
        return name.startsWith("tf_layers.");
    }

    /**
     * Whether the input of a linear layer is known to be non-negative, being the output of a ReLU: linX2, linE2, lin_y2
     * and y_out.2.
     */
    public static boolean hasNonNegativeInput(String name) {
        return name.endsWith(".linX2") || name.endsWith(".linE2") || name.endsWith(".lin_y2") || name.endsWith(".y_out.2");
    }

    /**
     * The first linear layer, in the order of {@link #linearNames}, that reads the very same input: q for k and v, e_add
     * for e_mul, y_e_mul for the other layers on y; the layer itself where no earlier one does.
     */
    public static String firstWithInputOf(String name) {
        int dot = name.lastIndexOf('.') + 1;
        return name.substring(0, dot) + switch (name.substring(dot)) {
            case "k", "v" -> "q";
            case "e_mul" -> "e_add";
            case "y_e_add", "y_x_mul", "y_x_add", "y_y" -> "y_e_mul";
            default -> name.substring(dot);
        };
    }

    private static void requireNames(String what, List<String> expected, List<String> found) {
        if (!expected.equals(found)) {
            List<String> missing = new ArrayList<>(expected);
            missing.removeAll(found);
            List<String> extra = new ArrayList<>(found);
            extra.removeAll(expected);
            throw new IllegalArgumentException(what + " do not fit the architecture: missing " + missing + ", extra " + extra
                + (missing.isEmpty() && extra.isEmpty() ? ", order differs" : ""));
        }
    }

    /** Checks every width against the channel it reads and writes, so that backends need not. */
    private void requireShapes() {
        int dx = linear("mlp_in_X.2").out;
        int de = linear("mlp_in_E.2").out;
        int dy = linear("mlp_in_y.2").out;
        if (dx % architecture.heads() != 0) {
            throw new IllegalArgumentException("node width must be a multiple of the heads, found " + dx + " and "
                + architecture.heads());
        }
        chain("mlp_in_X", architecture.nodeInputs(), dx);
        chain("mlp_in_E", architecture.edgeInputs(), de);
        chain("mlp_in_y", architecture.globalInputs(), dy);
        chain("mlp_out_X", dx, architecture.nodeTypes());
        chain("mlp_out_E", de, architecture.edgeTypes());
        for (int layer = 0; layer < architecture.layers(); layer++) {
            String block = "tf_layers." + layer + ".";
            for (String name : List.of("q", "k", "v", "x_out")) {
                shape(block + "self_attn." + name, dx, dx);
            }
            shape(block + "self_attn.e_add", de, dx);
            shape(block + "self_attn.e_mul", de, dx);
            for (String name : List.of("y_e_mul", "y_e_add", "y_x_mul", "y_x_add")) {
                shape(block + "self_attn." + name, dy, dx);
            }
            shape(block + "self_attn.y_y", dy, dy);
            shape(block + "self_attn.x_y.lin", 4 * dx, dy);
            shape(block + "self_attn.e_y.lin", 4 * de, dy);
            shape(block + "self_attn.e_out", dx, de);
            chain(block + "self_attn.y_out", dy, dy);
            pair(block + "linX1", block + "linX2", dx, dx);
            pair(block + "linE1", block + "linE2", de, de);
            pair(block + "lin_y1", block + "lin_y2", dy, dy);
            int[] widths = {dx, dx, de, de, dy, dy};
            for (int i = 0; i < widths.length; i++) {
                String name = block + BLOCK_NORMS.get(i);
                if (norm(name).weight().length != widths[i]) {
                    throw new IllegalArgumentException(name + ": must be " + widths[i] + " wide, found "
                        + norm(name).weight().length);
                }
            }
        }
    }

    private void chain(String mlp, int in, int out) {
        pair(mlp + ".0", mlp + ".2", in, out);
    }

    private void pair(String first, String second, int in, int out) {
        shape(first, in, linear(first).out);
        shape(second, linear(first).out, out);
    }

    private void shape(String name, int in, int out) {
        PackedLinear linear = linear(name);
        if (linear.in != in || linear.out != out) {
            throw new IllegalArgumentException(name + ": must be " + in + " -> " + out + ", found " + linear.in + " -> "
                + linear.out);
        }
    }

    public Architecture architecture() {
        return architecture;
    }

    public Diffusion diffusion() {
        return diffusion;
    }

    /** All linear layers, in the order of {@link #linearNames}; those of the first range of steps. */
    public List<PackedLinear> linears() {
        return linearsOfRange.get(0);
    }

    /** The linear layers of a range of steps, counted from 0. */
    public List<PackedLinear> linears(int range) {
        return linearsOfRange.get(range);
    }

    /** Ranges of diffusion steps that have static scales of their own, K; 1 where all steps share them. */
    public int stepRanges() {
        return linearsOfRange.size();
    }

    /** The range that a step from time t belongs to, ⌊(t − 1) K / T⌋: the first holds the times next to 0, and 0. */
    public int rangeOf(int t) {
        return rangeOf(t, stepRanges(), architecture.diffusionSteps());
    }

    /** The range of a step from time t where T diffusion steps have K ranges. */
    public static int rangeOf(int t, int ranges, int diffusionSteps) {
        return (int) (Math.max(0, t - 1L) * ranges / diffusionSteps);
    }

    /** The parts that any of the layers is made of. */
    public Set<PackedForm> forms() {
        Set<PackedForm> forms = EnumSet.noneOf(PackedForm.class);
        linears().forEach(linear -> forms.addAll(linear.forms()));
        if (stepRanges() > 1) {
            forms.add(PackedForm.STEP_RANGES);
        }
        return forms;
    }

    /** All layer norms, in the order of {@link #normNames}. */
    public List<LayerNorm> norms() {
        return List.copyOf(normOf.values());
    }

    /** The linear layer of a name. */
    public PackedLinear linear(String name) {
        PackedLinear linear = linearOf.get(name);
        if (linear == null) {
            throw new IllegalArgumentException("no linear layer '" + name + "' in this model");
        }
        return linear;
    }

    /** The layer norm of a name. */
    public LayerNorm norm(String name) {
        LayerNorm norm = normOf.get(name);
        if (norm == null) {
            throw new IllegalArgumentException("no layer norm '" + name + "' in this model");
        }
        return norm;
    }

    /**
     * The same model with static scales for each range of steps.
     *
     * @param ranges for each range, layers that share all parts with those of the first and differ in scales only
     */
    public PackedModel withRanges(List<List<PackedLinear>> ranges) {
        return new PackedModel(ranges, architecture, diffusion, norms());
    }

    /** The same model with other linear layers, for example quantized ones, in one range of steps. */
    public PackedModel withLinears(List<PackedLinear> replacement) {
        return new PackedModel(architecture, diffusion, replacement, norms());
    }

    /** Bytes of all parameters as stored and broadcast: layers, scales, norms. */
    public long bytes() {
        long bytes = 0;
        for (PackedLinear linear : linears()) {
            bytes += linear.bytes();
        }
        for (LayerNorm norm : normOf.values()) {
            bytes += 8L * norm.weight().length;
        }
        return bytes;
    }
}
