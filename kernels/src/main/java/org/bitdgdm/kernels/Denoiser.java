package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * The seam between the sampler and its backends: a packed model that advances batches of equal-size graphs in time.
 *
 * <p>The result for a graph depends on the run's seed, its id, the model and the list of times only; never on the other
 * graphs of the batch, on threads or on how a list of times is cut into calls. Instances may be used by several threads
 * at once unless the backend says otherwise.
 */
public interface Denoiser extends AutoCloseable {
    /** Steps that {@link #sample} takes before it looks whether it was interrupted. */
    int STEPS_PER_CALL = 25;

    /** Noise schedule and limit distributions of the model. */
    Diffusion diffusion();

    /**
     * Samples graphs: draws their classes at time T as {@link InitialNoise} does, and takes them through all later times.
     * The same graphs as {@link InitialNoise#draw} and {@link #advance}; a device may draw them itself.
     *
     * @param n     nodes of each graph
     * @param ids   (B) ids; kept by the batch, not copied
     * @param seed  key of the random stream
     * @param times strictly decreasing times from T on
     * @throws InterruptedException if the calling thread is interrupted, at the latest after {@link #STEPS_PER_CALL} steps
     */
    default GraphBatch sample(int n, long[] ids, long seed, int[] times) throws InterruptedException {
        diffusion().requireFromStart(times);
        GraphBatch batch = InitialNoise.draw(diffusion(), n, ids, seed);
        for (int at = 0; at + 1 < times.length; at += STEPS_PER_CALL) {
            if (Thread.interrupted()) {
                throw new InterruptedException("sampling was stopped");
            }
            advance(batch, seed, Arrays.copyOfRange(times, at, Math.min(times.length, at + STEPS_PER_CALL + 1)));
        }
        return batch;
    }

    /**
     * Takes every graph of the batch from {@code times[0]} through all later times, in place.
     *
     * <p>The classes at time s are drawn with the counter (graph id, s, slot), see {@link CounterRandom}.
     *
     * @param batch graphs at time {@code times[0]}
     * @param seed  key of the random stream
     * @param times strictly decreasing times within T…0; fewer than two of them do nothing
     * @throws NotFiniteException if a logit is not finite; it names graph, time and the layer after which they are not
     */
    void advance(GraphBatch batch, long seed, int[] times);

    /**
     * Evaluates the network once: the logits of p(x₀ | z_t), edges symmetrised and their diagonal zeroed.
     *
     * @param batch      graphs at time t; not changed
     * @param t          time, 0…T; no sampler asks at 0, the reconstruction term of a likelihood does
     * @param nodeLogits (B, n, a) written
     * @param edgeLogits (B, n, n, b) written
     * @throws NotFiniteException if one is not finite; it names graph, time and the layer after which they are not
     */
    void logits(GraphBatch batch, int t, float[] nodeLogits, float[] edgeLogits);

    /** Backend and what it runs on, for logs and reports, for example {@code cpu (avx512, 2 threads)}. */
    String describe();

    /** Releases everything the backend holds. A second call throws {@link IllegalStateException}. */
    @Override
    void close();
}
