package org.bitdgdm.fidelity;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.DeviceLostException;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;

/** Logits of a model that are numbers, or a failure that says at which time and in which layer they stopped being any. */
final class Prediction {
    private Prediction() {
    }

    /**
     * Asks a model, see {@link Denoiser#logits}.
     *
     * @throws KernelException if a logit is not finite, naming the time and, where the backend can tell, the layer
     */
    static void ask(Denoiser denoiser, GraphBatch batch, int t, float[] nodeLogits, float[] edgeLogits) {
        denoiser.logits(batch, t, nodeLogits, edgeLogits);
        requireFinite(denoiser, batch, t, "a node", nodeLogits);
        requireFinite(denoiser, batch, t, "an edge", edgeLogits);
    }

    private static void requireFinite(Denoiser denoiser, GraphBatch batch, int t, String of, float[] logits) {
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                String found = "logits at time " + t + " must be finite, found " + logit + " of " + of;
                throw named(found, denoiser, batch, t);
            }
        }
    }

    /** A step from the same state fails too, and says where. Nothing is sampled at time 0, but at 1 layers are the same. */
    private static KernelException named(String found, Denoiser denoiser, GraphBatch batch, int t) {
        int from = Math.max(t, 1);
        try {
            denoiser.advance(new GraphBatch(batch.nodeCount(), batch.ids(), batch.nodes().clone(), batch.edges().clone()), 0,
                new int[] {from, from - 1});
        } catch (DeviceLostException lost) {
            throw lost;
        } catch (KernelException step) {
            return new KernelException(found + "; a step from time " + from + " says: " + step.getMessage(), step);
        }
        return new KernelException(found + ", where a step from time " + from + " finds none");
    }
}
