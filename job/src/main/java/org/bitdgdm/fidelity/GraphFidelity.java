package org.bitdgdm.fidelity;

import java.io.Serializable;

/**
 * The comparison of two models on one graph.
 *
 * @param id             of the graph
 * @param n              its nodes
 * @param nodeDivergence (ranges) Σ KL over the nodes and the steps of each range, nats
 * @param edgeDivergence (ranges) the same over edges i &lt; j
 * @param changed        entries, nodes and edges i &lt; j of all steps, that the quantized model draws differently from the
 *                       same state with the same random numbers
 * @param identical      whether the quantized model, left to itself from z_T on, ends at the same graph
 */
record GraphFidelity(long id, int n, double[] nodeDivergence, double[] edgeDivergence, long changed, boolean identical)
    implements Serializable {

    /** Edges i &lt; j. */
    long edges() {
        return (long) n * (n - 1) / 2;
    }
}
