/**
 * Sampling with Spark: graph ids are cut into shards, each shard is one task, each executor JVM holds the model once.
 *
 * <p>Here: the plan, the broadcast, the holder of the executor's denoiser, the sampler of a shard, progress and timing. Not
 * here: what a denoiser computes (kernels), molecules, files.
 */
package org.bitdgdm.sample;
