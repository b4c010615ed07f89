package org.bitdgdm.sample;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.PackedModel;

/**
 * Opens one of the backends of the kernels.
 *
 * <p>{@code auto} is resolved once, on the driver: an executor that lacks what the driver picked fails instead of drawing
 * other graphs. The instruction set may stay {@code auto}, because all of them give the same bits.
 *
 * @param backend         the backend, never {@link Backend#AUTO}
 * @param cpuIsa          {@code auto}, {@code scalar}, {@code avx2} or {@code avx512}
 * @param nativeDirectory folder for native libraries; empty: the temporary folder
 * @param cudaDevice      position of the GPU among those that the process sees; {@link #forTask} finds it
 * @param cudaPrecision   {@code fp32} or {@code bf16}
 * @param cudaCapability  compute capability of the run's GPUs; empty before {@link #onDevices}, and for other backends
 */
public record BackendOpener(Backend backend, String cpuIsa, String nativeDirectory, int cudaDevice, String cudaPrecision,
                            String cudaCapability) implements DenoiserOpener {

    public BackendOpener {
        if (backend == Backend.AUTO) {
            throw new IllegalArgumentException("a backend must be resolved before it is sent to executors, found auto");
        }
    }

    /** In FP32 on the first GPU, where the backend is {@code cuda}. */
    public BackendOpener(Backend backend, String cpuIsa, String nativeDirectory) {
        this(backend, cpuIsa, nativeDirectory, 0, "fp32", "");
    }

    /**
     * The opener that a configuration asks for. {@code auto} is what this machine can run where the tasks run here; on a
     * cluster it is {@code cuda} if executors are asked to own a GPU, whatever the driver has.
     *
     * @param spark settings of the application
     */
    public static BackendOpener of(SampleConf conf, SparkConf spark) {
        Backend backend = Backend.of(conf.backend());
        if (backend == Backend.AUTO && !Executors.isLocal(spark)) {
            backend = GpuAddress.requested(spark) ? Backend.CUDA : Backend.CPU;
        }
        // The folder of the native library counts here too: with the temporary one, auto may find no backend.
        BackendOpener asked = new BackendOpener(Backend.CPU, conf.cpuIsa(), conf.nativeDirectory(), 0, conf.cudaPrecision(),
            "");
        return new BackendOpener(Denoisers.resolve(backend, asked.options(1)), conf.cpuIsa(), conf.nativeDirectory(), 0,
            conf.cudaPrecision(), "");
    }

    /**
     * Looks for JCuda's library where tasks run in this process and may use a GPU: before Spark starts, whose folders would
     * else be made in the one that JCuda has for a moment.
     */
    public static void prepare(SampleConf conf, SparkConf spark) {
        Backend backend = Backend.of(conf.backend());
        if ((backend == Backend.AUTO || backend == Backend.CUDA) && Executors.isLocal(spark)) {
            Denoisers.prepareCuda(new BackendOpener(Backend.CUDA, conf.cpuIsa(), conf.nativeDirectory()).options(1));
        }
    }

    /**
     * What will run, for example {@code cpu (avx512)}; checked here, or on the executors where those own the GPUs.
     *
     * @param threads threads that one call may use
     * @param spark   settings of the application
     * @throws org.bitdgdm.kernels.KernelException if the backend cannot be used; the message says what was looked for
     */
    public String probe(int threads, SparkConf spark) {
        if (backend == Backend.CUDA) {
            GpuAddress.requireSettings(spark);
            if (!Executors.isLocal(spark)) {
                return "cuda (one GPU of each executor)";
            }
        }
        return Denoisers.probe(backend, options(threads));
    }

    /** What activations are recorded on: the cpu in place of the GPU, which a cluster's driver does not have. */
    public BackendOpener forCalibration() {
        return backend == Backend.CUDA ? new BackendOpener(Backend.CPU, cpuIsa, nativeDirectory) : this;
    }

    @Override
    public BackendOpener forTask(TaskContext task) {
        return backend != Backend.CUDA ? this : new BackendOpener(backend, cpuIsa, nativeDirectory,
            GpuAddress.ordinal(task, SparkEnv.get().conf()), cudaPrecision, cudaCapability);
    }

    /** What the kernels take, for so many threads. */
    public BackendOptions options(int threads) {
        return new BackendOptions(threads, cpuIsa, nativeDirectory.isEmpty() ? null : Path.of(nativeDirectory),
            cudaDevice, cudaPrecision, cudaCapability);
    }

    /**
     * This opener for one kind of GPU, that of the executor which is asked: it decides the graphs, so the others must have
     * the same. Any other backend is as it was.
     */
    public BackendOpener onDevices(JavaSparkContext spark) {
        if (backend != Backend.CUDA) {
            return this;
        }
        String capability = spark.parallelize(List.of(this), 1)
            .map(opener -> GuardedDenoiser.Loss.guarded(() ->
                Denoisers.cudaCapability(opener.forTask(TaskContext.get()).options(1)))).first();
        return new BackendOpener(backend, cpuIsa, nativeDirectory, cudaDevice, cudaPrecision, capability);
    }

    @Override
    public Denoiser open(PackedModel model, int threads) {
        return backend == Backend.CUDA ? GuardedDenoiser.open(() -> Denoisers.open(backend, model, options(threads)))
            : Denoisers.open(backend, model, options(threads));
    }

    /** What of the backend decides the graphs, for fingerprints of runs. */
    public String identity() {
        return backend == Backend.CUDA ? key() : backend.label();
    }

    @Override
    public String key() {
        if (backend == Backend.CUDA) {
            return backend.label() + " (" + (cudaCapability.isEmpty() ? "" : "compute capability " + cudaCapability + ", ")
                + cudaPrecision + ")";
        }
        return backend == Backend.CPU ? backend.label() + " (" + cpuIsa + ")" : backend.label();
    }

    /** A model on a device serves any number of threads. */
    @Override
    public String key(int threads) {
        return backend == Backend.CUDA ? key() : DenoiserOpener.super.key(threads);
    }
}
