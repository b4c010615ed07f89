package org.bitdgdm.sample;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.PackedModel;

/**
 * One sampling run: the plan, the broadcast model, and the tasks that turn shards into graphs. Closing it takes the
 * broadcast back.
 */
public final class SampleJob implements ShardedJob, AutoCloseable {
    /** Name of the accumulator of graphs, as the Spark UI shows it; for progress only, retries count twice. */
    static final String GRAPHS_SAMPLED = "graphs sampled";

    private final JavaSparkContext spark;
    private final SampleConf conf;
    private final ShardPlan plan;
    private final Optional<FixedPart> fixed;
    private final ModelBroadcast<PackedModel, Denoiser> model;
    private final LongAccumulator sampled;

    /** Graphs without a part in common. */
    public SampleJob(JavaSparkContext spark, PackedModel model, SampleConf conf, DenoiserOpener opener) {
        this(spark, model, conf, Optional.empty(), opener);
    }

    /**
     * Packs and broadcasts the model; it is not needed on the driver, or on its disk, any more.
     *
     * @param fixed what every graph holds
     */
    public SampleJob(JavaSparkContext spark, PackedModel model, SampleConf conf, Optional<FixedPart> fixed,
                     DenoiserOpener opener) {
        // Refuses more steps than the model has here, not in every task.
        ShardSampler.steps(conf, model.diffusion());
        this.spark = spark;
        this.conf = conf;
        this.fixed = fixed;
        this.plan = ShardPlan.of(conf);
        this.model = new ModelBroadcast<>(spark, model, opener);
        this.sampled = spark.sc().longAccumulator(GRAPHS_SAMPLED);
    }

    /** The shards of the run. */
    public ShardPlan plan() {
        return plan;
    }

    /** What is sampled. */
    public SampleConf conf() {
        return conf;
    }

    /** The model as sent. */
    public ModelBroadcast<PackedModel, Denoiser> model() {
        return model;
    }

    @Override
    public String unit() {
        return "graphs";
    }

    @Override
    public long count() {
        return plan.count();
    }

    @Override
    public long count(int shard) {
        return plan.shard(shard).count();
    }

    @Override
    public String description(long graphs) {
        return "sample " + graphs + " graphs, " + conf.steps() + " steps, " + model.opener().key();
    }

    /**
     * Samples shards, one partition each in the order given, and maps each in its own task.
     *
     * @param shards positions in the plan
     * @param map    takes the batches of one shard as they are finished; serializable
     */
    public <T> JavaRDD<T> map(List<Integer> shards, ShardFunction<T> map) {
        ShardPlan cut = plan;
        ShardSampler sampler = new ShardSampler(conf, fixed);
        ModelBroadcast<PackedModel, Denoiser> broadcast = model;
        LongAccumulator progress = sampled;
        // parallelize cuts a list into as many slices as it has entries: slice i holds entry i.
        return spark.parallelize(shards, shards.size()).mapPartitions(indexes -> {
            ShardPlan.Shard shard = cut.shard(indexes.next());
            return map.call(shard, counted(BatchStream.open(shard, sampler, broadcast, TaskContext.get()), progress));
        });
    }

    private static Iterator<List<Graph>> counted(BatchStream batches, LongAccumulator progress) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return batches.hasNext();
            }

            @Override
            public List<Graph> next() {
                List<Graph> batch = batches.next();
                progress.add(batch.size());
                return batch;
            }
        };
    }

    /** What a task does with the batches of a shard. */
    @FunctionalInterface
    public interface ShardFunction<T> extends java.io.Serializable {
        /** @param batches of the shard, each of graphs of one size, in no particular order of ids */
        Iterator<T> call(ShardPlan.Shard shard, Iterator<List<Graph>> batches) throws Exception;
    }

    /** All graphs, without files; ids ascend. */
    public JavaRDD<Graph> graphs() {
        return map(IntStream.range(0, plan.shards()).boxed().toList(), (shard, batches) -> {
            Graph[] graphs = new Graph[shard.count()];
            batches.forEachRemaining(batch ->
                batch.forEach(graph -> graphs[(int) (graph.id() - shard.firstId())] = graph));
            return List.of(graphs).iterator();
        });
    }

    @Override
    public long sampledAccumulator() {
        return sampled.id();
    }

    @Override
    public JavaSparkContext spark() {
        return spark;
    }

    @Override
    public void close() {
        model.close();
    }
}
