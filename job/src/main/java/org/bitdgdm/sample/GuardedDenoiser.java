package org.bitdgdm.sample;

import java.util.List;
import org.apache.spark.SparkEnv;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.DeviceLostException;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.Sampler;

/**
 * A denoiser on a device that may be lost: whichever of its calls finds that out, its opening and closing among them, ends
 * an executor by {@link Loss}, whatever the task was about.
 */
final class GuardedDenoiser implements Denoiser {
    private final Denoiser denoiser;

    private GuardedDenoiser(Denoiser denoiser) {
        this.denoiser = denoiser;
    }

    /** Opens a denoiser. */
    static Denoiser open(Loss.Call<Denoiser, RuntimeException> open) {
        return new GuardedDenoiser(Loss.guarded(open));
    }

    @Override
    public Diffusion diffusion() {
        return denoiser.diffusion();
    }

    @Override
    public GraphBatch sample(int n, long[] ids, long seed, List<Sampler.Step> steps) throws InterruptedException {
        return Loss.guarded(() -> denoiser.sample(n, ids, seed, steps));
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        Loss.guarded(() -> {
            denoiser.advance(batch, seed, steps);
            return null;
        });
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        Loss.guarded(() -> {
            denoiser.logits(batch, step, nodeLogits, edgeLogits);
            return null;
        });
    }

    @Override
    public String describe() {
        return denoiser.describe();
    }

    @Override
    public void close() {
        Loss.guarded(() -> {
            denoiser.close();
            return null;
        });
    }

    /** What an executor does whose GPU is lost: it ends, so that Spark runs its tasks in another process. */
    static final class Loss {
        /** Exit code of an executor whose GPU is lost; Spark shows it. */
        static final int EXIT_CODE = 71;
        /** Executor id of a process that is the driver too. */
        private static final String DRIVER = "driver";

        private Loss() {
        }

        /** What may find the device lost. */
        @FunctionalInterface
        interface Call<T, E extends Exception> {
            T run() throws E;
        }

        /** Makes a call; where that finds the device lost, it returns in no executor, and throws elsewhere. */
        static <T, E extends Exception> T guarded(Call<T, E> call) throws E {
            try {
                return call.run();
            } catch (DeviceLostException lost) {
                endExecutor(lost);
                throw lost;
            }
        }

        /** Ends this process if it is an executor of its own; returns in a local run, whose driver must say what happened. */
        private static void endExecutor(DeviceLostException lost) {
            SparkEnv env = SparkEnv.get();
            if (env == null || env.executorId().equals(DRIVER)) {
                return;
            }
            System.err.println("executor " + env.executorId() + " ends with exit code " + EXIT_CODE + ": " + lost.getMessage());
            // No shutdown hooks: they would free what the device no longer has, and Spark's would keep the executor a while.
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }
}
