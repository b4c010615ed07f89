package org.bitdgdm.recipe;

import java.util.List;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.Sampler;

/** A denoiser that takes at least so long for each call. */
record SleepingDenoiser(Denoiser denoiser, int millis) implements Denoiser {

    @Override
    public Diffusion diffusion() {
        return denoiser.diffusion();
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        denoiser.advance(batch, seed, steps);
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        denoiser.logits(batch, step, nodeLogits, edgeLogits);
    }

    @Override
    public String describe() {
        return "sleeping " + denoiser.describe();
    }

    @Override
    public void close() {
        denoiser.close();
    }
}
