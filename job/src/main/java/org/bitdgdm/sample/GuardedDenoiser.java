package org.bitdgdm.sample;

import java.util.List;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.Sampler;

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
    static Denoiser open(LostDevice.Call<Denoiser, RuntimeException> open) {
        return new GuardedDenoiser(LostDevice.guarded(open));
    }

    @Override
    public Diffusion diffusion() {
        return denoiser.diffusion();
    }

    @Override
    public GraphBatch sample(int n, long[] ids, long seed, List<Sampler.Step> steps) throws InterruptedException {
        return LostDevice.guarded(() -> denoiser.sample(n, ids, seed, steps));
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        LostDevice.guarded(() -> {
            denoiser.advance(batch, seed, steps);
            return null;
        });
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        LostDevice.guarded(() -> {
            denoiser.logits(batch, step, nodeLogits, edgeLogits);
            return null;
        });
    }

    @Override
    public String describe() {
        return denoiser.describe();
    }

    @Override
    public void close() {
        LostDevice.guarded(() -> {
            denoiser.close();
            return null;
        });
    }
}
