package org.bitdgdm.kernels;

import java.util.Objects;

/**
 * What is fixed about a DiGress graph transformer besides its tensors: counts, vocabulary sizes and the constants of
 * the extra features. Widths are not repeated here: they are the shapes of the layers.
 *
 * @param variant        network variant
 * @param layers         number of transformer layers
 * @param heads          attention heads; must divide the width of the node channel
 * @param nodeTypes      classes of a node, a
 * @param edgeTypes      classes of an edge with "no edge" as class 0, b
 * @param maxNodes       largest graph of the training set; divides n in the y features
 * @param diffusionSteps T
 * @param features       extra features of the network
 * @param molecular      whether the graphs are molecules: charge, valency and weight are then features too, unless there
 *                       are none
 * @param nodeWeights    (a) atomic weight of each node type; empty if not molecular
 * @param maxWeight      the constant that the molecule's weight is divided by; 1 if not molecular
 */
public record Architecture(
    Variant variant, int layers, int heads, int nodeTypes, int edgeTypes, int maxNodes, int diffusionSteps,
    FeatureSet features, boolean molecular, float[] nodeWeights, float maxWeight) {

    private static final int MAX_LAYERS = 1024;

    public Architecture {
        Objects.requireNonNull(variant, "variant");
        Objects.requireNonNull(features, "features");
        require(layers >= 1 && layers <= MAX_LAYERS, "layers must be in 1.." + MAX_LAYERS, layers);
        require(heads >= 1, "heads must be at least 1", heads);
        require(nodeTypes >= 1 && nodeTypes <= 127, "node types must be in 1..127", nodeTypes);
        require(edgeTypes >= 2 && edgeTypes <= 127, "edge types must be in 2..127", edgeTypes);
        require(maxNodes >= 1 && maxNodes <= 1 << 15, "largest graph must have 1..32768 nodes", maxNodes);
        require(diffusionSteps >= 1, "diffusion steps must be at least 1", diffusionSteps);
        require(nodeWeights.length == (molecular ? nodeTypes : 0),
            "molecular models need one weight per node type, others none", nodeWeights.length);
    }

    private static void require(boolean holds, String rule, int found) {
        if (!holds) {
            throw new IllegalArgumentException("architecture: " + rule + ", found " + found);
        }
    }

    /** Width of the node input: types, extra features, and charge ‖ valency. */
    public int nodeInputs() {
        return nodeTypes + features.nodeColumns() + (hasMolecularFeatures() ? 2 : 0);
    }

    /** Width of the edge input: types only. */
    public int edgeInputs() {
        return edgeTypes;
    }

    /** Width of the global input: extra features, weight, then t/T. */
    public int globalInputs() {
        return features.globalColumns() + (hasMolecularFeatures() ? 1 : 0) + 1;
    }

    /** Whether charge, valency and weight are features. */
    boolean hasMolecularFeatures() {
        return molecular && features != FeatureSet.NONE;
    }
}
