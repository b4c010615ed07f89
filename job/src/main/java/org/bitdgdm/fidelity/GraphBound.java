package org.bitdgdm.fidelity;

import java.io.Serializable;

/**
 * The terms of {@link VariationalBound} for one graph, in nats; those of edges over i &lt; j.
 *
 * @param id   of the graph
 * @param size −log p(n)
 */
record GraphBound(long id, double size, double priorNode, double priorEdge, double diffusionNode, double diffusionEdge,
                  double reconstructionNode, double reconstructionEdge) implements Serializable {

    /** @param edges how often an edge counts: 2 as the published code sums, 1 over i &lt; j */
    double bound(int edges) {
        return size + prior(edges) + diffusion(edges) + reconstruction(edges);
    }

    double prior(int edges) {
        return priorNode + edges * priorEdge;
    }

    double diffusion(int edges) {
        return diffusionNode + edges * diffusionEdge;
    }

    double reconstruction(int edges) {
        return reconstructionNode + edges * reconstructionEdge;
    }
}
