package org.bitdgdm.output;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.SamplingProgress;

/** Samples the missing shards of a run, scores them as molecules in the same tasks, and commits each as one Parquet file. */
public final class MoleculeWriter {
    private MoleculeWriter() {
    }

    /**
     * Makes what is missing of {@code molecules/}.
     *
     * <p>A task that fails is retried by Spark and writes the same rows. If the run fails for good, committed shards stay,
     * and the next start makes the others.
     *
     * @param spark      session of {@code job}'s context
     * @param job        the run
     * @param folder     its folder, begun
     * @param vocabulary what the classes of the model stand for
     * @param console    where progress is printed
     * @throws InputException if executors write where the driver does not see it
     */
    public static SampledRun write(SparkSession spark, SampleJob job, OutputFolder folder, Vocabulary vocabulary,
                                   PrintStream console) throws IOException, InterruptedException {
        List<Integer> missing = job.plan().missing(folder.committedShards());
        long sampled = job.plan().graphs(missing);
        long kept = job.plan().count() - sampled;
        if (missing.isEmpty()) {
            folder.completeMolecules();
            return new SampledRun(0, kept, 0);
        }
        if (kept > 0) {
            console.printf("resuming: %,d of %,d shards are already in %s%n", job.plan().shards() - missing.size(),
                job.plan().shards(), folder);
        }
        try (SamplingProgress progress = new SamplingProgress(job, missing, console)) {
            JavaRDD<Row> rows = job.map(missing, (shard, batches) ->
                MoleculeRows.ofShard(shard, batches, new MoleculeScorer(vocabulary)));
            commit(spark, rows, missing, folder);
            folder.completeMolecules();
            return new SampledRun(sampled, kept, progress.seconds());
        }
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
     * @param rows   of {@link MoleculeRows#SCHEMA}, at least one in every partition but the first
     * @param shards number of each partition's shard
     * @throws InputException if executors write where the driver does not see it
     */
    public static void commit(SparkSession spark, JavaRDD<Row> rows, List<Integer> shards, OutputFolder folder)
        throws IOException {
        shardSession(spark).createDataFrame(rows, MoleculeRows.SCHEMA).write()
            .mode(SaveMode.Append)
            .option(ShardCommitProtocol.SHARDS, shards.stream().map(String::valueOf).collect(Collectors.joining(",")))
            .option(ShardCommitProtocol.STAGING, folder.staging().toString())
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
