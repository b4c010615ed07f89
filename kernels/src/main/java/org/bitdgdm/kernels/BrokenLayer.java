package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * Finds where numbers stop being finite, after a backend has found logits that are not: the steps are taken again one by
 * one up to the one that fails, and its layers are looked at in the order of the forward pass.
 */
final class BrokenLayer {
    private final PackedModel model;
    private final ActivationRecorder recorder;
    private String found;

    private BrokenLayer(PackedModel model, ActivationRecorder recorder) {
        this.model = model;
        this.recorder = recorder;
    }

    /** Takes graphs through times without a diagnosis. */
    interface Steps {
        void advance(GraphBatch batch, int[] times);
    }

    /** A copy of a batch as it is now. */
    static GraphBatch copy(GraphBatch batch) {
        return new GraphBatch(batch.nodeCount(), batch.ids(), batch.nodes().clone(), batch.edges().clone());
    }

    /**
     * The failure with the layer in its message; as it is where it was no matter of finite numbers.
     *
     * @param start the batch before the failed call; changed
     */
    static KernelException named(KernelException failure, PackedModel model, ActivationRecorder recorder, GraphBatch start,
                                 int[] times, Steps steps) {
        if (!failure.getMessage().contains("finite")) {
            return failure;
        }
        for (int step = 0; step + 1 < times.length; step++) {
            try {
                steps.advance(start, Arrays.copyOfRange(times, step, step + 2));
            } catch (KernelException again) {
                return new KernelException(again.getMessage() + "; " + new BrokenLayer(model, recorder).at(start, times[step]),
                    failure);
            }
        }
        return failure;
    }

    private String at(GraphBatch batch, int t) {
        recorder.record(batch, t, (layer, input, rows) -> {
            if (found != null) {
                return;
            }
            PackedLinear linear = model.linears(model.rangeOf(t)).get(layer);
            for (int at = 0; at < rows * linear.in; at++) {
                if (!Float.isFinite(input[at])) {
                    found = "the input of " + linear.name + " is the first that is not finite, " + input[at];
                    return;
                }
            }
            // A row is enough: a broken weight breaks all of them, and an oracle of a whole batch takes long.
            for (double value : LinearReference.apply(linear, Arrays.copyOf(input, linear.in), 1)) {
                if (!(Math.abs(value) <= Float.MAX_VALUE)) {
                    found = "the output of " + linear.name + " is the first that is not finite, " + (float) value;
                    return;
                }
            }
        });
        return found == null ? "all layers of the blocks are finite, so that it is an input or output layer" : found;
    }
}
