package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.CounterRandom;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.Posterior;

/**
 * DiGress's upper bound of −log p(G), in nats, term by term as its published code has it
 * ({@code src/diffusion_model_discrete.py}, {@code compute_val_loss}):
 * <ol>
 * <li>size: −log p(n), p + 1e-30 in the logarithm;</li>
 * <li>prior: Σ over entries of KL(m ‖ q(z_T | x)), in this direction, q with 1e-7 added to every class and normalised;</li>
 * <li>diffusion: T times the mean over drawn t of Σ KL(q(z_(t−1) | z_t, x) ‖ p(z_(t−1) | z_t)), where p is the posterior
 *     formula with the predicted distribution in the place of the one-hot x, with 1e-7 added to every class and normalised
 *     (the sampler's p, a sum of posteriors, is another one). With all t it is their plain sum;</li>
 * <li>reconstruction: −Σ log p(x | z_0), with z_0 drawn from q(z_0 | x), noised by β_0, and the network asked at t = 0.</li>
 * </ol>
 * The published code sums over ordered pairs i ≠ j, so that every edge counts twice in terms 2 to 4; the version over
 * i &lt; j, in which every edge counts once, is given beside it and is the bound proper. Differences from the published
 * code: sums in double, and noise and times from counters, so that every model is asked with the same
 * ones.
 *
 * <p>Not thread-safe.
 */
final class VariationalBound {
    /** Added to probabilities in a logarithm, as in the published code. */
    private static final double FLOOR = 1e-7;
    /** The same for sizes. */
    private static final double SIZE_FLOOR = 1e-30;
    /** Where the times of a graph are drawn: above all times, below that of the sizes. */
    private static final int TIME_OF_TIMES = -2;

    private final Diffusion diffusion;
    private final Denoiser denoiser;
    private final long seed;
    private final int draws;
    private final double[] nodeLimit;
    private final double[] edgeLimit;

    /**
     * Of one model.
     *
     * @param seed  key of noise and times
     * @param draws times of each graph, one in each of so many equal parts of 1…T; 0: all T
     */
    VariationalBound(Diffusion diffusion, Denoiser denoiser, long seed, int draws) {
        this.diffusion = diffusion;
        this.denoiser = denoiser;
        this.seed = seed;
        this.draws = draws == 0 ? diffusion.steps() : draws;
        this.nodeLimit = normalised(diffusion.limits().nodes());
        this.edgeLimit = normalised(diffusion.limits().edges());
    }

    /** What the entries of one graph add to a term: nodes, and edges i &lt; j. */
    private record Sums(double node, double edge) {
    }

    /**
     * The terms of graphs of one size, without noise.
     *
     * @return one for each graph, in their order
     */
    OfGraph[] of(GraphBatch clean) {
        int graphs = clean.size();
        double[] node = new double[graphs];
        double[] edge = new double[graphs];
        for (int draw = 0; draw < draws; draw++) {
            diffusion(clean, draw, node, edge);
        }
        Sums[] reconstruction = reconstruction(clean);
        OfGraph[] bounds = new OfGraph[graphs];
        double scale = (double) diffusion.steps() / draws;
        for (int g = 0; g < graphs; g++) {
            Sums prior = prior(clean, g);
            bounds[g] = new OfGraph(clean.ids()[g], size(clean.nodeCount()), prior.node(), prior.edge(), scale * node[g],
                scale * edge[g], reconstruction[g].node(), reconstruction[g].edge());
        }
        return bounds;
    }

    private double size(int n) {
        double sum = 0;
        for (float weight : diffusion.sizes().weights()) {
            sum += weight;
        }
        return -Math.log(diffusion.sizes().weights()[n] / sum + SIZE_FLOOR);
    }

