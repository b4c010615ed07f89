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

    /** Ends this process if it is an executor of its own; returns in a local run, whose driver must say what happened. */
    static void endExecutor(DeviceLostException lost) {
        SparkEnv env = SparkEnv.get();
        if (env == null || env.executorId().equals(DRIVER)) {
            return;
        }
        System.err.println("executor " + env.executorId() + " ends with exit code " + EXIT_CODE + ": " + lost.getMessage());
        // No shutdown hooks: they would free what the device no longer has, and Spark's would keep the executor a while.
        Runtime.getRuntime().halt(EXIT_CODE);
    }
}
