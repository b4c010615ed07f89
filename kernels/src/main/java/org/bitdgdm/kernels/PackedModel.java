package org.bitdgdm.kernels;

import java.util.List;

/**
 * A whole model of graphs as a backend takes it: architecture, diffusion tables and the layers of the transformer. The thing
 * that is broadcast.
 */
public final class PackedModel extends PackedNetwork {
    private final Architecture architecture;
    private final Diffusion diffusion;

    /**
     * @param linears exactly those of the {@link NetworkSpec}, in that order
     * @param norms   exactly those of the {@link NetworkSpec}, in that order
     * @throws IllegalArgumentException if a layer is missing, extra, out of order, or of a contradictory shape
     */
    public PackedModel(Architecture architecture, Diffusion diffusion, List<PackedLinear> linears, List<LayerNorm> norms) {
        this(List.of(linears), architecture, diffusion, norms);
    }

    private PackedModel(List<List<PackedLinear>> linearsOfRange, Architecture architecture, Diffusion diffusion,
                        List<LayerNorm> norms) {
        super(new NetworkSpec(architecture), architecture.diffusionSteps(), linearsOfRange, norms);
        this.architecture = architecture;
        this.diffusion = diffusion;
        if (diffusion.steps() != architecture.diffusionSteps()
            || diffusion.limits().nodes().length != architecture.nodeTypes()
            || diffusion.limits().edges().length != architecture.edgeTypes()
            || diffusion.sizes().weights().length != architecture.maxNodes() + 1) {
            throw new IllegalArgumentException("diffusion tables do not fit the architecture");
        }
        int dx = width(NetworkSpec.Width.X);
        if (dx % architecture.heads() != 0) {
            throw new IllegalArgumentException("node width must be a multiple of the heads, found " + dx + " and "
                + architecture.heads());
        }
    }

    public Architecture architecture() {
        return architecture;
    }

    public Diffusion diffusion() {
        return diffusion;
    }

    @Override
    public PackedModel withRanges(List<List<PackedLinear>> ranges) {
        return new PackedModel(ranges, architecture, diffusion, norms());
    }

    /** The same model with other linear layers, for example quantized ones, in one range of steps. */
    public PackedModel withLinears(List<PackedLinear> replacement) {
        return new PackedModel(architecture, diffusion, replacement, norms());
    }
}
