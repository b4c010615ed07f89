package org.bitdgdm.conf;

import java.io.Serializable;
import java.util.List;

/**
 * What to sample and with which backend.
 *
 * @param count           graphs, ids 0…count−1
 * @param steps           denoising steps of each graph; of a posterior at most T of the model
 * @param schedule        how the times of these steps are spaced: {@code uniform} or {@code noise}
 * @param sampler         what a step draws from
 * @param seed            key of every random draw
 * @param batchSize       equal-size graphs that a backend advances at once; does not change any graph
 * @param shardSize       graphs of one shard, the unit of commit and resume; 0: chosen from {@code count} alone
 * @param backend         {@code auto}, {@code reference}, {@code cpu} or {@code cuda}
 * @param cpuIsa          {@code auto}, {@code scalar}, {@code avx2} or {@code avx512}
 * @param cudaPrecision   {@code fp32} or {@code bf16}: layers in full precision on a GPU
 * @param nativeDirectory folder into which native libraries are unpacked; empty: the temporary folder
 */
public record SampleConf(long count, int steps, String schedule, SamplerConf sampler, long seed, int batchSize, int shardSize,
                         String backend, String cpuIsa, String cudaPrecision, String nativeDirectory)
    implements Serializable {

    static final List<String> SCHEDULES = List.of("uniform", "noise");

    public SampleConf {
        Check.that(count >= 1, "count", "must be at least 1", count);
        Check.that(steps >= 1, "steps", "must be at least 1", steps);
        Check.oneOf("schedule", SCHEDULES, schedule);
        Check.that(batchSize >= 1, "batch-size", "must be at least 1", batchSize);
        Check.that(shardSize >= 0, "shard-size", "must be at least 1, or 0 to choose it from the count", shardSize);
        Check.oneOf("backend", List.of("auto", "reference", "cpu", "cuda"), backend);
        Check.oneOf("cpu-isa", List.of("auto", "scalar", "avx2", "avx512"), cpuIsa);
        Check.oneOf("cuda-precision", List.of("fp32", "bf16"), cudaPrecision);
    }

    /** With the sampler that the model was trained for. */
    public SampleConf(long count, int steps, String schedule, long seed, int batchSize, int shardSize, String backend,
                      String cpuIsa, String cudaPrecision, String nativeDirectory) {
        this(count, steps, schedule, SamplerConf.AUTO, seed, batchSize, shardSize, backend, cpuIsa, cudaPrecision,
            nativeDirectory);
    }

    /** The same with other steps. */
    SampleConf withSteps(int other) {
        return new SampleConf(count, other, schedule, sampler, seed, batchSize, shardSize, backend, cpuIsa, cudaPrecision,
            nativeDirectory);
    }

    static SampleConf of(Settings settings) {
        return new SampleConf(settings.big(Option.COUNT), settings.whole(Option.STEPS), settings.text(Option.SCHEDULE),
            SamplerConf.of(settings), settings.big(Option.SEED), settings.whole(Option.BATCH_SIZE),
            settings.whole(Option.SHARD_SIZE), settings.text(Option.BACKEND), settings.text(Option.CPU_ISA),
            settings.text(Option.CUDA_PRECISION), settings.text(Option.NATIVE_DIRECTORY));
    }
}
