package org.bitdgdm.sample;

import java.io.Serializable;
import java.util.List;

import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.kernels.SizeGroup;

/**
 * Samples the graphs of one shard: draws their sizes, batches those of equal size, takes each batch from T to 0.
 *
 * <p>Every graph is a function of (seed, id, model, steps, schedule, backend) only; batches and calls are a matter of speed.
 * Batches come largest graphs first, so that what is left at the end is short; ids ascend in a batch.
 */
public final class ShardSampler implements Serializable {
    private static final long serialVersionUID = 1;

    private final long seed;
    private final int steps;
    private final Sampler sampler;
    private final int batchSize;

    /** Takes finished batches. */
    @FunctionalInterface
    interface Sink {
        void accept(List<Graph> batch) throws InterruptedException;
    }

    public ShardSampler(SampleConf conf) {
        this.seed = conf.seed();
        this.steps = conf.steps();
        this.sampler = Sampler.posterior(Schedule.of(conf.schedule()));
        this.batchSize = conf.batchSize();
    }

    /**
     * Samples a shard, handing over each batch as it is finished.
     *
     * @throws InterruptedException if the thread is interrupted, at the latest after some steps of the batch under way
     */
    void sample(ShardPlan.Shard shard, ExecutorDenoiser.Lease model, Sink sink) throws InterruptedException {
        List<Sampler.Step> taken = sampler.steps(model.diffusion(), steps);
        for (SizeGroup group : SizeGroup.of(model.diffusion(), seed, shard.firstId(), shard.firstId() + shard.count())) {
            for (SizeGroup part : group.parts(batchSize)) {
                sink.accept(model.denoiser().sample(part.n(), part.ids(), seed, taken).graphs());
            }
        }
    }
}
