package org.bitdgdm.quantize;

/**
 * What quantizing one layer alone does to the model: columns of {@code quantization.csv}, in nats.
 *
 * @param node          divergence per node and step
 * @param edge          divergence per edge i &lt; j and step; NaN without edges
 * @param graph         divergence summed over a graph, per graph and step
 * @param standardError of {@code graph}; NaN for a single graph
 */
public record LayerAlone(double node, double edge, double graph, double standardError) {
}