    private Sums prior(GraphBatch clean, int g) {
        double kept = diffusion.schedule().alphasBar()[diffusion.steps()];
        return sums("prior", clean, g, (x, c, from) -> divergence(nodeLimit, noised(nodeLimit, x, kept)),
            (x, c, from) -> divergence(edgeLimit, noised(edgeLimit, x, kept)), clean);
    }

    /** Adds a draw of the diffusion term; graphs with the same time are asked together. */
    private void diffusion(GraphBatch clean, int draw, double[] node, double[] edge) {
        int steps = diffusion.steps();
        int[] times = new int[clean.size()];
        for (int g = 0; g < times.length; g++) {
            double u = draws == steps ? 0 : CounterRandom.uniform(seed, clean.ids()[g], TIME_OF_TIMES, draw);
            times[g] = 1 + (int) Math.min(steps - 1, Math.floor((draw + u) * steps / draws));
        }
        for (int t : Arrays.stream(times).distinct().toArray()) {
            int[] chosen = IntStream.range(0, times.length).filter(g -> times[g] == t).toArray();
            GraphBatch part = select(clean, chosen);
            GraphBatch noisy = noise(part, t);
            float[] nodeLogits = new float[part.nodes().length * nodeLimit.length];
            float[] edgeLogits = new float[part.edges().length * edgeLimit.length];
            denoiser.logits(noisy, t, nodeLogits, edgeLogits);
            Posterior nodes = Posterior.ofNodes(diffusion, t, t - 1);
            Posterior edges = Posterior.ofEdges(diffusion, t, t - 1);
            for (int k = 0; k < chosen.length; k++) {
                Sums sums = sums("term of time " + t, part, k,
                    (x, c, from) -> step(nodes, nodeLimit.length, x, c, nodeLogits, from),
                    (x, c, from) -> step(edges, edgeLimit.length, x, c, edgeLogits, from), noisy);
                node[chosen[k]] += sums.node();
                edge[chosen[k]] += sums.edge();
            }
        }
    }

    private Sums[] reconstruction(GraphBatch clean) {
        GraphBatch noisy = noise(clean, 0);
        float[] nodeLogits = new float[clean.nodes().length * nodeLimit.length];
        float[] edgeLogits = new float[clean.edges().length * edgeLimit.length];
        denoiser.logits(noisy, 0, nodeLogits, edgeLogits);
        Sums[] all = new Sums[clean.size()];
        for (int g = 0; g < all.length; g++) {
            all[g] = sums("reconstruction at time 0", clean, g,
                (x, c, from) -> -Math.log(softmax(nodeLogits, from, nodeLimit.length)[x]),
                (x, c, from) -> -Math.log(softmax(edgeLogits, from, edgeLimit.length)[x]), noisy);
        }
        return all;
    }

    /** A term of one entry: its class x, its noisy class c, and where its logits begin. */
    private interface Term {
        double of(int x, int c, int from);
    }

    private Sums sums(String what, GraphBatch clean, int g, Term node, Term edge, GraphBatch noisy) {
        int n = clean.nodeCount();
        double nodes = 0;
        double edges = 0;
        for (int i = 0; i < n; i++) {
            int at = g * n + i;
            nodes += node.of(clean.nodes()[at], noisy.nodes()[at], at * nodeLimit.length);
            for (int j = i + 1; j < n; j++) {
                int pair = at * n + j;
                edges += edge.of(clean.edges()[pair], noisy.edges()[pair], pair * edgeLimit.length);
            }
        }
        if (!Double.isFinite(nodes + edges)) {
            throw new KernelException("the likelihood of graph " + clean.ids()[g] + " must be finite, found " + nodes
                + " of its nodes and " + edges + " of its edges in its " + what);
        }
        return new Sums(nodes, edges);
    }

    /** KL of one entry at time t: the posterior with x known, and with x as predicted. */
    private static double step(Posterior posterior, int classes, int x, int c, float[] logits, int from) {
        double[] exact = new double[classes];
        exact[x] = 1;
        return divergence(posterior.ofDistribution(exact, c),
            posterior.ofDistribution(softmax(logits, from, classes), c));
    }

