package org.bitdgdm.kernels;

import java.util.Objects;

/**
 * What is fixed about a network of GraDe-IF besides its tensors. Widths are not repeated here: they are the shapes of the
 * layers.
 *
 * @param layers          number of layers of message passing
 * @param nodesNormalised whether each layer normalises the nodes that it reads, {@code norm_feat}
 * @param edgesUpdated    whether each layer updates the edges, {@code update_edge}
 * @param structureAt     where the embedding of secondary structure is added, {@code embed_ss}
 * @param diffusionSteps  T
 */
public record ProteinArchitecture(int layers, boolean nodesNormalised, boolean edgesUpdated, StructureAt structureAt,
                                  int diffusionSteps) {
    private static final int MAX_LAYERS = 1024;
    private static final int MAX_STEPS = 100_000;

    /** Where the embedding of secondary structure is added to the nodes. */
    public enum StructureAt {
        /** Before the last linear layer. */
        OUTPUT,
        /** Before the last layer of message passing. */
        LAST_LAYER,
        /** Nowhere. */
        NOWHERE
    }

    public ProteinArchitecture {
        Objects.requireNonNull(structureAt, "structureAt");
        if (layers < 1 || layers > MAX_LAYERS) {
            throw new IllegalArgumentException("layers must be in 1.." + MAX_LAYERS + ", found " + layers);
        }
        if (diffusionSteps < 1 || diffusionSteps > MAX_STEPS) {
            throw new IllegalArgumentException("diffusion steps must be in 1.." + MAX_STEPS + ", found " + diffusionSteps);
        }
    }
}
