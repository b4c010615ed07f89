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
        throw refused(backend);
    }

    /**
     * What would run, for example {@code cpu (avx512)}.
     *
     * @throws KernelException if the backend cannot be used here; the message says what was looked for
     */
    public static String probe(Backend backend, BackendOptions options) {
        throw refused(backend);
    }

    /** The backend that {@code auto} stands for here, with default options; any other backend is itself. */
    public static Backend resolve(Backend backend) {
        return resolve(backend, BackendOptions.defaults());
    }

    /**
     * The backend that {@code auto} stands for here; any other backend is itself.
     *
     * @throws KernelException if no fast backend can be used here
     */
    public static Backend resolve(Backend backend, BackendOptions options) {
        return backend == Backend.AUTO ? Backend.CPU : backend;
    }

    private static KernelException refused(Backend backend) {
        return new KernelException("this build has no " + backend.label() + " backend yet");
    }
}
