package org.bitdgdm.sample;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.PackedModel;

/**
 * The batches of one shard, sampled by a thread of their own while the task's thread works on those already there.
 *
 * <p>A small bounded queue lies between the two. A failure of the sampling thread is thrown by {@link #hasNext}; a task
 * that is killed, fails or ends early stops the thread, which gives its denoiser back itself, after its running call.
 */
public final class BatchStream implements Iterator<List<Graph>>, AutoCloseable {
    private static final int QUEUED_BATCHES = 2;
    private static final int POLL_MILLIS = 100;
    /** Longest wait for the thread to stop; it is a daemon and holds nothing that this task needs. */
    private static final int STOP_MILLIS = 10_000;
    private static final List<Graph> END = List.of();

    private final BlockingQueue<List<Graph>> queue = new ArrayBlockingQueue<>(QUEUED_BATCHES);
    private final TaskContext task;
    private final Thread sampling;
    private volatile Throwable failure;
    private List<Graph> next;

    /** What the thread does. */
    @FunctionalInterface
    interface Work {
        void run(ShardSampler.Sink sink) throws InterruptedException;
    }

    BatchStream(TaskContext task, String name, Work work) {
        this.task = task;
        sampling = new Thread(() -> {
            try {
                work.run(queue::put);
                queue.put(END);
            } catch (Throwable thrown) {
                // Errors too: the task's thread would otherwise wait for ever.
                failure = thrown;
            }
        }, name);
        sampling.setDaemon(true);
        sampling.start();
    }

    /** Sampling of one shard within a Spark task; closed with the task at the latest. */
    static BatchStream open(ShardPlan.Shard shard, ShardSampler sampler, ModelBroadcast<PackedModel, Denoiser> model,
                            TaskContext task) {
        BatchStream stream = new BatchStream(task, "sampling-shard-" + shard.index(), sink -> {
            try (ExecutorDenoiser.Lease<Denoiser> lease = model.lease(task)) {
                sampler.sample(shard, lease.denoiser(), sink);
            }
        });
        task.addTaskCompletionListener(context -> {
            stream.close();
            return null;
        });
        return stream;
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null) {
                // Spark kills a task by a flag, and interrupts its thread only if asked to.
                if (task.isInterrupted()) {
                    throw new TaskKilledException("sampling was stopped");
                }
                next = queue.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (next == null && failure != null) {
                    throw failed();
                }
            }
            return next != END;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new TaskKilledException("sampling was interrupted");
        }
    }

    @Override
    public List<Graph> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("all batches were taken");
        }
        List<Graph> batch = next;
        next = null;
        return batch;
    }

    private RuntimeException failed() {
        Throwable thrown = failure;
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException runtime ? runtime : new IllegalStateException(sampling.getName()
            + " was stopped before its task", thrown);
    }

    /** Stops the thread. */
    @Override
    public void close() {
        sampling.interrupt();
        try {
            sampling.join(STOP_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the sampling thread has ended. */
    boolean ended() {
        return !sampling.isAlive();
    }
}
