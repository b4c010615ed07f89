package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.DeviceLostException;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.LosingOpener;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A lost GPU ends the executor that owned it, whatever it was asked for, and its tasks are done elsewhere. */
class LostDeviceTest {
    private static final PackedModel MODEL = TinyModel.packed(1);
    private static final int WAIT_MILLIS = 30_000;
    private static final int POLL_MILLIS = 50;

    @TempDir
    Path folder;
    private final Queue<String> removed = new ConcurrentLinkedQueue<>();

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void anExecutorEndsWithItsOwnExitCodeAndAnotherOneDoesItsTasks() throws Exception {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(
            TestSpark.on("local-cluster[2,1,1024]").getOrCreate().sparkContext());
        spark.sc().addSparkListener(new SparkListener() {
            @Override
            public void onExecutorRemoved(SparkListenerExecutorRemoved event) {
                removed.add(event.reason());
            }
        });
        ends((opener, lose) -> sampled(spark, opener, lose), new LosingOpener(folder.resolve("call").toString(), false));
        ends((opener, lose) -> sampled(spark, opener, lose), new LosingOpener(folder.resolve("opening").toString(), true));
        // Not only sampling uses the device.
        ends((opener, lose) -> compared(spark, opener, lose), new LosingOpener(folder.resolve("probe").toString(), false));
        ends((opener, lose) -> scanned(spark, opener, lose), new LosingOpener(folder.resolve("scan").toString(), false));
    }

    /** What one executor loses its device during; the second argument is called when it may. */
    private <T> void ends(BiFunction<DenoiserOpener, Runnable, T> work, LosingOpener losing) throws InterruptedException {
        T expected = work.apply(TestOpener.plain(), () -> { });
        assertThat(removed).isEmpty();
        assertThat(work.apply(losing, losing::lose)).isEqualTo(expected);
        assertThat(Path.of(losing.fault())).as("a device was lost").doesNotExist();
        // Spark's listeners may hear of it later than the work ends.
        for (int waited = 0; removed.isEmpty() && waited < WAIT_MILLIS; waited += POLL_MILLIS) {
            Thread.sleep(POLL_MILLIS);
        }
        assertThat(removed).singleElement().asString().contains("exited with code 71");
        removed.clear();
    }

    private static List<String> sampled(JavaSparkContext spark, DenoiserOpener opener, Runnable lose) {
        lose.run();
        SampleConf conf = new SampleConf(12, 3, "uniform", 7, 2, 3, "reference", "auto", "fp32", "");
        try (SampleJob job = new SampleJob(spark, MODEL, conf, opener)) {
            return job.graphs().map(graph -> graph.id() + " " + Arrays.toString(graph.nodes())
                + Arrays.toString(graph.edges())).collect();
        }
    }

    private static FidelityReport compared(JavaSparkContext spark, DenoiserOpener opener, Runnable lose) {
        lose.run();
        try (var probe = FidelityProbe.ofGraphs(spark, MODEL, new FidelityConf(4, 2), opener, false)) {
            return probe.measure(TinyModel.packed(2));
        }
    }

    private static List<SensitivityScan.OfLayer> scanned(JavaSparkContext spark, DenoiserOpener opener, Runnable lose) {
        PackedModel quantized = Quantization.quantize(new Calibrations(MODEL, 1, ReferenceDenoiser::new),
            TestRecipes.recipe("method=rtn,weight-bits=3,activation-bits=3,rank=1,alpha=0,residual=0,"
                + "intermediate-bits=32,activation-scale=row,calibration-graphs=1,calibration-steps=1")).model();
        try (var scan = SensitivityScan.ofGraphs(spark, MODEL, new FidelityConf(2, 2), opener)) {
            lose.run();
            return scan.measure(quantized);
        }
    }

    /** A driver that ran the tasks itself must say what happened. */
    @Test
    void aProcessThatIsNoExecutorFails() {
        LosingOpener opening = new LosingOpener(folder.resolve("opening").toString(), true);
        opening.lose();
        assertThatThrownBy(() -> opening.open(MODEL, 1)).isInstanceOf(DeviceLostException.class)
            .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS while opening the model; the device cannot be used");
        LosingOpener call = new LosingOpener(folder.resolve("call").toString(), false);
        call.lose();
        Denoiser denoiser = call.open(MODEL, 1);
        GraphBatch batch = InitialNoise.draw(MODEL.diffusion(), 3, new long[] {1, 2}, 5);
        assertThatThrownBy(() -> denoiser.advance(batch, 5, new int[] {3, 2})).isInstanceOf(DeviceLostException.class)
            .hasMessageContaining("while advancing 2 graphs of 3 nodes");
        denoiser.close();
    }
}
