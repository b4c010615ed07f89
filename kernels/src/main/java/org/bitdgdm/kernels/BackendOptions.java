package org.bitdgdm.kernels;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * How a backend runs; none of it changes a result, but for {@code cudaPrecision}.
 *
 * @param threads         threads of one denoiser, the caller's included; at least 1
 * @param cpuIsa          instruction set of the {@code cpu} backend: auto, scalar, avx2 or avx512; one that the processor
 *                        lacks is refused when the backend is opened
 * @param nativeDirectory folder to unpack native libraries into; null: the JVM's temporary folder
 * @param cudaDevice      position of the GPU of the {@code cuda} backend among those that this process sees
 * @param cudaPrecision   how the {@code cuda} backend multiplies layers in full precision: fp32, or bf16 with FP32 sums;
 *                        this one does change results
 * @param cudaCapability  compute capability that the GPU must have, for example {@code 9.0}, since results may differ
 *                        between them; empty: any
 */
public record BackendOptions(int threads, String cpuIsa, Path nativeDirectory, int cudaDevice, String cudaPrecision,
                             String cudaCapability) {
    /** Values of {@code cudaPrecision}. */
    public static final List<String> CUDA_PRECISIONS = List.of("fp32", "bf16");
    /** Values of {@code cpuIsa}. */
    public static final List<String> CPU_ISAS = List.of("auto", "scalar", "avx2", "avx512");

    public BackendOptions {
        Objects.requireNonNull(cpuIsa, "cpuIsa");
        Objects.requireNonNull(cudaCapability, "cudaCapability");
        if (threads < 1) {
            throw new IllegalArgumentException("threads of a backend must be at least 1, found " + threads);
        }
        if (cudaDevice < 0) {
            throw new IllegalArgumentException("the position of a GPU must be at least 0, found " + cudaDevice);
        }
        if (!CUDA_PRECISIONS.contains(cudaPrecision)) {
            throw new IllegalArgumentException("precision on a GPU must be one of " + String.join(", ", CUDA_PRECISIONS)
                + ", found '" + cudaPrecision + "'");
        }
        if (!CPU_ISAS.contains(cpuIsa)) {
            throw new IllegalArgumentException("CPU instruction set must be one of " + String.join(", ", CPU_ISAS)
                + ", found '" + cpuIsa + "'");
        }
    }

    /** On a GPU of any compute capability, where the backend is {@code cuda}. */
    public BackendOptions(int threads, String cpuIsa, Path nativeDirectory, int cudaDevice, String cudaPrecision) {
        this(threads, cpuIsa, nativeDirectory, cudaDevice, cudaPrecision, "");
    }

    /** In FP32 on the first GPU, where the backend is {@code cuda}. */
    public BackendOptions(int threads, String cpuIsa, Path nativeDirectory) {
        this(threads, cpuIsa, nativeDirectory, 0, "fp32");
    }

    /** One thread, the best instruction set, the JVM's temporary folder. */
    public static BackendOptions defaults() {
        return new BackendOptions(1, "auto", null);
    }
}
