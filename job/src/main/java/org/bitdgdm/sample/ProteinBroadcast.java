package org.bitdgdm.sample;

import java.io.Serializable;
import java.util.function.Supplier;
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
    /** The one of this JVM; tasks that use it hold a lease. */
    private static Held held;

    private final Broadcast<byte[]> packed;
    private final String hash;
    private final int bytes;
    private final BackendOpener opener;

    private static final class Held {
        private final String key;
        private final ProteinDenoiser denoiser;
        private int leases;
        private boolean retired;

        Held(String key, ProteinDenoiser denoiser) {
            this.key = key;
            this.denoiser = denoiser;
        }

        void retire() {
            retired = true;
            if (leases == 0) {
                denoiser.close();
            }
        }
    }

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
        String key = hash + "/" + opener.key(task.cpus());
        Held mine = lease(key, () -> open(PackedModelFormat.proteinOf(packed.value()), opener, task.cpus()));
        task.addTaskCompletionListener(context -> {
            giveBack(mine);
            return null;
        });
        return mine.denoiser;
    }

    private static synchronized Held lease(String key, Supplier<ProteinDenoiser> open) {
        if (held == null || !held.key.equals(key)) {
            Held made = new Held(key, open.get());
            if (held != null) {
                held.retire();
            }
            held = made;
        }
        held.leases++;
        return held;
    }

    private static synchronized void giveBack(Held lease) {
        lease.leases--;
        if (lease.retired && lease.leases == 0) {
            lease.denoiser.close();
        }
    }

    /** Takes the bytes back, and closes what this JVM itself had opened; driver only. */
    @Override
    public void close() {
        packed.destroy();
        synchronized (ProteinBroadcast.class) {
            if (held != null) {
                held.retire();
                held = null;
            }
        }
    }
}
