package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.Arrays;
import org.bitdgdm.kernels.KernelException;

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
     * The divergence per part of what is sampled.
     *
     * @param part {@code node} or {@code residue}, {@code edge}, {@code graph} or {@code chain}
     */
    public Estimate per(String part) {
        return switch (part) {
            case "node", "residue" -> node;
            case "edge" -> edge;
            case "graph", "chain" -> graph;
            default -> throw new IllegalArgumentException(part + " is no part that a divergence is of");
        };
    }

    /**
     * How far the predictions of a model are from those of a trajectory, on one graph.
     *
     * @param id    of the graph
     * @param n     its nodes
     * @param edges its edges i &lt; j, of any class, where these diffuse
     * @param node  Σ KL over the nodes and all steps, nats
     * @param edge  the same over edges i &lt; j
     */
    record OfGraph(long id, int n, long edges, double node, double edge) implements Serializable {
    }

    /**
     * KL(softmax(p) ‖ softmax(q)) in nats, of the classes from an index on.
     *
     * @param p    logits of the full-precision model
     * @param q    of the quantized one
     * @param time of both, for messages
     * @throws KernelException if it is not finite
     */
    public static double between(float[] p, float[] q, int from, int classes, int time) {
        double pNorm = logNorm(p, from, classes);
        double qNorm = logNorm(q, from, classes);
        double sum = 0;
        for (int k = from; k < from + classes; k++) {
            double logP = p[k] - pNorm;
            sum += Math.exp(logP) * (logP - (q[k] - qNorm));
        }
        if (!Double.isFinite(sum)) {
            throw new KernelException("logits at time " + time + " must be finite, found "
                + Arrays.toString(Arrays.copyOfRange(q, from, from + classes)) + " from the quantized model where the"
                + " full-precision one has " + Arrays.toString(Arrays.copyOfRange(p, from, from + classes)));
        }
        // Rounding may leave a tiny negative number where both are equal.
        return Math.max(0, sum);
    }

    /** log Σ exp. */
    private static double logNorm(float[] logits, int from, int classes) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = from; k < from + classes; k++) {
            largest = Math.max(largest, logits[k]);
        }
        double sum = 0;
        for (int k = from; k < from + classes; k++) {
            sum += Math.exp(logits[k] - largest);
        }
        return largest + Math.log(sum);
    }
}
