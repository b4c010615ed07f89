package org.bitdgdm.run;

import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.LongAccumulator;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.metrics.SequenceRows;
import org.bitdgdm.output.ShardContent;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ExecutorDenoiser;
import org.bitdgdm.sample.ModelBroadcast;
import org.bitdgdm.sample.ProteinOpener;
import org.bitdgdm.sample.ShardedJob;

/** One run of sequences: the plan, the broadcast model, and the tasks that turn shards of chains into rows. */
final class DesignJob implements ShardedJob, AutoCloseable {
    private final JavaSparkContext spark;
    private final DesignPlan plan;
    private final DesignTask task;
    private final ModelBroadcast<PackedProteinModel, ProteinDenoiser> model;
    private final LongAccumulator sampled;

    /** Packs and broadcasts the model. */
    DesignJob(JavaSparkContext spark, DesignPlan plan, DesignTask task, PackedProteinModel model, BackendOpener opener) {
        this.spark = spark;
        this.plan = plan;
        this.task = task;
        this.model = new ModelBroadcast<>(spark, model, new ProteinOpener(opener));
        this.sampled = spark.sc().longAccumulator("sequences sampled");
    }

    /** The model as sent. */
    ModelBroadcast<PackedProteinModel, ProteinDenoiser> model() {
        return model;
    }

    /** What each shard has. */
    SortedMap<Integer, ShardContent> contents() {
        SortedMap<Integer, ShardContent> contents = new TreeMap<>();
        plan.shards().forEach(shard -> contents.put(shard.index(), ShardContent.of(shard.firstId(), shard.rows())));
        return contents;
    }

    /** Rows of shards, one partition each in the order given. */
    JavaRDD<Row> rows(List<Integer> shards) {
        DesignTask work = task;
        ModelBroadcast<PackedProteinModel, ProteinDenoiser> broadcast = model;
        LongAccumulator progress = sampled;
        return spark.parallelize(shards.stream().map(plan.shards()::get).toList(), shards.size()).mapPartitions(part -> {
            TaskContext context = TaskContext.get();
            ExecutorDenoiser.Lease<ProteinDenoiser> lease = broadcast.lease(context);
            context.addTaskCompletionListener(completed -> {
                lease.close();
                return null;
            });
            return counted(work.rows(part.next(), lease.denoiser()), progress);
        });
    }

    private static Iterator<Row> counted(Iterator<Row> rows, LongAccumulator progress) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public Row next() {
                Row row = rows.next();
                if (!row.isNullAt(SequenceRows.SAMPLE)) {
                    progress.add(1);
                }
                return row;
            }
        };
    }

    @Override
    public JavaSparkContext spark() {
        return spark;
    }

    @Override
    public String unit() {
        return "sequences";
    }

    @Override
    public long count() {
        return plan.shards().stream().mapToLong(DesignPlan.Shard::sequences).sum();
    }

    @Override
    public long count(int shard) {
        return plan.shards().get(shard).sequences();
    }

    @Override
    public long sampledAccumulator() {
        return sampled.id();
    }

    @Override
    public String description(long sequences) {
        return "design " + sequences + " sequences, " + task.steps() + " steps, " + model.opener().key();
    }

    @Override
    public void close() {
        model.close();
    }
}
