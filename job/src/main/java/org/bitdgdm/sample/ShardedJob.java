package org.bitdgdm.sample;

import org.apache.spark.api.java.JavaSparkContext;

/** What is sampled shard by shard, as progress follows it. */
public interface ShardedJob {
    /** The context that it runs in. */
    JavaSparkContext spark();

    /** What is counted, for people: graphs, or sequences. */
    String unit();

    /** Of these, those of the whole run. */
    long count();

    /** Of these, those of a shard. */
    long count(int shard);

    /** Id of the accumulator of those that tasks have sampled so far; for progress only. */
    long sampledAccumulator();

    /** What the Spark UI shows while so many are sampled. */
    String description(long sampled);
}
