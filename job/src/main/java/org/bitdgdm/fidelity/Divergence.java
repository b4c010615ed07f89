package org.bitdgdm.fidelity;

import java.io.Serializable;

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

    /**
     * How far the predictions of a model are from those of a trajectory, on one graph.
     *
     * @param id   of the graph
     * @param n    its nodes
     * @param node Σ KL over the nodes and all steps, nats
     * @param edge the same over edges i &lt; j
     */
    record OfGraph(long id, int n, double node, double edge) implements Serializable {
    }
}
