package org.bitdgdm.kernels;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * How a backend runs; none of it changes a result.
 *
 * @param threads         threads of one denoiser, the caller's included; at least 1
 * @param cpuIsa          instruction set of the {@code cpu} backend: auto, scalar, avx2 or avx512; one that the processor
 *                        lacks is refused when the backend is opened
 * @param nativeDirectory folder to unpack the native library into; null: the JVM's temporary folder
 */
public record BackendOptions(int threads, String cpuIsa, Path nativeDirectory) {
    /** Values of {@code cpuIsa}. */
    public static final List<String> CPU_ISAS = List.of("auto", "scalar", "avx2", "avx512");

    public BackendOptions {
        Objects.requireNonNull(cpuIsa, "cpuIsa");
        if (threads < 1) {
            throw new IllegalArgumentException("threads of a backend must be at least 1, found " + threads);
        }
        if (!CPU_ISAS.contains(cpuIsa)) {
            throw new IllegalArgumentException("CPU instruction set must be one of " + String.join(", ", CPU_ISAS)
                + ", found '" + cpuIsa + "'");
        }
    }

    /** One thread, the best instruction set, the JVM's temporary folder. */
    public static BackendOptions defaults() {
        return new BackendOptions(1, "auto", null);
    }
}
