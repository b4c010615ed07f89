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
 * @param walks          lengths of random walks, 0…k−1, whose probabilities are features of {@link FeatureSet#RRWP}; else 0
 * @param absorbing      whether the last class of nodes and of edges, where there is more than one, is one that only noise
 *                       has: the last layers give it a logit that no draw survives, and features of molecules take it for
 *                       class 0; only with {@link FeatureSet#RRWP}
 */
public record Architecture(
    Variant variant, int layers, int heads, int nodeTypes, int edgeTypes, int maxNodes, int diffusionSteps,
    FeatureSet features, boolean molecular, float[] nodeWeights, float maxWeight, int walks, boolean absorbing) {

    private static final int MAX_LAYERS = 1024;
    private static final int MAX_WALKS = 256;

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
        require(features == FeatureSet.RRWP ? walks >= 1 && walks <= MAX_WALKS : walks == 0,
            "walks must be in 1.." + MAX_WALKS + " for the extra features rrwp, else 0", walks);
        if (features == FeatureSet.RRWP && variant != Variant.MAIN) {
            throw new IllegalArgumentException("architecture: the network of the extra features rrwp is of variant main, found "
                + variant.label());
        }
        if (absorbing && features != FeatureSet.RRWP) {
            throw new IllegalArgumentException("architecture: a class that only noise has needs the extra features rrwp, found "
                + features.label());
        }
    }

    /** One of DiGress's. */
    public Architecture(Variant variant, int layers, int heads, int nodeTypes, int edgeTypes, int maxNodes,
                        int diffusionSteps, FeatureSet features, boolean molecular, float[] nodeWeights, float maxWeight) {
        this(variant, layers, heads, nodeTypes, edgeTypes, maxNodes, diffusionSteps, features, molecular, nodeWeights,
            maxWeight, 0, false);
    }

    private static void require(boolean holds, String rule, int found) {
        if (!holds) {
            throw new IllegalArgumentException("architecture: " + rule + ", found " + found);
        }
    }

    /** Width of the node input: types, extra features, walks back to the node, and charge ‖ valency. */
    public int nodeInputs() {
        return nodeTypes + features.nodeColumns() + walks + (hasMolecularFeatures() ? 2 : 0);
    }

    /** Width of the edge input: types, and walks from one end to the other. */
    public int edgeInputs() {
        return edgeTypes + walks;
    }

    /** Width of the global input: extra features, weight, then the time and what is made of it. */
    public int globalInputs() {
        return features.globalColumns() + (hasMolecularFeatures() ? 1 : 0) + 1 + features.timeColumns();
    }

    /** Whether charge, valency and weight are features. */
    boolean hasMolecularFeatures() {
        return molecular && features != FeatureSet.NONE;
    }
}
