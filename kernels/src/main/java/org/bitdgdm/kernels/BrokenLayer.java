package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Says where numbers stop being finite, after a backend has found logits that are not: in which graph, at which time, and
 * after which layer, of those in the order of the forward pass. Steps are taken again one by one up to the one that fails.
 */
final class BrokenLayer {
    private final PackedModel model;
    private final Supplier<ActivationRecorder> recorder;
    private String found;

    private BrokenLayer(PackedModel model, Supplier<ActivationRecorder> recorder) {
        this.model = model;
        this.recorder = recorder;
    }

    /** Takes graphs through steps without a diagnosis. */
    interface Steps {
        void advance(GraphBatch batch, List<Sampler.Step> steps);
    }

    /** A copy of a batch as it is now. */
    static GraphBatch copy(GraphBatch batch) {
        return new GraphBatch(batch.nodeCount(), batch.ids(), batch.nodes().clone(), batch.edges().clone());
    }

    private static GraphBatch one(GraphBatch batch, int g) {
        int n = batch.nodeCount();
        return new GraphBatch(n, new long[] {batch.ids()[g]}, Arrays.copyOfRange(batch.nodes(), g * n, (g + 1) * n),
            Arrays.copyOfRange(batch.edges(), g * n * n, (g + 1) * n * n));
    }

    /**
     * Checks what {@link Denoiser#logits} has written.
     *
     * @param recorder shows what flows into the layers of a broken graph
     * @throws NotFiniteException if a logit is not finite; it names graph, time and layer
     */
    static void requireFinite(PackedModel model, Supplier<ActivationRecorder> recorder, GraphBatch batch,
                              Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        int n = batch.nodeCount();
        int nodes = n * model.architecture().nodeTypes();
        int edges = n * n * model.architecture().edgeTypes();
        for (int g = 0; g < batch.size(); g++) {
            if (!areFinite(nodeLogits, g * nodes, nodes) || !areFinite(edgeLogits, g * edges, edges)) {
                throw new NotFiniteException("logits at time " + step.at() + " are not finite in graph " + batch.ids()[g] + ": "
                    + new BrokenLayer(model, recorder).at(one(batch, g), step));
            }
        }
    }

    private static boolean areFinite(float[] values, int from, int count) {
        boolean finite = true;
        for (int at = from; at < from + count; at++) {
            finite &= Math.abs(values[at]) <= Float.MAX_VALUE;
        }
        return finite;
    }

    /**
     * The failure of a call with graph, time and layer in its message; as it is where it does not come again.
     *
     * @param denoiser whose {@link Denoiser#logits} checks what it writes
     * @param start    the batch before the failed call; changed
     */
    static NotFiniteException named(NotFiniteException failure, PackedModel model, Denoiser denoiser,
                                    Supplier<GraphBatch> start, List<Sampler.Step> taken, Steps steps) {
        GraphBatch batch = start.get();
        for (Sampler.Step step : taken) {
            GraphBatch before = copy(batch);
            try {
                steps.advance(batch, List.of(step));
            } catch (NotFiniteException again) {
                return named(failure, model, denoiser, before, step);
            }
        }
        return failure;
    }

    /** One graph after the other: the logits of a large batch take much memory. */
    private static NotFiniteException named(NotFiniteException failure, PackedModel model, Denoiser denoiser, GraphBatch batch,
                                            Sampler.Step step) {
        int n = batch.nodeCount();
        float[] nodeLogits = new float[n * model.architecture().nodeTypes()];
        float[] edgeLogits = new float[n * n * model.architecture().edgeTypes()];
        for (int g = 0; g < batch.size(); g++) {
            try {
                denoiser.logits(one(batch, g), step, nodeLogits, edgeLogits);
            } catch (NotFiniteException broken) {
                return new NotFiniteException(broken.getMessage(), failure);
            }
        }
        return failure;
    }

    private String at(GraphBatch graph, Sampler.Step step) {
        recorder.get().record(graph, step, (layer, input, rows) -> {
            if (found != null) {
                return;
            }
            PackedLinear linear = model.linear(layer, model.rangeOf(step.at()));
            for (int at = 0; at < rows * linear.in; at++) {
                if (!Float.isFinite(input[at])) {
                    found = "the input of " + linear.name + " is the first that is not finite, " + input[at];
                    return;
                }
            }
            // A row is enough: a broken weight breaks all of them, and an oracle of a whole graph takes long.
            for (double value : LinearReference.apply(linear, Arrays.copyOf(input, linear.in), 1)) {
                if (!(Math.abs(value) <= Float.MAX_VALUE)) {
                    found = "the output of " + linear.name + " is the first that is not finite, " + (float) value;
                    return;
                }
            }
        });
        return found == null ? "all layers of the blocks are finite, so that it is an output layer" : found;
    }
}
