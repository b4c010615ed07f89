package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.Sampler;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExecutorDenoiserTest {
    private final AtomicInteger openings = new AtomicInteger();
    private final AtomicInteger closings = new AtomicInteger();
    /** Which opening was closed, in order. */
    private final List<Integer> closed = new ArrayList<>();
    private boolean closingFails;

    @BeforeEach
    @AfterEach
    void none() {
        ExecutorDenoiser.closeIdle();
        assertThat(ExecutorDenoiser.open()).isZero();
    }

    private ExecutorDenoiser<Denoiser> open() {
        int opening = openings.incrementAndGet();
        return new ExecutorDenoiser<>(new Denoiser() {
            @Override
            public Diffusion diffusion() {
                throw new UnsupportedOperationException();
            }

            @Override
            public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
                throw new UnsupportedOperationException();
            }

            @Override
            public String describe() {
                return "counted";
            }

            @Override
            public void close() {
                closings.incrementAndGet();
                closed.add(opening);
                if (closingFails) {
                    throw new KernelException("cannot close " + opening);
                }
            }
        }, Denoiser::close);
    }

    @Test
    void tasksShareOne() throws Exception {
        ExecutorService tasks = Executors.newFixedThreadPool(8);
        List<Callable<Denoiser>> work = new ArrayList<>();
        for (int task = 0; task < 40; task++) {
            work.add(() -> {
                try (ExecutorDenoiser.Lease<Denoiser> lease = ExecutorDenoiser.lease("a", this::open)) {
                    return lease.denoiser();
                }
            });
        }
        Denoiser first = null;
        for (Future<Denoiser> result : tasks.invokeAll(work)) {
            first = first == null ? result.get() : first;
            assertThat(result.get()).isSameAs(first);
        }
        tasks.shutdown();
        assertThat(openings).hasValue(1);
        assertThat(closings).hasValue(0);
    }

    @Test
    void anotherModelClosesIdleOnesOnly() {
        ExecutorDenoiser.Lease<Denoiser> used = ExecutorDenoiser.lease("a", this::open);
        ExecutorDenoiser.lease("b", this::open).close();
        assertThat(closings).hasValue(0);
        ExecutorDenoiser.Lease<Denoiser> other = ExecutorDenoiser.lease("c", this::open);
        assertThat(closings).as("b was idle, a is in use").hasValue(1);
        used.close();
        used.close();
        ExecutorDenoiser.closeIdle();
        assertThat(closings).as("a second close of a's lease must not free c").hasValue(2);
        other.close();
        ExecutorDenoiser.closeIdle();
        assertThat(closings).hasValue(3);
    }

    @Test
    void whatWasOpenedLastIsClosedFirstWhateverFails() {
        List<ExecutorDenoiser.Lease<Denoiser>> leases = new ArrayList<>();
        for (String key : List.of("d", "a", "c", "b", "e")) {
            leases.add(ExecutorDenoiser.lease(key, this::open));
        }
        leases.forEach(ExecutorDenoiser.Lease::close);
        closingFails = true;
        assertThatThrownBy(ExecutorDenoiser::closeIdle).hasMessage("cannot close 5")
            .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(4));
        closingFails = false;
        assertThat(closed).containsExactly(5, 4, 3, 2, 1);
        assertThat(ExecutorDenoiser.open()).isZero();
    }

    @Test
    void failedOpeningIsTriedAgain() {
        assertThatThrownBy(() -> ExecutorDenoiser.<Denoiser>lease("a", () -> {
            throw new KernelException("no such backend here");
        })).hasMessage("no such backend here");
        ExecutorDenoiser.lease("a", this::open).close();
        assertThat(openings).hasValue(1);
    }
}
