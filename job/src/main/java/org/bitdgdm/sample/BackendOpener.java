package org.bitdgdm.sample;

import java.nio.file.Path;

import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.PackedModel;

/**
 * Opens one of the backends of the kernels.
 *
 * <p>{@code auto} is resolved once, on the driver: an executor that lacks what the driver picked fails instead of drawing
 * other graphs. The instruction set may stay {@code auto}, because all of them give the same bits.
 *
 * @param backend         the backend, never {@link Backend#AUTO}
 * @param cpuIsa          {@code auto}, {@code scalar}, {@code avx2} or {@code avx512}
 * @param nativeDirectory folder for native libraries; empty: the temporary folder
 */
public record BackendOpener(Backend backend, String cpuIsa, String nativeDirectory) implements DenoiserOpener {

    public BackendOpener {
        if (backend == Backend.AUTO) {
            throw new IllegalArgumentException("a backend must be resolved before it is sent to executors, found auto");
        }
    }

    /** The opener that a configuration asks for. */
    public static BackendOpener of(SampleConf conf) {
        // The folder of the native library counts here too: with the temporary one, auto may find no backend.
        return new BackendOpener(Denoisers.resolve(Backend.of(conf.backend()), options(1, conf.cpuIsa(),
            conf.nativeDirectory())), conf.cpuIsa(), conf.nativeDirectory());
    }

    /** What the kernels take, for so many threads. */
    public BackendOptions options(int threads) {
        return options(threads, cpuIsa, nativeDirectory);
    }

    private static BackendOptions options(int threads, String cpuIsa, String nativeDirectory) {
        return new BackendOptions(threads, cpuIsa, nativeDirectory.isEmpty() ? null : Path.of(nativeDirectory));
    }

    @Override
    public Denoiser open(PackedModel model, int threads) {
        return Denoisers.open(backend, model, options(threads));
    }

    @Override
    public String key() {
        return backend == Backend.CPU ? backend.label() + " (" + cpuIsa + ")" : backend.label();
    }
}
