package org.bitdgdm.sample;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;
import org.bitdgdm.kernels.Sha256;

/**
 * The packed model of proteins on its way to the executors: bytes, broadcast once, opened once in each JVM and shared by its
 * tasks.
 */
public final class ProteinBroadcast implements Serializable, AutoCloseable {
    private static final long serialVersionUID = 1;

    private final Broadcast<byte[]> packed;
    private final String hash;
    private final int bytes;
    private final BackendOpener opener;

    /** Packs and broadcasts; driver only. */
    public ProteinBroadcast(JavaSparkContext spark, PackedProteinModel model, BackendOpener opener) {
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

    /** What the executors open. */
    public BackendOpener opener() {
        return opener;
    }

    /** Bytes sent to each executor. */
    public int bytes() {
        return bytes;
    }

    /** Opens a model on a backend. */
    public static ProteinDenoiser open(PackedProteinModel model, BackendOpener opener, int threads) {
        return opener.backend() == Backend.REFERENCE ? new ReferenceProteinDenoiser(model)
            : new CpuProteinDenoiser(model, opener.options(threads));
    }

    /** This JVM's denoiser for as long as a task runs. */
    public ProteinDenoiser lease(TaskContext task) {
        ExecutorDenoiser.Lease<ProteinDenoiser> lease = ExecutorDenoiser.lease(hash + "/" + opener.key(task.cpus()), () ->
            new ExecutorDenoiser<>(open(PackedModelFormat.proteinOf(packed.value()), opener, task.cpus()),
                ProteinDenoiser::close));
        task.addTaskCompletionListener(context -> {
            lease.close();
            return null;
        });
        return lease.denoiser();
    }

    /** Takes the bytes back, and closes what this JVM itself had opened; driver only. */
    @Override
    public void close() {
        packed.destroy();
        ExecutorDenoiser.closeIdle();
    }
}
