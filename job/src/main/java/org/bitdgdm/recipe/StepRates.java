package org.bitdgdm.recipe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.sample.DenoiserOpener;

/**
 * How fast models denoise, measured where they sample: one Spark task opens all of them and takes the same graphs through a
 * few steps from T to 0 with each in turn, so that whatever else the machine does falls on all of them alike.
 */
final class StepRates {
    /** Graphs of a pass at most. */
    private static final int GRAPHS = 32;
    private static final int STEPS = 10;
    /** Passes of each model at least, after one that is not timed. */
    private static final int PASSES = 5;
    /** Passes go on until each model has run so long ... */
    private static final double SECONDS = 2;
    /** ... or so often. */
    private static final int MOST_PASSES = 60;
    private static final long SEED = 0x52617465L;
    private static final double NANOS = 1e-9;

    private StepRates() {
    }

    /**
     * Graph-steps per second of one task, the median over passes.
     *
     * @param models    of one diffusion
     * @param batchSize graphs that the run advances at once
     * @return (models)
     */
    static double[] measure(JavaSparkContext spark, DenoiserOpener opener, List<PackedModel> models, int batchSize) {
        List<byte[]> bytes = new ArrayList<>();
        models.forEach(model -> bytes.add(PackedModelFormat.toBytes(model)));
        Broadcast<List<byte[]>> packed = spark.broadcast(bytes);
        spark.setJobDescription("speed of " + models.size() + " models, " + opener.key());
        try {
            return spark.parallelize(List.of(Math.min(batchSize, GRAPHS)), 1)
                .map(graphs -> inTask(packed.value(), opener, graphs)).first();
        } finally {
            spark.setJobDescription(null);
            packed.destroy();
        }
    }

    private static double[] inTask(List<byte[]> packed, DenoiserOpener opener, int graphs) {
        List<Denoiser> open = new ArrayList<>();
        try {
            for (byte[] model : packed) {
                open.add(opener.forTask(TaskContext.get()).open(PackedModelFormat.fromBytes(model), TaskContext.get().cpus()));
            }
            return passes(open, graphs);
        } finally {
            open.forEach(Denoiser::close);
        }
    }

    private static double[] passes(List<Denoiser> models, int graphs) {
        double[][] seconds = new double[models.size()][MOST_PASSES];
        int passes = -1;
        double least = 0;
        while (passes < PASSES || passes < MOST_PASSES && least < SECONDS) {
            for (int model = 0; model < models.size(); model++) {
                double taken = pass(models.get(model), graphs);
                if (passes >= 0) {
                    seconds[model][passes] = taken;
                }
            }
            passes++;
            int done = passes;
            least = Arrays.stream(seconds).mapToDouble(of -> Arrays.stream(of, 0, done).sum()).min().orElseThrow();
        }
        int count = passes;
        int steps = steps(models.get(0).diffusion());
        return Arrays.stream(seconds).mapToDouble(of -> graphs * steps / median(Arrays.copyOf(of, count))).toArray();
    }

    private static int steps(Diffusion diffusion) {
        return Math.min(STEPS, diffusion.steps());
    }

    private static double pass(Denoiser model, int graphs) {
        Diffusion diffusion = model.diffusion();
        List<Sampler.Step> taken = Sampler.of(diffusion).steps(diffusion, steps(diffusion));
        GraphBatch batch = InitialNoise.draw(diffusion, diffusion.sizes().mode(), LongStream.range(0, graphs).toArray(), SEED,
            model.firstCounter(taken));
        long start = System.nanoTime();
        model.advance(batch, SEED, taken);
        return (System.nanoTime() - start) * NANOS;
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
    }
}
