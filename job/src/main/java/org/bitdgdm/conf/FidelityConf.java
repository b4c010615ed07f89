package org.bitdgdm.conf;

import java.util.List;
import org.bitdgdm.kernels.Schedule;

/**
 * How closely a quantized model is compared with its full-precision original.
 *
 * @param graphs   graphs of the comparison, ids 0…graphs−1; 0: it is not made
 * @param steps    denoising steps of each graph, as many as the sampler may take at most; 0: those of the run, see
 *                 {@link #along}
 * @param schedule how the times of a posterior's steps are spaced, as in {@link SampleConf}
 * @param sampler  of the run, which takes these steps too; numbers of nodes and scaffold of a run are not followed
 */
public record FidelityConf(int graphs, int steps, String schedule, SamplerConf sampler) {
    /** The options that decide how a run goes from noise to data. */
    public static final List<Option> OF_RUNS = List.of(Option.STEPS, Option.SCHEDULE, Option.SAMPLER, Option.ETA, Option.OMEGA,
        Option.DISTORTION, Option.STOCHASTICITY);

    public FidelityConf {
        Check.oneOf("schedule", SampleConf.SCHEDULES, schedule);
        Check.that(graphs >= 0, "fidelity", "must be at least 1, or 0 to leave it out", graphs);
        Check.that(steps >= 0, "fidelity-steps", "must be at least 1, or 0 for those of the run", steps);
        sampler = sampler.alone();
    }

    /** Along the steps of the sampler that the model was trained for. */
    public FidelityConf(int graphs, int steps) {
        this(graphs, steps, Schedule.UNIFORM.label(), SamplerConf.AUTO);
    }

    static FidelityConf of(Settings settings) {
        return new FidelityConf(settings.whole(Option.FIDELITY), settings.whole(Option.FIDELITY_STEPS),
            settings.text(Option.SCHEDULE), SamplerConf.of(settings));
    }

    /** The graphs and steps along which layers are quantized alone. */
    static FidelityConf ofScan(Settings settings) {
        int graphs = settings.whole(Option.SENSITIVITY);
        int steps = settings.whole(Option.SENSITIVITY_STEPS);
        Check.that(graphs >= 0, "sensitivity", "must be at least 1, or 0 to leave it out", graphs);
        Check.that(steps >= 1, "sensitivity-steps", "must be at least 1", steps);
        return new FidelityConf(graphs, steps, settings.text(Option.SCHEDULE), SamplerConf.of(settings));
    }

    /** Other graphs and steps of the same sampler. */
    public FidelityConf with(int others, int ofEach) {
        return new FidelityConf(others, ofEach, schedule, sampler);
    }

    /** The same along a run: with its number of steps, where no other one is asked for. */
    public FidelityConf along(int stepsOfRun) {
        return steps == 0 ? with(graphs, stepsOfRun) : this;
    }

    /**
     * The same along a run that was made before.
     *
     * @param run what it was asked for, at least {@link #OF_RUNS}
     */
    public FidelityConf along(Settings run) {
        return new FidelityConf(graphs, steps, run.text(Option.SCHEDULE), SamplerConf.of(run)).along(run.whole(Option.STEPS));
    }

    /** Whether its graphs are made by the sampler that the model was trained for. */
    public boolean isUsual() {
        return equals(new FidelityConf(graphs, steps));
    }

    /** Whether the comparison is made. */
    public boolean on() {
        return graphs > 0;
    }
}
