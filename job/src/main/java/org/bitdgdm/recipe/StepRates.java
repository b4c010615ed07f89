package org.bitdgdm.recipe;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.OpenedModel;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.ModelOpener;

/**
 * How fast models denoise, measured where they sample: one Spark task opens all of them and takes the same graphs, or sequences
 * for the same backbone, through a few steps with each in turn, so that whatever else the machine does falls on all of them
 * alike.
 */
final class StepRates {
    /** Graphs or sequences of a pass at most. */
    private static final int MOST = 32;
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
     * What is done with each model in turn.
     *
     * @param <D> what it is opened as
     */
    interface Pass<D extends OpenedModel> extends Serializable {
        /** Does it, and says how long it has taken. */
        double seconds(D model);

        /** Steps of all graphs or sequences of it together. */
        int steps(D model);
    }

    /**
     * Graphs from T to 0.
     *
     * @param graphs at once
     */
    private record OfGraphs(int graphs) implements Pass<Denoiser> {
        @Override
        public double seconds(Denoiser model) {
            Diffusion diffusion = model.diffusion();
            List<Sampler.Step> taken = Sampler.of(diffusion).steps(diffusion, each(model));
            long[] ids = LongStream.range(0, graphs).toArray();
            GraphBatch batch = InitialNoise.draw(diffusion, diffusion.sizes().mode(), ids, SEED, model.firstCounter(taken));
            long start = System.nanoTime();
            model.advance(batch, SEED, taken);
            return (System.nanoTime() - start) * NANOS;
        }

        private static int each(Denoiser model) {
            return Math.min(STEPS, model.diffusion().steps());
        }

        @Override
        public int steps(Denoiser model) {
            return graphs * each(model);
        }
    }

    /**
     * Evaluations of native sequences for a backbone, for which its edges are computed before.
     *
     * @param sequences at once
     */
    record OfSequences(FidelityProbe.Backbone backbone, int sequences) implements Pass<ProteinDenoiser> {
        OfSequences {
            sequences = Math.min(sequences, MOST);
        }

        @Override
        public double seconds(ProteinDenoiser model) {
            ProteinGraph protein = backbone.read();
            int n = protein.residues();
            byte[] all = new byte[sequences * n];
            for (int at = 0; at < all.length; at++) {
                all[at] = protein.sequence()[at % n];
            }
            float[] logits = new float[all.length * ResidueDiffusion.CLASSES];
            int most = model.diffusion().steps();
            try (ProteinDenoiser.Conditioned network = model.condition(protein)) {
                network.logits(all, most, logits);
                long start = System.nanoTime();
                for (int step = 0; step < STEPS; step++) {
                    network.logits(all, most, logits);
                }
                return (System.nanoTime() - start) * NANOS;
            }
        }

        @Override
        public int steps(ProteinDenoiser model) {
            return sequences * STEPS;
        }
    }

    /**
     * Graph-steps per second of one task, the median over passes.
     *
     * @param models    of one diffusion
     * @param batchSize graphs that the run advances at once
     * @return (models)
     */
    static double[] measure(JavaSparkContext spark, DenoiserOpener opener, List<PackedModel> models, int batchSize) {
        return measure(spark, opener, models, new OfGraphs(Math.min(batchSize, MOST)));
    }

    /** The same of any pass. */
    static <M extends PackedNetwork, D extends OpenedModel> double[] measure(JavaSparkContext spark, ModelOpener<M, D> opener,
                                                                             List<M> models, Pass<D> pass) {
        List<byte[]> bytes = new ArrayList<>();
        models.forEach(model -> bytes.add(PackedModelFormat.toBytes(model)));
        Broadcast<List<byte[]>> packed = spark.broadcast(bytes);
        spark.setJobDescription("speed of " + models.size() + " models, " + opener.key());
        try {
            return spark.parallelize(List.of(pass), 1).map(some -> inTask(packed.value(), opener, some)).first();
        } finally {
            spark.setJobDescription(null);
            packed.destroy();
        }
    }

    private static <M extends PackedNetwork, D extends OpenedModel> double[] inTask(List<byte[]> packed,
                                                                                    ModelOpener<M, D> opener, Pass<D> pass) {
        List<D> open = new ArrayList<>();
        try {
            for (byte[] model : packed) {
                open.add(opener.forTask(TaskContext.get()).open(opener.unpack(model), TaskContext.get().cpus()));
            }
            return passes(open, pass);
        } finally {
            open.forEach(OpenedModel::close);
        }
    }

    private static <D extends OpenedModel> double[] passes(List<D> models, Pass<D> pass) {
        double[][] seconds = new double[models.size()][MOST_PASSES];
        int passes = -1;
        double least = 0;
        while (passes < PASSES || passes < MOST_PASSES && least < SECONDS) {
            for (int model = 0; model < models.size(); model++) {
                double taken = pass.seconds(models.get(model));
                if (passes >= 0) {
                    seconds[model][passes] = taken;
                }
            }
            passes++;
            int done = passes;
            least = Arrays.stream(seconds).mapToDouble(of -> Arrays.stream(of, 0, done).sum()).min().orElseThrow();
        }
        int count = passes;
        int steps = pass.steps(models.get(0));
        return Arrays.stream(seconds).mapToDouble(of -> steps / median(Arrays.copyOf(of, count))).toArray();
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
    }
}