    /** Σ p (log p − log q), q with the floor added and normalised. */
    private static double divergence(double[] p, double[] q) {
        double total = 0;
        for (double value : q) {
            total += value + FLOOR;
        }
        double sum = 0;
        for (int k = 0; k < p.length; k++) {
            sum += p[k] > 0 ? p[k] * (Math.log(p[k]) - Math.log((q[k] + FLOOR) / total)) : 0;
        }
        return sum;
    }

    /** q(z | x) with a share of the signal kept. */
    private static double[] noised(double[] limit, int x, double kept) {
        double[] found = new double[limit.length];
        for (int k = 0; k < found.length; k++) {
            found[k] = (1 - kept) * limit[k] + (k == x ? kept : 0);
        }
        return found;
    }

    private static double[] softmax(float[] logits, int from, int classes) {
        double[] found = new double[classes];
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            largest = Math.max(largest, logits[from + k]);
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            found[k] = Math.exp(logits[from + k] - largest);
            sum += found[k];
        }
        for (int k = 0; k < classes; k++) {
            found[k] /= sum;
        }
        return found;
    }

    /** z_t of every graph: at 0 by β_0, as the published code draws it, else by ᾱ_t. */
    private GraphBatch noise(GraphBatch clean, int t) {
        double kept = t == 0 ? 1 - (double) diffusion.schedule().betas()[0] : diffusion.schedule().alphasBar()[t];
        int n = clean.nodeCount();
        GraphBatch noisy = new GraphBatch(n, clean.ids(), clean.nodes().clone(), clean.edges().clone());
        for (int g = 0; g < clean.size(); g++) {
            long id = clean.ids()[g];
            for (int i = 0; i < n; i++) {
                int at = g * n + i;
                noisy.nodes()[at] = draw(nodeLimit, clean.nodes()[at], kept, CounterRandom.uniform(seed, id, t, i));
                for (int j = i + 1; j < n; j++) {
                    byte drawn = draw(edgeLimit, clean.edges()[at * n + j], kept,
                        CounterRandom.uniform(seed, id, t, CounterRandom.edgeSlot(n, i, j)));
                    noisy.edges()[at * n + j] = drawn;
                    noisy.edges()[(g * n + j) * n + i] = drawn;
                }
            }
        }
        return noisy;
    }

    private static byte draw(double[] limit, int x, double kept, float u) {
        double[] q = noised(limit, x, kept);
        float[] weights = new float[q.length];
        for (int k = 0; k < q.length; k++) {
            weights[k] = (float) q[k];
        }
        return (byte) CounterRandom.draw(u, weights, 0, weights.length);
    }

    private static GraphBatch select(GraphBatch all, int[] graphs) {
        int n = all.nodeCount();
        long[] ids = new long[graphs.length];
        byte[] nodes = new byte[graphs.length * n];
        byte[] edges = new byte[graphs.length * n * n];
        for (int k = 0; k < graphs.length; k++) {
            ids[k] = all.ids()[graphs[k]];
            System.arraycopy(all.nodes(), graphs[k] * n, nodes, k * n, n);
            System.arraycopy(all.edges(), graphs[k] * n * n, edges, k * n * n, n * n);
        }
        return new GraphBatch(n, ids, nodes, edges);
    }

    private static double[] normalised(float[] weights) {
        double sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        double[] found = new double[weights.length];
        for (int k = 0; k < found.length; k++) {
            found[k] = weights[k] / sum;
        }
        return found;
    }

    /**
     * The terms of {@link VariationalBound} for one graph, in nats; those of edges over i &lt; j.
     *
     * @param id   of the graph
     * @param size −log p(n)
     */
    record OfGraph(long id, double size, double priorNode, double priorEdge, double diffusionNode, double diffusionEdge,
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
}
