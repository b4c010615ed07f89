package org.bitdgdm.sample;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.Schedule;

/**
 * Samples the graphs of one shard: draws their sizes, batches those of equal size, takes each batch from T to 0.
 *
 * <p>Every graph is a function of (seed, id, model, steps, schedule, backend) only; batches and calls are a matter of speed. Batches
 * come largest graphs first, so that what is left at the end is short; ids ascend in a batch.
 */
public final class ShardSampler implements Serializable {
    private static final long serialVersionUID = 1;

    private final long seed;
    private final int steps;
    private final Schedule schedule;
    private final int batchSize;

    /** Takes finished batches. */
    @FunctionalInterface
    interface Sink {
        void accept(List<SampledGraph> batch) throws InterruptedException;
    }

    public ShardSampler(SampleConf conf) {
        this.seed = conf.seed();
        this.steps = conf.steps();
        this.schedule = Schedule.of(conf.schedule());
        this.batchSize = conf.batchSize();
    }

    /**
     * Samples a shard, handing over each batch as it is finished.
     *
     * @throws InterruptedException if the thread is interrupted, at the latest after some steps of the batch under way
     */
    void sample(ShardPlan.Shard shard, ExecutorDenoiser.Lease model, Sink sink) throws InterruptedException {
        int[] times = model.diffusion().times(steps, schedule);
        for (Map.Entry<Integer, long[]> size : idsBySize(shard, model).entrySet()) {
            long[] ids = size.getValue();
            for (int from = 0; from < ids.length; from += batchSize) {
                long[] batchIds = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + batchSize));
                GraphBatch batch = model.denoiser().sample(size.getKey(), batchIds, seed, times);
                List<SampledGraph> graphs = new ArrayList<>(batchIds.length);
                for (int graph = 0; graph < batchIds.length; graph++) {
                    graphs.add(SampledGraph.of(batch, graph));
                }
                sink.accept(graphs);
            }
        }
    }

    private Map<Integer, long[]> idsBySize(ShardPlan.Shard shard, ExecutorDenoiser.Lease model) {
        Map<Integer, List<Long>> bySize = new TreeMap<>();
        for (long id = shard.firstId(); id < shard.firstId() + shard.count(); id++) {
            bySize.computeIfAbsent(InitialNoise.size(model.diffusion(), seed, id), n -> new ArrayList<>()).add(id);
        }
        Map<Integer, long[]> ids = new TreeMap<>(Comparator.reverseOrder());
        bySize.forEach((n, list) -> ids.put(n, list.stream().mapToLong(Long::longValue).toArray()));
        return ids;
    }
}
