package org.bitdgdm.fidelity;

/**
 * Mean KL(p_full(x₀ | z_t) ‖ p_quantized(x₀ | z_t)) in nats along trajectories of the full-precision model, over a range of
 * steps.
 *
 * @param from  first (largest) time of the range
 * @param to    last (smallest) time of the range at which the models were asked
 * @param node  per node and step
 * @param edge  per edge i &lt; j and step
 * @param graph summed over the nodes and edges i &lt; j of a graph, per graph and step
 */
public record Divergence(int from, int to, Estimate node, Estimate edge, Estimate graph) {
}
