package org.bitdgdm.sample;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.SamplerConf;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.kernels.SizeDistribution;
import org.bitdgdm.kernels.SizeGroup;
import org.bitdgdm.kernels.Stochasticity;

/**
 * Samples the graphs of one shard: draws their sizes, batches those of equal size, takes each batch from T to 0.
 *
 * <p>Every graph is a function of (seed, id, model, steps and sampler, backend) only; batches and calls are a matter of speed.
 * Batches come largest graphs first, so that what is left at the end is short; ids ascend in a batch.
 */
public final class ShardSampler implements Serializable {
    private static final long serialVersionUID = 1;

    private final long seed;
    private final SampleConf conf;
    private final int batchSize;
    /** Null: nothing is fixed. */
    private final FixedPart fixed;

    /** Takes finished batches. */
    @FunctionalInterface
    interface Sink {
        void accept(List<Graph> batch) throws InterruptedException;
    }

    /** @param fixed what every graph holds, which {@link SampleConf} asks for by its name */
    public ShardSampler(SampleConf conf, Optional<FixedPart> fixed) {
        this.seed = conf.seed();
        this.conf = conf;
        this.batchSize = conf.batchSize();
        this.fixed = fixed.orElse(null);
    }

    /**
     * The steps of a run.
     *
     * @throws InputException if the sampler has not so many, or has no use for an option that is set
     */
    public static List<Sampler.Step> steps(SampleConf conf, Diffusion diffusion) {
        Sampler sampler = sampler(conf.sampler(), conf.schedule(), diffusion);
        try {
            return sampler.steps(diffusion, conf.steps());
        } catch (IllegalArgumentException e) {
            throw new InputException("--" + e.getMessage(), e);
        }
    }

    /**
     * Numbers of nodes of a run's graphs: of those that are asked for, the ones which have room for the fixed part.
     *
     * @throws InputException if the model has no such graphs
     */
    public static SizeDistribution sizes(SampleConf conf, Diffusion diffusion, Optional<FixedPart> fixed) {
        SizeDistribution sizes = sizes(conf, diffusion);
        if (fixed.isEmpty()) {
            return sizes;
        }
        int least = fixed.get().n();
        int most = conf.sampler().range().map(range -> range[1]).orElse(diffusion.sizes().weights().length - 1);
        if (least > most) {
            throw new InputException("--scaffold must have no more atoms than the graphs that are asked for, at most " + most
                + (conf.sampler().range().isPresent() ? " by --num-atoms " + conf.sampler().atoms()
                    : ", the most of the model's training set") + "; found " + least + " in '"
                + conf.sampler().scaffold() + "'");
        }
        return sizes.within(Math.max(least, conf.sampler().range().map(range -> range[0]).orElse(1)), most);
    }

    /** The same of graphs without a fixed part. */
    static SizeDistribution sizes(SampleConf conf, Diffusion diffusion) {
        return conf.sampler().range().map(range -> {
            try {
                return diffusion.sizes().within(range[0], range[1]);
            } catch (IllegalArgumentException e) {
                throw new InputException("--num-atoms " + e.getMessage() + ", found " + conf.sampler().atoms(), e);
            }
        }).orElse(diffusion.sizes());
    }

    /**
     * The sampler of a run.
     *
     * @param schedule how the times of a posterior's steps are spaced
     * @throws InputException if it has no use for an option that is set
     */
    public static Sampler sampler(SamplerConf asked, String schedule, Diffusion diffusion) {
        String name = name(asked, diffusion);
        if (!name.equals("posterior") && !schedule.equals(Schedule.UNIFORM.label())) {
            throw new InputException("--schedule is of the sampler posterior, found " + schedule + " with the sampler "
                + name + "; " + (name.equals("flow") ? "space its times by --distortion" : "leave it out"));
        }
        if (name.equals("flow")) {
            return Sampler.flow(Distortion.of(asked.distortion()), (float) asked.eta(), (float) asked.omega(),
                Stochasticity.of(asked.stochasticity()));
        }
        for (Option option : asked.given()) {
            if (option != Option.SAMPLER && option != Option.NUM_ATOMS && option != Option.SCAFFOLD) {
                throw new InputException(option.flag() + " is of the sampler flow, and this run has the sampler " + name
                    + "; leave it out, or set --sampler flow");
            }
        }
        return name.equals("posterior") ? Sampler.posterior(Schedule.of(schedule)) : Sampler.leaps();
    }

    /** Which sampler takes the steps of a run, for people: {@code posterior}, {@code flow} or {@code tau-leaping}. */
    public static String name(SamplerConf conf, Diffusion diffusion) {
        String asked = conf.sampler();
        return !asked.equals("auto") ? asked : diffusion.schedule().linear() ? "flow" : "posterior";
    }

    /**
     * Samples a shard, handing over each batch as it is finished.
     *
     * @throws InterruptedException if the thread is interrupted, at the latest after some steps of the batch under way
     */
    void sample(ShardPlan.Shard shard, Denoiser model, Sink sink) throws InterruptedException {
        List<Sampler.Step> taken = steps(conf, model.diffusion());
        SizeDistribution sizes = sizes(conf, model.diffusion(), Optional.ofNullable(fixed));
        for (SizeGroup group : SizeGroup.of(sizes, seed, shard.firstId(), shard.firstId() + shard.count())) {
            for (SizeGroup part : group.parts(batchSize)) {
                sink.accept((fixed == null ? model.sample(part.n(), part.ids(), seed, taken)
                    : model.sample(part.n(), part.ids(), seed, taken, fixed)).graphs());
            }
        }
    }
}
