package org.bitdgdm.sample;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bitdgdm.kernels.OpenedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Sha256;

/**
 * The packed model on its way to the executors: its bytes are broadcast once, and unpacked once per executor JVM.
 *
 * <p>Bytes are broadcast, not the object: they are smaller (codes at their own width), hashed, and every executor checks
 * the hash when it unpacks them.
 *
 * @param <M> form of the model
 * @param <D> what it is opened as
 */
public final class ModelBroadcast<M extends PackedNetwork, D extends OpenedModel> implements Serializable, AutoCloseable {
    private static final long serialVersionUID = 1;

    private final Broadcast<byte[]> packed;
    private final String hash;
    private final int bytes;
    private final ModelOpener<M, D> opener;

    /** Packs and broadcasts; driver only. */
    public ModelBroadcast(JavaSparkContext spark, M model, ModelOpener<M, D> opener) {
        byte[] format = PackedModelFormat.toBytes(model);
        this.hash = Sha256.of(format);
        this.bytes = format.length;
        this.packed = spark.broadcast(format);
        this.opener = opener;
    }

    /** SHA-256 of the packed bytes, in hexadecimal. */
    public String hash() {
        return hash;
    }

    /** Bytes sent to each executor. */
    public int bytes() {
        return bytes;
    }

    /** What the executors open. */
    public ModelOpener<M, D> opener() {
        return opener;
    }

    /**
     * This JVM's denoiser for the model, opened by the first task that asks; one call may use {@code spark.task.cpus}
     * threads.
     */
    public ExecutorDenoiser.Lease<D> lease(TaskContext task) {
        int threads = task.cpus();
        return ExecutorDenoiser.lease(hash + "/" + opener.key(threads), () -> {
            M model = opener.unpack(packed.value());
            return new ExecutorDenoiser<>(opener.forTask(task).open(model, threads), OpenedModel::close);
        });
    }

    /**
     * Takes the bytes back from driver and executors, and closes what this JVM itself had opened; driver only. Executors
     * close theirs when they open another model or end.
     */
    @Override
    public void close() {
        packed.destroy();
        ExecutorDenoiser.closeIdle();
    }
}
