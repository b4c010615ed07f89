package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The layers of a model as a backend takes them: linear layers, in full precision or quantized, and layer norms, named
 * after a {@link NetworkSpec}.
 *
 * <p>Static scales may differ between ranges of diffusion steps, since activations move with t: there is then a list of
 * layers for each range, which share all their parts but the scales. A backend picks the range by the time it steps from.
 */
public abstract sealed class PackedNetwork permits PackedModel, PackedProteinModel {
    private final NetworkSpec spec;
    private final int diffusionSteps;
    /** For each range of steps, its linear layers; one range at least. */
    private final List<List<PackedLinear>> linearsOfRange;
    /** The same by name. */
    private final List<Map<String, PackedLinear>> linearOf = new ArrayList<>();
    private final Map<String, LayerNorm> normOf = new LinkedHashMap<>();

    /**
     * @param linearsOfRange for each range of steps, exactly the layers of the spec, in that order
     * @param norms          exactly those of the spec, in that order
     * @throws IllegalArgumentException if a layer is missing, extra, out of order, or of a contradictory shape
     */
    PackedNetwork(NetworkSpec spec, int diffusionSteps, List<List<PackedLinear>> linearsOfRange, List<LayerNorm> norms) {
        this.spec = spec;
        this.diffusionSteps = diffusionSteps;
        this.linearsOfRange = linearsOfRange.stream().map(List::copyOf).toList();
        for (List<PackedLinear> linears : this.linearsOfRange) {
            Map<String, PackedLinear> named = new LinkedHashMap<>();
            linears.forEach(linear -> named.put(linear.name, linear));
            linearOf.add(named);
        }
        norms.forEach(norm -> normOf.put(norm.name(), norm));
        requireNames("linear layers", spec.layerNames(), List.copyOf(linearOf.get(0).keySet()));
        requireNames("layer norms", spec.normNames(), List.copyOf(normOf.keySet()));
        requireShapes();
        requireRanges();
    }

    private void requireRanges() {
        List<PackedLinear> first = linears();
        if (stepRanges() > diffusionSteps) {
            throw new IllegalArgumentException("ranges of steps must be at most the diffusion steps, "
                + diffusionSteps + ", found " + stepRanges());
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
        spec.shapes(name -> linear(name).out).forEach((name, shape) -> {
            PackedLinear linear = linear(name);
            if (linear.in != shape[0] || linear.out != shape[1]) {
                throw new IllegalArgumentException(name + ": must be " + shape[0] + " -> " + shape[1] + ", found " + linear.in
                    + " -> " + linear.out);
            }
        });
        for (NetworkSpec.Norm norm : spec.norms()) {
            int width = width(norm.width());
            if (norm(norm.name()).weight().length != width) {
                throw new IllegalArgumentException(norm.name() + ": must be " + width + " wide, found "
                    + norm(norm.name()).weight().length);
            }
        }
    }

    /** What the layers are. */
    public NetworkSpec spec() {
        return spec;
    }

    /** T. */
    public int diffusionSteps() {
        return diffusionSteps;
    }

    /** Width of a channel or of what is made of it, not {@link NetworkSpec.Width#OWN}. */
    public int width(NetworkSpec.Width width) {
        return spec.width(width, name -> linear(name).out);
    }

    /** All linear layers, in the order of the {@link NetworkSpec}; those of the first range of steps. */
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
        return rangeOf(t, stepRanges(), diffusionSteps);
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

    /** All layer norms, in the order of the {@link NetworkSpec}. */
    public List<LayerNorm> norms() {
        return List.copyOf(normOf.values());
    }

    /** The linear layer of a name; that of the first range of steps. */
    public PackedLinear linear(String name) {
        return linear(name, 0);
    }

    /** The linear layer of a name in a range of steps, counted from 0. */
    public PackedLinear linear(String name, int range) {
        PackedLinear linear = linearOf.get(range).get(name);
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
    public abstract PackedNetwork withRanges(List<List<PackedLinear>> ranges);

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
