package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.Sampler;

/**
 * What the full-precision model did with graphs of one size, step by step: every state and every prediction. Any number of
 * quantized models are compared with it.
 *
 * @param n          nodes of each graph
 * @param ids        (B) ids
 * @param seed       key of the random draws
 * @param taken      (steps) from noise to data
 * @param nodes      (steps+1)(B, n) node classes at the start of each step, and at the end
 * @param edges      (steps+1)(B, n, n) the same for edges
 * @param nodeLogits (steps)(B, n, a) logits of p(x₀ | z_t) where each step begins
 * @param edgeLogits (steps)(B, n, n, b) the same for edges
 */
record Trajectory(int n, long[] ids, long seed, List<Sampler.Step> taken, byte[][] nodes, byte[][] edges, float[][] nodeLogits,
                  float[][] edgeLogits) implements Serializable {

    /** Samples graphs with the full-precision model and keeps what it saw. */
    static Trajectory of(Denoiser full, Diffusion diffusion, int n, long[] ids, long seed,
                         List<Sampler.Step> taken) {
        int steps = taken.size();
        int nodeTypes = diffusion.limits().nodes().length;
        int edgeTypes = diffusion.limits().edges().length;
        Trajectory walk = new Trajectory(n, ids, seed, taken, new byte[steps + 1][], new byte[steps + 1][],
            new float[steps][], new float[steps][]);
        GraphBatch batch = InitialNoise.draw(diffusion, n, ids, seed, full.firstCounter(taken));
        for (int i = 0; i <= steps; i++) {
            walk.nodes[i] = batch.nodes().clone();
            walk.edges[i] = batch.edges().clone();
            if (i < steps) {
                walk.nodeLogits[i] = new float[batch.nodes().length * nodeTypes];
                walk.edgeLogits[i] = new float[batch.edges().length * edgeTypes];
                full.logits(batch, taken.get(i), walk.nodeLogits[i], walk.edgeLogits[i]);
                full.advance(batch, seed, List.of(taken.get(i)));
            }
        }
        return walk;
    }

    /**
     * Compares a quantized model with it.
     *
     * @param rangeOf (steps) number of the range of steps that each step belongs to, ascending from 0
     * @return one entry per graph, in the order of {@link #ids}
     */
    List<FidelityReport.OfGraph> compare(Denoiser quantized, int[] rangeOf) {
        int ranges = rangeOf[rangeOf.length - 1] + 1;
        double[][] nodeDivergence = new double[ids.length][ranges];
        double[][] edgeDivergence = new double[ids.length][ranges];
        long[] changed = new long[ids.length];
        for (int i = 0; i < taken.size(); i++) {
            GraphBatch state = state(i);
            float[] nodeQ = new float[nodeLogits[i].length];
            float[] edgeQ = new float[edgeLogits[i].length];
            quantized.logits(state, taken.get(i), nodeQ, edgeQ);
            quantized.advance(state, seed, List.of(taken.get(i)));
            for (int g = 0; g < ids.length; g++) {
                nodeDivergence[g][rangeOf[i]] += nodeDivergence(i, g, nodeQ);
                edgeDivergence[g][rangeOf[i]] += edgeDivergence(i, g, edgeQ);
                changed[g] += changed(state, i + 1, g);
            }
        }
        GraphBatch whole = state(0);
        quantized.advance(whole, seed, taken);
        return IntStream.range(0, ids.length).mapToObj(g -> new FidelityReport.OfGraph(ids[g], n, nodeDivergence[g],
            edgeDivergence[g], changed[g], changed(whole, taken.size(), g) == 0)).toList();
    }

    /**
     * Asks another model for its predictions at every state, and draws nothing.
     *
     * @return one entry per graph, in the order of {@link #ids}
     */
    List<Divergence.OfGraph> divergence(Denoiser other) {
        double[] nodeSums = new double[ids.length];
        double[] edgeSums = new double[ids.length];
        for (int i = 0; i < taken.size(); i++) {
            float[] nodeQ = new float[nodeLogits[i].length];
            float[] edgeQ = new float[edgeLogits[i].length];
            other.logits(state(i), taken.get(i), nodeQ, edgeQ);
            for (int g = 0; g < ids.length; g++) {
                nodeSums[g] += nodeDivergence(i, g, nodeQ);
                edgeSums[g] += edgeDivergence(i, g, edgeQ);
            }
        }
        return IntStream.range(0, ids.length)
            .mapToObj(g -> new Divergence.OfGraph(ids[g], n, nodeSums[g], edgeSums[g])).toList();
    }

    /** A batch that may be advanced without changing this. */
    private GraphBatch state(int step) {
        return new GraphBatch(n, ids, nodes[step].clone(), edges[step].clone());
    }

    private double nodeDivergence(int step, int graph, float[] other) {
        int classes = nodeLogits[step].length / nodes[step].length;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += divergence(nodeLogits[step], other, (graph * n + i) * classes, classes, step);
        }
        return sum;
    }

    private double edgeDivergence(int step, int graph, float[] other) {
        if (n == 1) {
            return 0;
        }
        int classes = edgeLogits[step].length / edges[step].length;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                sum += divergence(edgeLogits[step], other, ((graph * n + i) * n + j) * classes, classes, step);
            }
        }
        return sum;
    }

    /** KL(softmax(p) ‖ softmax(q)) in nats, of the classes from an index on. */
    private double divergence(float[] p, float[] q, int from, int classes, int step) {
        double pNorm = logNorm(p, from, classes);
        double qNorm = logNorm(q, from, classes);
        double sum = 0;
        for (int k = from; k < from + classes; k++) {
            double logP = p[k] - pNorm;
            sum += Math.exp(logP) * (logP - (q[k] - qNorm));
        }
        if (!Double.isFinite(sum)) {
            throw new KernelException("logits at time " + taken.get(step).at() + " must be finite, found "
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

    /** Nodes and edges i &lt; j of a graph that differ from those of the trajectory. */
    private long changed(GraphBatch other, int step, int graph) {
        long changed = 0;
        for (int i = 0; i < n; i++) {
            changed += nodes[step][graph * n + i] == other.nodes()[graph * n + i] ? 0 : 1;
            for (int j = i + 1; j < n; j++) {
                int at = (graph * n + i) * n + j;
                changed += edges[step][at] == other.edges()[at] ? 0 : 1;
            }
        }
        return changed;
    }
}
