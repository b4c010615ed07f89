package org.bitdgdm.metrics;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work in a thread of its own beside the caller's: queries of a small set take longer to plan than to run, and one processor
 * plans while the other runs.
 *
 * @param <T> what it finds
 */
public final class Alongside<T> {
    private final FutureTask<T> task;

    private Alongside(Callable<T> work) {
        this.task = new FutureTask<>(work);
    }

    /** Begins work; the thread takes over the caller's class loader and settings of Spark. */
    public static <T> Alongside<T> begin(String name, Callable<T> work) {
        Alongside<T> begun = new Alongside<>(work);
        Thread thread = new Thread(begun.task, name);
        thread.setDaemon(true);
        thread.start();
        return begun;
    }

    /**
     * What was found; waits for it.
     *
     * @throws RuntimeException what the work has thrown, errors as they are
     */
    public T result() {
        try {
            return task.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException told) {
                throw told;
            }
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", stopped);
        }
    }
}
