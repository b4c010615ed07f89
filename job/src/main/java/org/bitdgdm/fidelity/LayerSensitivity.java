package org.bitdgdm.fidelity;

/**
 * The divergence from full precision of a model in which one layer alone is quantized, in nats, see {@link Divergence}.
 *
 * @param layer name of the layer
 * @param node  per node and step
 * @param edge  per edge i &lt; j and step
 * @param graph summed over a graph, per graph and step
 */
public record LayerSensitivity(String layer, Estimate node, Estimate edge, Estimate graph) {
}
