package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.OpenedModel;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SizeGroup;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.ExecutorDenoiser;
import org.bitdgdm.sample.ModelBroadcast;
import org.bitdgdm.sample.ModelOpener;
import org.bitdgdm.sample.ProteinOpener;
import org.bitdgdm.sample.ShardSampler;

/**
 * Compares quantized models with one full-precision model, as Spark tasks. Both run on the same backend, so that what
 * differs is the quantization alone: a model compared with itself has divergence 0.
 *
 * <p>Graphs and random numbers are always the same ones, whatever a run's seed, so that numbers of different runs compare.
 *
 * @param <M> form of the models
 * @param <D> what they are opened as
 */
public final class FidelityProbe<M extends PackedNetwork, D extends OpenedModel> implements AutoCloseable {
    /** Key of the random draws; apart from the calibration's and from the small numbers that users pick for runs. */
    public static final long SEED = 0x46696465_6C697479L;
    /** Graphs of one task at most: enough to be worth a call, few enough to share out. */
    private static final int BATCH = 8;

    private final JavaSparkContext spark;
    private final ModelOpener<M, D> opener;
    private final ModelBroadcast<M, D> full;
    /** Times that the steps begin at. */
    private final int[] times;
    private final long seed;
    private final JavaRDD<Walk<D>> walks;

    private FidelityProbe(JavaSparkContext spark, M model, ModelOpener<M, D> opener, List<? extends Walk.Start<D>> starts,
                          int[] times, long seed, boolean keep) {
        this.spark = spark;
        this.opener = opener;
        this.times = times;
        this.seed = seed;
        this.full = new ModelBroadcast<>(spark, model, opener);
        ModelBroadcast<M, D> broadcast = full;
        this.walks = spark.parallelize(starts, starts.size()).map(start -> {
            try (ExecutorDenoiser.Lease<D> lease = broadcast.lease(TaskContext.get())) {
                return start.walk(lease.denoiser());
            }
        });
        if (keep) {
            walks.persist(StorageLevel.MEMORY_AND_DISK());
        }
    }

    /**
     * Plans trajectories of graphs, by the sampler of the run; they are computed by the first comparison.
     *
     * @param model in full precision
     * @param conf  how much to compare, see {@link #checkSteps}
     * @param keep  whether executors keep the trajectories for further comparisons, in memory and on disk
     */
    public static FidelityProbe<PackedModel, Denoiser> ofGraphs(JavaSparkContext spark, PackedModel model, FidelityConf conf,
                                                                DenoiserOpener opener, boolean keep) {
        return ofGraphs(spark, model, conf, opener, keep, SEED);
    }

    /**
     * The same along other graphs, for what must not be judged by those that it was chosen by.
     *
     * @param seed key of their random draws
     */
    public static FidelityProbe<PackedModel, Denoiser> ofGraphs(JavaSparkContext spark, PackedModel model, FidelityConf conf,
                                                                DenoiserOpener opener, boolean keep, long seed) {
        ArrayList<Sampler.Step> steps = new ArrayList<>(
            sampler(conf, model.diffusion()).steps(model.diffusion(), conf.steps()));
        List<OfSize> starts = SizeGroup.of(model.diffusion(), seed, 0, conf.graphs()).stream()
            .flatMap(group -> group.parts(BATCH).stream()).map(batch -> new OfSize(batch, seed, steps)).toList();
        return new FidelityProbe<>(spark, model, opener, starts, steps.stream().mapToInt(Sampler.Step::at).toArray(), seed,
            keep);
    }

    /** Where trajectories of graphs of one size begin. */
    private record OfSize(SizeGroup batch, long seed, ArrayList<Sampler.Step> steps) implements Walk.Start<Denoiser> {
        @Override
        public Walk<Denoiser> walk(Denoiser full) {
            return Trajectory.of(full, full.diffusion(), batch.n(), batch.ids(), seed, steps);
        }
    }

