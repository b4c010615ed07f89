package org.bitdgdm.sample;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.SampleConf;

/**
 * Graph ids 0…count−1 cut into shards of consecutive ids; a shard is one Spark task, one file and the unit of resume.
 *
 * @param count     graphs
 * @param shardSize graphs of every shard but the last, which may have fewer
 */
public record ShardPlan(long count, int shardSize) implements Serializable {

    /** Shards above this are refused: each is a file, and the driver keeps a few words for each. */
    public static final int MAX_SHARDS = 1_000_000;

    /**
     * One shard.
     *
     * @param index   position in the plan
     * @param firstId id of its first graph
     * @param count   its graphs, at least 1
     */
    public record Shard(int index, long firstId, int count) implements Serializable {
    }

    private static final int WANTED_SHARDS = 256;
    private static final int LEAST_CHOSEN_SIZE = 32;
    private static final int LARGEST_CHOSEN_SIZE = 4096;

    /**
     * The plan of a configuration.
     *
     * @throws InputException if it would have too many shards
     */
    public static ShardPlan of(SampleConf conf) {
        int size = conf.shardSize() == 0 ? sizeFor(conf.count()) : conf.shardSize();
        if ((conf.count() - 1) / size >= MAX_SHARDS) {
            throw new InputException("--count " + conf.count() + " with shards of " + size + " graphs makes "
                + ((conf.count() - 1) / size + 1) + " shards, at most " + MAX_SHARDS
                + " are possible; give a larger --shard-size");
        }
        return new ShardPlan(conf.count(), size);
    }

    /**
     * A shard size for users who name none: enough shards to share out and to resume, few enough files. It depends on the
     * count only, never on the cluster, so that a run can be finished on another one.
     */
    static int sizeFor(long count) {
        long size = (count + WANTED_SHARDS - 1) / WANTED_SHARDS;
        return (int) Math.max(LEAST_CHOSEN_SIZE, Math.min(LARGEST_CHOSEN_SIZE, size));
    }

    public ShardPlan {
        if (count < 1 || shardSize < 1) {
            throw new IllegalArgumentException("a plan needs at least 1 graph and 1 graph per shard, found " + count
                + " and " + shardSize);
        }
        if ((count - 1) / shardSize >= MAX_SHARDS) {
            throw new IllegalArgumentException("a plan may have at most " + MAX_SHARDS + " shards, found "
                + ((count - 1) / shardSize + 1));
        }
    }

    /** Number of shards. */
    public int shards() {
        return (int) ((count - 1) / shardSize) + 1;
    }

    /** The shard at a position. */
    public Shard shard(int index) {
        if (index < 0 || index >= shards()) {
            throw new IllegalArgumentException("shard " + index + " is not one of 0.." + (shards() - 1));
        }
        long first = (long) index * shardSize;
        return new Shard(index, first, (int) Math.min(shardSize, count - first));
    }

    /**
     * Positions not in {@code done}, ascending.
     *
     * @throws IllegalArgumentException if {@code done} names a shard that the plan does not have
     */
    public List<Integer> missing(Set<Integer> done) {
        List<Integer> missing = new ArrayList<>(shards() - Math.min(done.size(), shards()));
        for (int index = 0; index < shards(); index++) {
            if (!done.contains(index)) {
                missing.add(index);
            }
        }
        if (missing.size() + done.size() != shards()) {
            throw new IllegalArgumentException("done shards " + done + " are not all within 0.." + (shards() - 1));
        }
        return missing;
    }

    /** Graphs of the given shards together. */
    public long graphs(List<Integer> shards) {
        return shards.stream().mapToLong(index -> shard(index).count()).sum();
    }
}
