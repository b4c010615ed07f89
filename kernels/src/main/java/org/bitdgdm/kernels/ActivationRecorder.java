package org.bitdgdm.kernels;

/** A backend that can show what flows into each linear layer: the source of data-free activation thresholds. */
public interface ActivationRecorder {

    /** Takes the input of one layer. */
    @FunctionalInterface
    interface Sink {
        /**
         * @param layer index in {@link PackedModel#linears()}
         * @param input (rows, in) row-major, FP32; reused after the call
         * @param rows  rows of this call
         */
        void accept(int layer, float[] input, int rows);
    }

    /**
     * Evaluates the network once and hands the input of every linear layer of the transformer blocks to {@code sink},
     * in the order of {@link PackedModel#linears()}, each layer once.
     *
     * @param batch graphs at time t; not changed
     * @param t     time, 1…T
     */
    void record(GraphBatch batch, int t, Sink sink);
}
