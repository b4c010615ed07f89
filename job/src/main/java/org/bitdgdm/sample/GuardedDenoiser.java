package org.bitdgdm.sample;

import java.util.function.Supplier;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.DeviceLostException;
import org.bitdgdm.kernels.GraphBatch;

/**
 * A denoiser on a device that may be lost: whichever of its calls finds that out, its opening and closing among them, ends
 * an executor by {@link LostDevice}, whatever the task was about.
 */
final class GuardedDenoiser implements Denoiser {
    private final Denoiser denoiser;

    private GuardedDenoiser(Denoiser denoiser) {
        this.denoiser = denoiser;
    }

    /** Opens a denoiser. */
    static Denoiser open(Supplier<Denoiser> open) {
        return new GuardedDenoiser(guarded(open));
    }

    /** Does something; where the device is lost, it returns in no executor, and throws elsewhere. */
    private static <T> T guarded(Supplier<T> call) {
        try {
            return call.get();
        } catch (DeviceLostException lost) {
            LostDevice.endExecutor(lost);
            throw lost;
        }
    }

    private static void guarded(Runnable call) {
        guarded(() -> {
            call.run();
            return null;
        });
    }

    @Override
    public void advance(GraphBatch batch, long seed, int[] times) {
        guarded(() -> denoiser.advance(batch, seed, times));
    }

    @Override
    public void logits(GraphBatch batch, int t, float[] nodeLogits, float[] edgeLogits) {
        guarded(() -> denoiser.logits(batch, t, nodeLogits, edgeLogits));
    }

    @Override
    public String describe() {
        return denoiser.describe();
    }

    @Override
    public void close() {
        guarded(denoiser::close);
    }
}
