package org.bitdgdm.kernels;

import java.util.List;
import java.util.Optional;

/** A backend that can show what flows into each linear layer: the source of data-free activation thresholds. */
public interface ActivationRecorder extends Denoiser {

    /** Takes the input of one layer. */
    @FunctionalInterface
    interface Sink {
        /**
         * @param layer name of the layer
         * @param input (rows, in) row-major, FP32; nobody else writes it
         * @param rows  rows of this call
         */
        void accept(String layer, float[] input, int rows);

        /** Whether it takes the input of a layer at all. */
        default boolean wants(String layer) {
            return true;
        }
    }

    /**
     * Evaluates the network once, where a step begins, and hands the input of every linear layer of the blocks to
     * {@code sink}, in the order of the {@link NetworkSpec}, each layer once.
     *
     * @param batch graphs at that time; not changed
     */
    void record(GraphBatch batch, Sampler.Step step, Sink sink);

    /** The same at time t, 1…T. */
    default void record(GraphBatch batch, int t, Sink sink) {
        record(batch, Sampler.Step.at(diffusion(), t), sink);
    }

    /** The same, and takes the graphs through the step, as {@link Denoiser#advance} does. */
    void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink);

    /** The same for a step of DiGress's posterior from t to an earlier time. */
    default void recordStep(GraphBatch batch, long seed, int t, int to, Sink sink) {
        recordStep(batch, seed, Sampler.along(diffusion(), new int[] {t, to}).get(0), sink);
    }

    /**
     * Samples that this backend takes itself of what flows into layers, in place of a sink; empty where it cannot. The caller
     * closes them, before the backend.
     */
    default Optional<InputSamples> samples(List<InputSamples.Asked> asked) {
        return Optional.empty();
    }
}
