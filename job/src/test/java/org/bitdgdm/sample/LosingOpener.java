package org.bitdgdm.sample;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.LostGpu;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;

/**
 * Opens the cuda backend, guarded as {@link BackendOpener} guards it, on a GPU that is lost; but only where there is a
 * file, which it deletes first. Whoever finds none gets the reference.
 *
 * @param fault   path of the file
 * @param opening whether the GPU is lost while the model is opened, not in the first call after that
 */
public record LosingOpener(String fault, boolean opening) implements DenoiserOpener {

    /** From now on one GPU will be lost. */
    public void lose() {
        try {
            Files.createFile(Path.of(fault));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public Denoiser open(PackedModel model, int threads) {
        try {
            if (!Files.deleteIfExists(Path.of(fault))) {
                return new ReferenceDenoiser(model);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return GuardedDenoiser.open(() -> opening ? LostGpu.opening(model) : LostGpu.denoiser(model));
    }

    @Override
    public String key() {
        return "losing/" + fault;
    }
}
