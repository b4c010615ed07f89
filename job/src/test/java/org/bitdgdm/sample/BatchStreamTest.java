package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;

import org.apache.spark.TaskContext;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskKilledException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.KernelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BatchStreamTest {
    private final TaskContext task = TaskContext$.MODULE$.empty();

    private static List<Graph> batch(long id) {
        return List.of(new Graph(id, new byte[1], new byte[0]));
    }

    @Test
    void handsOverAllBatchesInOrder() {
        try (BatchStream stream = new BatchStream(task, "sampling", sink -> {
            for (int id = 0; id < 50; id++) {
                sink.accept(batch(id));
            }
        })) {
            for (int id = 0; id < 50; id++) {
                assertThat(stream.hasNext()).isTrue();
                assertThat(stream.next().get(0).id()).isEqualTo(id);
            }
            assertThat(stream.hasNext()).isFalse();
            assertThat(stream.hasNext()).isFalse();
        }
    }

    @Test
    void throwsWhatSamplingThrew() {
        for (Throwable thrown : List.of(new KernelException("layer 3: NaN"), new OutOfMemoryError("direct memory"))) {
            try (BatchStream stream = new BatchStream(task, "sampling", sink -> {
                sink.accept(batch(0));
                if (thrown instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) thrown;
            })) {
                stream.next();
                assertThatThrownBy(stream::hasNext).isSameAs(thrown);
            }
        }
    }

    @Test
    void closingStopsAThreadThatNobodyReads() throws Exception {
        BatchStream stream = new BatchStream(task, "sampling", sink -> {
            for (long id = 0;; id++) {
                sink.accept(batch(id));
            }
        });
        stream.next();
        stream.close();
        assertThat(stream.ended()).isTrue();
        stream.close();
    }

    @Test
    void killedTaskStopsWaiting() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (BatchStream stream = new BatchStream(task, "sampling", sink -> never.await())) {
            task.markInterrupted("stage cancelled");
            assertThatThrownBy(stream::hasNext).isInstanceOf(TaskKilledException.class);
        }
    }

    @Test
    void interruptedTaskStopsWaiting() {
        CountDownLatch never = new CountDownLatch(1);
        try (BatchStream stream = new BatchStream(task, "sampling", sink -> never.await())) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(stream::hasNext).isInstanceOf(TaskKilledException.class);
            assertThat(Thread.interrupted()).as("the flag stays for Spark").isTrue();
        }
    }
}
