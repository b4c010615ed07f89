package org.bitdgdm.sample;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import org.bitdgdm.kernels.OpenedModel;
import org.bitdgdm.kernels.PackedNetwork;

/**
 * How an executor opens a packed model; travels with the tasks.
 *
 * @param <M> form of the model
 * @param <D> what it is opened as
 */
public interface ModelOpener<M extends PackedNetwork, D extends OpenedModel> extends Serializable {

    /**
     * Opens a model on this machine.
     *
     * @param model   unpacked model
     * @param threads threads that one call may use, {@code spark.task.cpus}
     */
    D open(M model, int threads);

    /**
     * The model that bytes hold.
     *
     * @throws IllegalArgumentException if they hold none of this form
     */
    M unpack(byte[] packed);

    /** The opener for a task's executor, which may own a device that the driver does not know. */
    default ModelOpener<M, D> forTask(TaskContext task) {
        return this;
    }

    /** What is opened, for job descriptions; two openers of equal key open the same thing. */
    String key();

    /** The same for what is opened for calls of so many threads. */
    default String key(int threads) {
        return key() + "/" + threads;
    }
}
