package org.bitdgdm.sample;

import java.io.Serializable;

import org.apache.spark.TaskContext;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;

/** How an executor opens its denoiser; travels with the tasks. */
public interface DenoiserOpener extends Serializable {

    /**
     * Opens a denoiser on this machine.
     *
     * @param model   unpacked model
     * @param threads threads that one call may use, {@code spark.task.cpus}
     */
    Denoiser open(PackedModel model, int threads);

    /** The opener for a task's executor, which may own a device that the driver does not know. */
    default DenoiserOpener forTask(TaskContext task) {
        return this;
    }

    /** What is opened, for job descriptions; two openers of equal key open the same thing. */
    String key();

    /** The same for what is opened for calls of so many threads. */
    default String key(int threads) {
        return key() + "/" + threads;
    }
}