    /**
     * Plans trajectories of sequences, one for each backbone in turn until there are as many as asked for.
     *
     * @param model     in full precision
     * @param backbones at least one
     * @param conf      sequences, and evaluations of each, which must divide T
     * @param keep      whether executors keep the trajectories for further comparisons, in memory and on disk
     */
    public static FidelityProbe<PackedProteinModel, ProteinDenoiser> ofProteins(
        JavaSparkContext spark, PackedProteinModel model, List<Backbone> backbones, FidelityConf conf, ProteinOpener opener,
        boolean keep) {
        return ofProteins(spark, model, backbones, conf, opener, keep, SEED);
    }

    /** The same along other sequences; {@code seed} is the key of their random draws. */
    public static FidelityProbe<PackedProteinModel, ProteinDenoiser> ofProteins(
        JavaSparkContext spark, PackedProteinModel model, List<Backbone> backbones, FidelityConf conf, ProteinOpener opener,
        boolean keep, long seed) {
        List<SequenceTrajectory.Start> starts = IntStream.range(0, conf.graphs()).mapToObj(id -> {
            Backbone backbone = backbones.get(id % backbones.size());
            return new SequenceTrajectory.Start(id, backbone, backbone.key(), id / backbones.size(), conf.steps(), seed);
        }).toList();
        int[] times = Arrays.copyOf(model.diffusion().times(conf.steps()), conf.steps());
        return new FidelityProbe<>(spark, model, opener, starts, times, seed, keep);
    }

    /** A backbone that is read where it is needed. */
    public interface Backbone extends Serializable {
        /** Key of its draws. */
        long key();

        /** Reads it. */
        ProteinGraph read();
    }

    /** The sampler that graphs of a comparison are made with. */
    public static Sampler sampler(FidelityConf conf, Diffusion diffusion) {
        return ShardSampler.sampler(conf.sampler(), conf.schedule(), diffusion);
    }

    /**
     * Refuses steps that the sampler of a comparison cannot take; a run asks before it does anything else.
     *
     * @param option that says how many
     * @throws InputException naming the option
     */
    public static void checkSteps(String option, FidelityConf conf, Diffusion diffusion) {
        Sampler sampler = sampler(conf, diffusion);
        if (conf.steps() < sampler.fewestSteps()) {
            throw new InputException(option + " must be at least " + sampler.fewestSteps() + ", the fewest of the sampler "
                + ShardSampler.name(conf.sampler(), diffusion) + ", found " + conf.steps());
        }
        checkSteps(option, conf.steps(), sampler, diffusion);
    }

    /** Refuses more steps than a sampler can take. */
    public static void checkSteps(String option, int steps, Sampler sampler, Diffusion diffusion) {
        int most = sampler.mostSteps(diffusion);
        if (steps > most) {
            throw new InputException(option + " must be at most " + most + ", the " + switch (sampler.rule()) {
                case POSTERIOR -> "diffusion steps of the model";
                case LEAP -> "most of leaps";
                default -> "most of a flow";
            } + ", found " + steps);
        }
    }

    /** The trajectories, on the driver, in a fixed order. */
    List<Walk<D>> collect() {
        spark.setJobDescription("full-precision trajectories: " + times.length + " steps, " + opener.key());
        try {
            return walks.collect();
        } finally {
            spark.setJobDescription(null);
        }
    }

    /** Compares a model of the same architecture and diffusion. */
    public FidelityReport measure(M quantized) {
        ModelBroadcast<M, D> other = new ModelBroadcast<>(spark, quantized, opener);
        int[] rangeOf = FidelityReport.rangeOf(times.length);
        spark.setJobDescription("fidelity: " + times.length + " steps, " + opener.key());
        try {
            List<FidelityReport.OfGraph> graphs = new ArrayList<>(walks.flatMap(walk -> {
                try (ExecutorDenoiser.Lease<D> lease = other.lease(TaskContext.get())) {
                    return walk.compare(lease.denoiser(), rangeOf).iterator();
                }
            }).collect());
            graphs.sort(Comparator.comparingLong(FidelityReport.OfGraph::id));
            return FidelityReport.of(times, seed, graphs);
        } finally {
            spark.setJobDescription(null);
            other.close();
        }
    }

    /** Takes the model and kept trajectories back from the executors. */
    @Override
    public void close() {
        walks.unpersist(false);
        full.close();
    }
}
