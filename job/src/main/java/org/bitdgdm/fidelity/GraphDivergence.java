package org.bitdgdm.fidelity;

import java.io.Serializable;

/**
 * How far the predictions of a model are from those of a trajectory, on one graph.
 *
 * @param id   of the graph
 * @param n    its nodes
 * @param node Σ KL over the nodes and all steps, nats
 * @param edge the same over edges i &lt; j
 */
record GraphDivergence(long id, int n, double node, double edge) implements Serializable {
}
