package org.bitdgdm.sample;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The denoisers of this JVM, of graphs or of proteins, one for each model and backend, shared by all its tasks.
 *
 * <p>A denoiser stays open when no task uses it, because the next task of the stage will: a model must not be unpacked for
 * every partition. It is closed when another model is opened while it is idle (sweeps), by {@link #closeIdle}, or at the
 * end of the JVM. One in use is never closed: its leases are counted.
 */
public final class ExecutorDenoiser<D> {
    /** In the order of opening. */
    private static final Map<String, ExecutorDenoiser<?>> OPEN = new LinkedHashMap<>();
    private static int opened;
    private static boolean hooked;

    private final D denoiser;
    private final Consumer<D> close;
    private int leases;

    /** @param close how it is closed */
    ExecutorDenoiser(D denoiser, Consumer<D> close) {
        this.denoiser = denoiser;
        this.close = close;
    }

    /** A task's right to use the denoiser; closing it twice does nothing more. */
    public static final class Lease<D> implements AutoCloseable {
        private ExecutorDenoiser<D> held;
        private final D denoiser;

        private Lease(ExecutorDenoiser<D> held) {
            this.held = held;
            this.denoiser = held.denoiser;
        }

        /** The denoiser; several tasks use it at once. */
        public D denoiser() {
            return denoiser;
        }

        @Override
        public void close() {
            synchronized (OPEN) {
                if (held != null) {
                    held.leases--;
                    held = null;
                }
            }
        }
    }

    /**
     * Leases the denoiser of a key, opening it if this JVM has none; one that fails to open is tried again by the next task.
     *
     * @param key what is opened: model hash, backend, options; it decides the kind of denoiser
     */
    static <D> Lease<D> lease(String key, Supplier<ExecutorDenoiser<D>> open) {
        // Opened under the lock: the other tasks of this JVM wait for this model anyway.
        synchronized (OPEN) {
            @SuppressWarnings("unchecked")
            ExecutorDenoiser<D> found = (ExecutorDenoiser<D>) OPEN.get(key);
            if (found == null) {
                closeIdle();
                found = open.get();
                opened++;
                OPEN.put(key, found);
                if (!hooked) {
                    hooked = true;
                    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorDenoiser::closeIdle, "close-denoisers"));
                }
            }
            found.leases++;
            return new Lease<>(found);
        }
    }

    /** Closes every denoiser that no task uses, the last one opened first, whatever fails; then throws the first failure. */
    public static void closeIdle() {
        synchronized (OPEN) {
            List<ExecutorDenoiser<?>> all = new ArrayList<>(OPEN.values());
            Collections.reverse(all);
            RuntimeException failed = null;
            for (ExecutorDenoiser<?> candidate : all) {
                if (candidate.leases == 0) {
                    OPEN.values().remove(candidate);
                    try {
                        candidate.end();
                    } catch (RuntimeException failure) {
                        if (failed == null) {
                            failed = failure;
                        } else {
                            failed.addSuppressed(failure);
                        }
                    }
                }
            }
            if (failed != null) {
                throw failed;
            }
        }
    }

    private void end() {
        close.accept(denoiser);
    }

    /** Denoisers opened by this JVM so far. */
    static int opened() {
        synchronized (OPEN) {
            return opened;
        }
    }

    /** Denoisers open now. */
    static int open() {
        synchronized (OPEN) {
            return OPEN.size();
        }
    }
}
