package org.bitdgdm.kernels;

/** Opens the backend that a run names. Refuses with a reason; never falls back to another one. */
public final class Denoisers {

    private Denoisers() {
    }

    /**
     * Opens a model on a backend.
     *
     * @throws KernelException if the backend cannot be used here
     */
    public static Denoiser open(Backend backend, PackedModel model, BackendOptions options) {
        return switch (resolve(backend, options)) {
            case REFERENCE -> new ReferenceDenoiser(model);
            case CPU -> new CpuDenoiser(model, options);
            case CUDA -> new CudaDenoiser(model, options);
            case AUTO -> throw new IllegalStateException("auto is resolved");
        };
    }

    /**
     * What would run, for example {@code cpu (avx512)}.
     *
     * @throws KernelException if the backend cannot be used here; the message says what was looked for
     */
    public static String probe(Backend backend, BackendOptions options) {
        return switch (resolve(backend, options)) {
            case REFERENCE -> "reference (plain Java)";
            case CPU -> "cpu (" + CpuDenoiser.isa(options) + ")";
            case CUDA -> CudaDenoiser.describe(JcudaDriver.find(options, CudaBuild.read()));
            case AUTO -> throw new IllegalStateException("auto is resolved");
        };
    }

    /**
     * Compute capability of the GPU that the cuda backend would use, for example {@code 9.0}.
     *
     * @throws KernelException if there is none
     */
    public static String cudaCapability(BackendOptions options) {
        return JcudaDriver.find(options, CudaBuild.read()).computeCapability();
    }

    /**
     * Loads what a search for a GPU needs. It is to be called before threads start that make temporary files: while JCuda loads
     * its library, {@code java.io.tmpdir} of the whole process is a folder of its own. What fails here fails again, and is told,
     * where the backend is probed or opened.
     */
    public static void prepareCuda(BackendOptions options) {
        try {
            JcudaLibrary.load(options.nativeDirectory());
        } catch (KernelException toldLater) {
            // Only a backend that is asked for may refuse; auto goes on without a GPU.
        }
    }

    /** The backend that {@code auto} stands for here, with default options; any other backend is itself. */
    public static Backend resolve(Backend backend) {
        return resolve(backend, BackendOptions.defaults());
    }

    /**
     * The backend that {@code auto} stands for here: cuda if this process can use a GPU, else cpu. Any other backend is
     * itself.
     *
     * @throws KernelException if no fast backend works here; the reference is used only where it is named
     */
    public static Backend resolve(Backend backend, BackendOptions options) {
        if (backend != Backend.AUTO) {
            return backend;
        }
        try {
            JcudaDriver.find(options, CudaBuild.read());
            return Backend.CUDA;
        } catch (KernelException noGpu) {
            return withoutGpu(options);
        }
    }

    private static Backend withoutGpu(BackendOptions options) {
        try {
            CpuDenoiser.isa(options);
            return Backend.CPU;
        } catch (KernelException e) {
            throw new KernelException("backend auto: the cpu backend cannot be used: " + e.getMessage()
                + "; --backend reference runs anywhere, slowly", e);
        }
    }
}
