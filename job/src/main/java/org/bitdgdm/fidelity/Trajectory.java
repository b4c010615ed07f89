package org.bitdgdm.fidelity;

import java.util.List;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.Sampler;

/**
 * What the full-precision model did with graphs of one size.
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
                  float[][] edgeLogits) implements Walk<Denoiser> {

    /** Edges i &lt; j of each graph. */
    private long pairs() {
        return (long) n * (n - 1) / 2;
    }

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

    @Override
    public List<FidelityReport.OfGraph> compare(Denoiser quantized, int[] rangeOf) {
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
        return IntStream.range(0, ids.length).mapToObj(g -> new FidelityReport.OfGraph(ids[g], n, pairs(),
            nodeDivergence[g], edgeDivergence[g], changed[g], changed(whole, taken.size(), g) == 0)).toList();
    }

    @Override
    public List<Divergence.OfGraph> divergence(Denoiser other) {
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
            .mapToObj(g -> new Divergence.OfGraph(ids[g], n, pairs(), nodeSums[g], edgeSums[g])).toList();
    }

    /** A batch that may be advanced without changing this. */
    private GraphBatch state(int step) {
        return new GraphBatch(n, ids, nodes[step].clone(), edges[step].clone());
    }

    private double nodeDivergence(int step, int graph, float[] other) {
        int classes = nodeLogits[step].length / nodes[step].length;
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Divergence.between(nodeLogits[step], other, (graph * n + i) * classes, classes, taken.get(step).at());
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
                sum += Divergence.between(edgeLogits[step], other, ((graph * n + i) * n + j) * classes, classes,
                    taken.get(step).at());
            }
        }
        return sum;
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
