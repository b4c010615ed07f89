package org.bitdgdm.output;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import org.apache.spark.internal.io.FileNameSpec;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * How Spark's file writer commits shards: each task writes one file out of sight, and its own commit gives it the shard's
 * name as {@link WholeFiles} can there. A shard is there whole or not at all, whatever becomes of the driver.
 *
 * <p>Spark's own protocols publish files at the end of the job, or (version 2 of Hadoop's algorithm) under names that depend
 * on the job: either loses the work of a killed driver, or doubles it. Here the name is the shard's, and the content depends
 * on the shard only, so an attempt that finds its shard already there (speculation, a task lost after its commit, an
 * executor that outlived its driver) drops its own copy. Hence no commit coordination either.
 *
 * <p>Before a task begins, and between its last byte and the rename, it looks whether the driver that has started it still
 * holds the lock: executors of a driver that was taken for gone end here, and leave the shards to its successor.
 *
 * <p>Spark creates it by name with these parameters. The shard of each partition and the hidden folder travel in the
 * writer's options {@link #options}.
 */
public final class ShardCommitProtocol extends FileCommitProtocol implements Serializable {
    private static final long serialVersionUID = 1;

    /** Option: shard of each partition, comma-separated. */
    private static final String SHARDS = "bitdgdm.shards";
    /** Option: hidden folder, on the file system of the output. */
    private static final String STAGING = "bitdgdm.staging";

    /** Options: {@link RunLock.Fence} of the driver; none where it took no lock. */
    private static final String FENCE_RUN = "bitdgdm.fence.run";
    private static final String FENCE_EPOCH = "bitdgdm.fence.epoch";
    private static final String FENCE_NAMED = "bitdgdm.fence.named";

    private final String job;
    private final String output;
    private transient Path staged;
    private transient Path target;

    /**
     * @param job    unique id of the write
     * @param output folder of the shards
     */
    public ShardCommitProtocol(String job, String output) {
        this.job = job;
        this.output = output;
    }

    /** The writer's options for shards of a folder. */
    static Map<String, String> options(OutputFolder folder, List<Integer> shards) {
        Map<String, String> options = new HashMap<>();
        options.put(SHARDS, shards.stream().map(String::valueOf).collect(Collectors.joining(",")));
        options.put(STAGING, folder.staging().toString());
        folder.fence().ifPresent(fence -> {
            options.put(FENCE_RUN, fence.run().toString());
            options.put(FENCE_EPOCH, Long.toString(fence.epoch()));
            options.put(FENCE_NAMED, fence.named());
        });
        return options;
    }

    private static void requireHeld(JobContext context) throws IOException {
        Configuration conf = context.getConfiguration();
        if (conf.get(FENCE_RUN) != null) {
            Path run = new Path(conf.get(FENCE_RUN));
            new RunLock.Fence(run, conf.getLong(FENCE_EPOCH, 0), conf.get(FENCE_NAMED)).requireHeld(files(context, run));
        }
    }

    /** What a failure was: a successor has removed the staged file, or something else. */
    private static RuntimeException ofSuccessor(JobContext context, IOException failed) {
        try {
            requireHeld(context);
        } catch (IOException unreadable) {
            failed.addSuppressed(unreadable);
        }
        return new UncheckedIOException(failed);
    }

    private Path jobStaging(JobContext context) {
        return new Path(context.getConfiguration().get(STAGING), job);
    }

    private static FileSystem files(JobContext context, Path path) {
        try {
            return path.getFileSystem(context.getConfiguration());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private WholeFiles wholeFiles(JobContext context) throws IOException {
        Path folder = new Path(output);
        return WholeFiles.of(files(context, folder), folder);
    }

    @Override
    public void setupJob(JobContext context) {
        try {
            Path staging = jobStaging(context);
            FileSystem files = files(context, staging);
            if (!files.mkdirs(staging) || !files.mkdirs(new Path(output))) {
                throw new IOException("cannot create " + staging + " or " + output);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void setupTask(TaskAttemptContext context) {
        staged = null;
        target = null;
        try {
            requireHeld(context);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public String newTaskTempFile(TaskAttemptContext context, Option<String> directory, FileNameSpec spec) {
        if (staged != null || directory.isDefined()) {
            throw new IllegalStateException("a shard is one file without a subfolder, asked for one beside " + staged);
        }
        String[] shards = context.getConfiguration().get(SHARDS).split(",");
        int partition = context.getTaskAttemptID().getTaskID().getId();
        String name = ShardFiles.name(Integer.parseInt(shards[partition]));
        target = new Path(output, name);
        try {
            // Not named .parquet: readers that search folders by pattern must not find it.
            staged = wholeFiles(context).staged(jobStaging(context), name + "." + context.getTaskAttemptID().getId() + ".part");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return staged.toString();
    }

    @Override
    public TaskCommitMessage commitTask(TaskAttemptContext context) {
        if (staged == null) {
            throw new IllegalStateException("a sampling task wrote no shard");
        }
        try {
            requireHeld(context);
            wholeFiles(context).commit(staged, target);
        } catch (IOException failed) {
            throw ofSuccessor(context, failed);
        }
        return new TaskCommitMessage(target.getName());
    }

    @Override
    public void abortTask(TaskAttemptContext context) {
        remove(context, staged);
    }

    /** Does not say that the molecules are complete: one write may be a part of them. */
    @Override
    public void commitJob(JobContext context, Seq<TaskCommitMessage> commits) {
        remove(context, jobStaging(context));
    }

    /** Keeps the shards that are committed: the next start makes the others. */
    @Override
    public void abortJob(JobContext context) {
        remove(context, jobStaging(context));
    }

    /** Removes unfinished files; what stays behind is hidden, and removed by the next start. */
    private void remove(JobContext context, Path path) {
        if (path == null) {
            return;
        }
        try {
            files(context, path).delete(path, true);
        } catch (IOException failed) {
            log().warn("{} stays behind: {}", path, failed.toString());
        }
    }
}
