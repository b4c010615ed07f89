package org.bitdgdm.fidelity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SizeGroup;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.ExecutorDenoiser;
import org.bitdgdm.sample.ModelBroadcast;

/**
 * Compares quantized models with one full-precision model, as Spark tasks. Both run on the same backend, so that what
 * differs is the quantization alone: a model compared with itself has divergence 0.
 *
 * <p>Graphs and random numbers are always the same ones, whatever a run's seed, so that numbers of different runs compare.
 */
public final class FidelityProbe implements AutoCloseable {
    /** Key of the random draws; apart from the calibration's and from the small numbers that users pick for runs. */
    public static final long SEED = 0x46696465_6C697479L;
    /** Graphs of one task at most: enough to be worth a call, few enough to share out. */
    private static final int BATCH = 8;

    private final JavaSparkContext spark;
    private final DenoiserOpener opener;
    private final ModelBroadcast full;
    private final ArrayList<Sampler.Step> steps;
    private final long seed;
    private final JavaRDD<Trajectory> trajectories;

    /**
     * Plans the trajectories; they are computed by the first comparison.
     *
     * @param model in full precision
     * @param conf  how much to compare
     * @param keep  whether executors keep the trajectories for further comparisons, in memory and on disk
     */
    public FidelityProbe(JavaSparkContext spark, PackedModel model, FidelityConf conf, DenoiserOpener opener, boolean keep) {
        this(spark, model, conf, opener, keep, SEED);
    }

    /**
     * The same along other graphs, for what must not be judged by those that it was chosen by.
     *
     * @param seed key of their random draws
     */
    public FidelityProbe(JavaSparkContext spark, PackedModel model, FidelityConf conf, DenoiserOpener opener, boolean keep,
                         long seed) {
        this.spark = spark;
        this.seed = seed;
        this.opener = opener;
        this.steps = new ArrayList<>(Sampler.of(model.diffusion()).steps(model.diffusion(), conf.steps()));
        this.full = new ModelBroadcast(spark, model, opener);
        this.trajectories = trajectories(batches(model.diffusion(), conf.graphs()));
        if (keep) {
            trajectories.persist(StorageLevel.MEMORY_AND_DISK());
        }
    }

    /**
     * Refuses more steps than the model has; a run asks before it does anything else.
     *
     * @param option that says how many
     * @throws InputException naming the option
     */
    public static void checkSteps(String option, int steps, Diffusion diffusion) {
        if (steps > diffusion.mostSteps()) {
            throw new InputException(option + " must be at most " + diffusion.mostSteps() + ", the "
                + (diffusion.schedule().linear() ? "most of a flow" : "diffusion steps of the model") + ", found " + steps);
        }
    }

    private JavaRDD<Trajectory> trajectories(List<SizeGroup> batches) {
        long key = seed;
        ModelBroadcast model = full;
        ArrayList<Sampler.Step> taken = steps;
        return spark.parallelize(batches, batches.size()).map(batch -> {
            try (ExecutorDenoiser.Lease<Denoiser> lease = model.lease(TaskContext.get())) {
                return Trajectory.of(lease.denoiser(), lease.denoiser().diffusion(), batch.n(), batch.ids(), key, taken);
            }
        });
    }

    private List<SizeGroup> batches(Diffusion diffusion, int graphs) {
        return SizeGroup.of(diffusion, seed, 0, graphs).stream().flatMap(group -> group.parts(BATCH).stream()).toList();
    }

    /** The trajectories, on the driver, in a fixed order. */
    List<Trajectory> collect() {
        spark.setJobDescription("full-precision trajectories: " + steps.size() + " steps, " + opener.key());
        try {
            return trajectories.collect();
        } finally {
            spark.setJobDescription(null);
        }
    }

    /** Compares a model of the same architecture and diffusion. */
    public FidelityReport measure(PackedModel quantized) {
        ModelBroadcast other = new ModelBroadcast(spark, quantized, opener);
        int[] rangeOf = FidelityReport.rangeOf(steps.size());
        spark.setJobDescription("fidelity: " + steps.size() + " steps, " + opener.key());
        try {
            List<FidelityReport.OfGraph> graphs = new ArrayList<>(trajectories.flatMap(trajectory -> {
                try (ExecutorDenoiser.Lease<Denoiser> lease = other.lease(TaskContext.get())) {
                    return trajectory.compare(lease.denoiser(), rangeOf).iterator();
                }
            }).collect());
            graphs.sort(Comparator.comparingLong(FidelityReport.OfGraph::id));
            return FidelityReport.of(steps.stream().mapToInt(Sampler.Step::at).toArray(), seed, graphs);
        } finally {
            spark.setJobDescription(null);
            other.destroy();
        }
    }

    /** Takes the model and kept trajectories back from the executors. */
    @Override
    public void close() {
        trajectories.unpersist(false);
        full.destroy();
    }
}
