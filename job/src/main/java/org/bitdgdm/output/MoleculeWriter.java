package org.bitdgdm.output;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.SamplingCost;
import org.bitdgdm.sample.SamplingProgress;
import org.bitdgdm.sample.ShardPlan;
import org.bitdgdm.sample.ShardedJob;

/** Samples the missing shards of a run, scores them in the same tasks, and commits each as one Parquet file. */
public final class MoleculeWriter {
    private MoleculeWriter() {
    }

    /**
     * Makes what is missing of the rows of graphs, scored in the tasks that sample them.
     *
     * @param spark   session of {@code job}'s context
     * @param job     the run
     * @param folder  its folder, begun
     * @param family  of the model's graphs
     * @param console where progress is printed
     * @throws InputException if executors write where the driver does not see it
     */
    public static RunTimings.Sampled write(SparkSession spark, SampleJob job, OutputFolder folder, GraphFamily family,
                                   PrintStream console) throws IOException, InterruptedException {
        SortedMap<Integer, ShardContent> shards = new TreeMap<>();
        for (int shard = 0; shard < job.plan().shards(); shard++) {
            shards.put(shard, ShardContent.of(job.plan().shard(shard)));
        }
        return write(spark, job, shards, missing -> job.map(missing, (shard, batches) ->
            ofShard(shard, batches, family.scorer())), family.schema(), folder, console);
    }

    /** Makes rows of shards. */
    @FunctionalInterface
    public interface Rows {
        /** @return one partition for each of {@code shards}, in their order */
        JavaRDD<Row> of(List<Integer> shards);
    }

    /**
     * Makes what is missing of the rows of any job.
     *
     * <p>A task that fails is retried by Spark and writes the same rows. If the run fails for good, committed shards stay,
     * and the next start makes the others.
     *
     * @param shards what each shard of the run has
     * @param rows   makes those of some
     * @param schema of the rows, {@code graph_id} among the columns
     * @throws InputException if executors write where the driver does not see it
     */
    public static RunTimings.Sampled write(SparkSession spark, ShardedJob job, SortedMap<Integer, ShardContent> shards,
                                           Rows rows,
                                   StructType schema, OutputFolder folder, PrintStream console)
        throws IOException, InterruptedException {
        folder.requireNoStrangers(shards.keySet());
        List<Integer> missing = new ArrayList<>(shards.keySet());
        missing.removeAll(folder.wholeShards(shards, console));
        long sampled = missing.stream().mapToLong(job::count).sum();
        long kept = job.count() - sampled;
        if (missing.isEmpty()) {
            folder.completeMolecules(shards);
            return new RunTimings.Sampled(0, kept, 0, SamplingCost.NONE);
        }
        if (missing.size() < shards.size()) {
            console.printf("resuming: %,d of %,d shards are already in %s%n", shards.size() - missing.size(), shards.size(),
                folder);
        }
        try (SamplingProgress progress = new SamplingProgress(job, missing, console)) {
            commit(spark, rows.of(missing), schema, missing, folder);
            folder.completeMolecules(shards);
            double seconds = progress.seconds();
            return new RunTimings.Sampled(sampled, kept, seconds, progress.cost());
        }
    }

    /**
     * The rows of a shard: batches are scored as they arrive, while the next ones are being sampled, and rows come out in
     * the order of ids, so that a shard's file is the same however its graphs were batched.
     */
    private static Iterator<Row> ofShard(ShardPlan.Shard shard, Iterator<List<Graph>> batches, GraphFamily.Scorer scorer) {
        return new Iterator<>() {
            private final Row[] rows = new Row[shard.count()];
            private int next;

            @Override
            public boolean hasNext() {
                return next < rows.length;
            }

            @Override
            public Row next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("all rows of shard " + shard.index() + " were taken");
                }
                while (rows[next] == null) {
                    for (Graph graph : batches.next()) {
                        rows[(int) (graph.id() - shard.firstId())] =
                            scorer.row(graph.id(), graph.nodes(), graph.edges());
                    }
                }
                Row row = rows[next];
                rows[next++] = null;
                return row;
            }
        };
    }

    /** Executors of a cluster may have a folder of the same name on a disk of their own. */
    private static void requireVisible(List<Integer> shards, OutputFolder folder) throws IOException {
        List<Integer> missing = new ArrayList<>(shards);
        missing.removeAll(folder.committedShards());
        if (!missing.isEmpty()) {
            throw new InputException("--out " + folder + " is not one folder for all machines: " + missing.size()
                + " of the shards that executors wrote are not seen by the driver, shard " + missing.get(0)
                + " is the first; give a folder on a shared file system");
        }
    }

    /**
     * Writes rows, one shard for each partition; {@link OutputFolder#completeMolecules} says which write was the last one.
     *
     * @param rows   of the family's schema, at least one in every partition but the first
     * @param family of the graphs
     * @param shards number of each partition's shard
     * @throws InputException if executors write where the driver does not see it
     */
    public static void commit(SparkSession spark, JavaRDD<Row> rows, GraphFamily family, List<Integer> shards,
                              OutputFolder folder) throws IOException {
        commit(spark, rows, family.schema(), shards, folder);
    }

    /** The same for rows of any columns, {@code graph_id} among them. */
    public static void commit(SparkSession spark, JavaRDD<Row> rows, StructType schema, List<Integer> shards,
                              OutputFolder folder) throws IOException {
        shardSession(spark).createDataFrame(rows, schema).write()
            .mode(SaveMode.Append)
            .options(ShardCommitProtocol.options(folder, shards))
            .parquet(folder.molecules().toString());
        requireVisible(shards, folder);
    }

    /** A session of its own for the settings of this write, which must not leak into the user's. */
    private static SparkSession shardSession(SparkSession spark) {
        SparkSession session = spark.newSession();
        session.conf().set("spark.sql.sources.commitProtocolClass", ShardCommitProtocol.class.getName());
        // One file per task, whatever the cluster's default is.
        session.conf().set("spark.sql.files.maxRecordsPerFile", 0);
        return session;
    }
}
