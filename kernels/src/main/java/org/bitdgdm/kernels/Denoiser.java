package org.bitdgdm.kernels;

import java.util.List;

/**
 * The seam between the sampler and its backends: a packed model that advances batches of equal-size graphs in time.
 *
 * <p>The result for a graph depends on the run's seed, its id, the model and the list of times only; never on the other
 * graphs of the batch, on threads or on how a list of times is cut into calls. Instances may be used by several threads
 * at once unless the backend says otherwise.
 */
public interface Denoiser extends OpenedModel {
    /** Steps that {@link #sample} takes before it looks whether it was interrupted. */
    int STEPS_PER_CALL = 25;

    /** Noise schedule and limit distributions of the model. */
    Diffusion diffusion();

    /**
     * Samples graphs: draws their first classes as {@link InitialNoise} does, and takes them through all steps. The same
     * graphs as {@link InitialNoise#draw} and {@link #advance}; a device may draw them itself.
     *
     * @param n     nodes of each graph
     * @param ids   (B) ids; kept by the batch, not copied
     * @param seed  key of the random stream
     * @param steps from noise on, see {@link Sampler#steps}; without any the graphs are those at time T
     * @throws InterruptedException if the calling thread is interrupted, at the latest after {@link #STEPS_PER_CALL} steps
     */
    default GraphBatch sample(int n, long[] ids, long seed, List<Sampler.Step> steps) throws InterruptedException {
        GraphBatch batch = InitialNoise.draw(diffusion(), n, ids, seed, firstCounter(steps));
        for (int at = 0; at < steps.size(); at += STEPS_PER_CALL) {
            if (Thread.interrupted()) {
                throw new InterruptedException("sampling was stopped");
            }
            advance(batch, seed, steps.subList(at, Math.min(steps.size(), at + STEPS_PER_CALL)));
        }
        return batch;
    }

    /**
     * Samples graphs around a part that they have in common, which each holds as its first nodes.
     *
     * @param steps at least one
     * @throws InterruptedException as {@link #sample(int, long[], long, List)}
     */
    default GraphBatch sample(int n, long[] ids, long seed, List<Sampler.Step> steps, FixedPart fixed)
        throws InterruptedException {
        LimitDistribution limits = diffusion().limits();
        GraphBatch batch = InitialNoise.draw(diffusion(), n, ids, seed, firstCounter(steps));
        fixed.begin(batch, limits, seed, steps.get(0));
        for (int at = 0; at < steps.size(); at++) {
            if (at % STEPS_PER_CALL == 0 && Thread.interrupted()) {
                throw new InterruptedException("sampling was stopped");
            }
            advance(batch, seed, List.of(steps.get(at)));
            fixed.replace(batch, limits, seed, steps.get(at));
        }
        return batch;
    }

    /** Counter of the draws that steps begin from. */
    default int firstCounter(List<Sampler.Step> steps) {
        return steps.isEmpty() ? diffusion().steps() : steps.get(0).from();
    }

    /** Samples graphs by DiGress's posterior along times, strictly decreasing from T on. */
    default GraphBatch sample(int n, long[] ids, long seed, int[] times) throws InterruptedException {
        diffusion().schedule().requireFromStart(times);
        return sample(n, ids, seed, Sampler.along(diffusion(), times));
    }

    /**
     * Takes every graph of the batch through steps, in place.
     *
     * <p>The classes after a step to s are drawn with the counter (graph id, s, slot), see {@link CounterRandom}.
     *
     * @param batch graphs where the first step begins
     * @param seed  key of the random stream
     * @param steps each beginning where the one before ends
     * @throws NotFiniteException if a logit is not finite; it names graph, time and the layer after which they are not
     */
    void advance(GraphBatch batch, long seed, List<Sampler.Step> steps);

    /** The same by DiGress's posterior along times, strictly decreasing within T…0; fewer than two of them do nothing. */
    default void advance(GraphBatch batch, long seed, int[] times) {
        advance(batch, seed, Sampler.along(diffusion(), times));
    }

    /**
     * Evaluates the network once, where a step begins: the logits of p(x₀ | z_t), edges symmetrised and their diagonal
     * zeroed.
     *
     * @param batch      graphs at that time; not changed
     * @param step       says what the network reads; it is not taken
     * @param nodeLogits (B, n, a) written
     * @param edgeLogits (B, n, n, b) written
     * @throws NotFiniteException if one is not finite; it names graph, time and the layer after which they are not
     */
    void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits);

    /** The same at time t, 0…T; no sampler asks at 0, the reconstruction term of a likelihood does. */
    default void logits(GraphBatch batch, int t, float[] nodeLogits, float[] edgeLogits) {
        logits(batch, Sampler.Step.at(diffusion(), t), nodeLogits, edgeLogits);
    }
}
