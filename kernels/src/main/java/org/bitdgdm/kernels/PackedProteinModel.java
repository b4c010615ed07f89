package org.bitdgdm.kernels;

import java.util.List;

/**
 * A whole model of sequences for given backbones as a backend takes it: architecture, transitions of residues and the layers
 * of the message passing. The thing that is broadcast.
 */
public final class PackedProteinModel extends PackedNetwork {
    private final ProteinArchitecture architecture;
    private final ResidueDiffusion diffusion;

    /**
     * @param linears exactly those of the {@link NetworkSpec}, in that order
     * @param norms   exactly those of the {@link NetworkSpec}, in that order
     * @throws IllegalArgumentException if a layer is missing, extra, out of order, or of a contradictory shape
     */
    public PackedProteinModel(ProteinArchitecture architecture, ResidueDiffusion diffusion, List<PackedLinear> linears,
                              List<LayerNorm> norms) {
        this(List.of(linears), architecture, diffusion, norms);
    }

    private PackedProteinModel(List<List<PackedLinear>> linearsOfRange, ProteinArchitecture architecture,
                               ResidueDiffusion diffusion, List<LayerNorm> norms) {
        super(new NetworkSpec(architecture), architecture.diffusionSteps(), linearsOfRange, norms);
        this.architecture = architecture;
        this.diffusion = diffusion;
        if (diffusion.steps() != architecture.diffusionSteps()) {
            throw new IllegalArgumentException("transitions of " + diffusion.steps() + " steps do not fit a network of "
                + architecture.diffusionSteps());
        }
    }

    public ProteinArchitecture architecture() {
        return architecture;
    }

    public ResidueDiffusion diffusion() {
        return diffusion;
    }

    @Override
    public PackedProteinModel withRanges(List<List<PackedLinear>> ranges) {
        return new PackedProteinModel(ranges, architecture, diffusion, norms());
    }
}
