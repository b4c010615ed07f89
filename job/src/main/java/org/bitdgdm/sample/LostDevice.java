package org.bitdgdm.sample;

import org.apache.spark.SparkEnv;
import org.bitdgdm.kernels.DeviceLostException;

/** What an executor does whose GPU is lost: it ends, so that Spark runs its tasks in another process. */
final class LostDevice {
    /** Exit code of an executor whose GPU is lost; Spark shows it. */
    static final int EXIT_CODE = 71;
    /** Executor id of a process that is the driver too. */
    private static final String DRIVER = "driver";

    private LostDevice() {
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
