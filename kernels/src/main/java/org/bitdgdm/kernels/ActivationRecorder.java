package org.bitdgdm.kernels;

/** A backend that can show what flows into each linear layer: the source of data-free activation thresholds. */
public interface ActivationRecorder {

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
     * Evaluates the network once and hands the input of every linear layer of the blocks to {@code sink},
     * in the order of the {@link NetworkSpec}, each layer once.
     *
     * @param batch graphs at time t; not changed
     * @param t     time, 1…T
     */
    void record(GraphBatch batch, int t, Sink sink);

    /**
     * The same, and takes the graphs through the step that begins there, as {@link Denoiser#advance} does.
     *
     * @param batch graphs at time t; at time {@code to} afterwards
     * @param t     time, 1…T
     * @param to    a smaller one
     */
    void recordStep(GraphBatch batch, long seed, int t, int to, Sink sink);
}
