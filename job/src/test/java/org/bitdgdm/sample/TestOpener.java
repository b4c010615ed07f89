package org.bitdgdm.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sampler;

/**
 * The reference denoiser, slowed down or failing at will.
 *
 * @param millisPerGraph sleep for each graph and call
 * @param faults         folder of faults: a call for graph {@code id} fails where there is a file of that name, which it
 *                       deletes first, so that it fails once, on whatever executor; empty: no faults
 */
public record TestOpener(int millisPerGraph, String faults) implements DenoiserOpener {

    /** Plain. */
    public static TestOpener plain() {
        return new TestOpener(0, "");
    }

    /** Slow. */
    public static TestOpener slow(int millisPerGraph) {
        return new TestOpener(millisPerGraph, "");
    }

    /** Fails once for each of these graphs. */
    public static TestOpener failing(Path folder, long... ids) throws IOException {
        for (long id : ids) {
            Files.createFile(folder.resolve(Long.toString(id)));
        }
        return new TestOpener(0, folder.toString());
    }

    @Override
    public Denoiser open(PackedModel model, int threads) {
        ReferenceDenoiser reference = new ReferenceDenoiser(model);
        return new Denoiser() {
            @Override
            public Diffusion diffusion() {
                return model.diffusion();
            }

            @Override
            public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
                for (long id : batch.ids()) {
                    if (!faults.isEmpty()) {
                        fail(Path.of(faults, Long.toString(id)));
                    }
                    if (millisPerGraph > 0) {
                        try {
                            Thread.sleep(millisPerGraph);
                        } catch (InterruptedException interrupted) {
                            // Native code cannot be interrupted either; the sampler looks at the flag after the call.
                            Thread.currentThread().interrupt();
                        }
                    }
                }
                reference.advance(batch, seed, steps);
            }

            @Override
            public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
                reference.logits(batch, step, nodeLogits, edgeLogits);
            }

            @Override
            public String describe() {
                return "test";
            }

            @Override
            public void close() {
                reference.close();
            }
        };
    }

    private static void fail(Path fault) {
        try {
            if (Files.deleteIfExists(fault)) {
                throw new KernelException("injected fault " + fault.getFileName());
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public String key() {
        return "test/" + millisPerGraph + "/" + faults;
    }
}
