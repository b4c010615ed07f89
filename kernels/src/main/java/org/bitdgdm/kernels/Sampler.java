package org.bitdgdm.kernels;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * How graphs are taken from noise to data: a step rule and the spacing of its times. The other half of a diffusion model is
 * the network, which a {@link Denoiser} evaluates; any sampler may drive any network that was trained on its kind of noise.
 *
 * <p>All that depends on the noise schedule is worked out here, once, so that a backend takes steps as they are and knows
 * neither schedules nor grids.
 *
 * @param rule     what a step does with the network's prediction
 * @param schedule how the times of the steps are spaced
 */
public record Sampler(Rule rule, Schedule schedule) implements Serializable {

    /** What a step does with the network's prediction; backends know it by its ordinal. */
    public enum Rule {
        /** DiGress's reverse step, see {@link Posterior}. */
        POSTERIOR
    }

    /**
     * One step. Every backend takes it as it is.
     *
     * @param rule         what is drawn from
     * @param from         number of the state that it begins at, larger than {@code to}; sampling draws the first state with
     *                     it as counter
     * @param to           number of the state that is drawn; counter of the draws, see {@link CounterRandom}
     * @param at           time among T…0 that the step begins at, for messages, reports and
     *                     {@link PackedModel#rangeOf static scales}
     * @param time         what the network reads
     * @param beta         noise between the two times, see {@link NoiseSchedule#beta}
     * @param alphaBarFrom share of entries that is kept at the beginning, ᾱ_t
     * @param alphaBarTo   share of entries that is kept at the end, ᾱ_s
     */
    public record Step(Rule rule, int from, int to, int at, float time, float beta, float alphaBarFrom, float alphaBarTo)
        implements Serializable {

        /** An evaluation of the network at time t, with nothing drawn after it. */
        static Step at(Diffusion diffusion, int t) {
            if (t < 0 || t > diffusion.steps()) {
                throw new IllegalArgumentException("time must be in 0.." + diffusion.steps() + ", found " + t);
            }
            return new Step(Rule.POSTERIOR, t, t, t, diffusion.schedule().read(t), 0, 1, 1);
        }

        private static Step posterior(NoiseSchedule schedule, int t, int s) {
            return new Step(Rule.POSTERIOR, t, s, t, schedule.read(t), schedule.beta(t, s), schedule.alphasBar()[t],
                schedule.alphasBar()[s]);
        }
    }

    /** DiGress's. */
    public static Sampler posterior(Schedule schedule) {
        return new Sampler(Rule.POSTERIOR, schedule);
    }

    /** The sampler that models of a diffusion are trained for. */
    public static Sampler of(Diffusion diffusion) {
        return posterior(Schedule.UNIFORM);
    }

    /**
     * All steps from noise to data.
     *
     * @param count at most T
     * @throws IllegalArgumentException if the diffusion has not so many
     */
    public List<Step> steps(Diffusion diffusion, int count) {
        return along(diffusion, diffusion.schedule().times(count, schedule));
    }

    /**
     * Steps of DiGress's posterior along times.
     *
     * @param times strictly decreasing within T…0; fewer than two of them are no step
     */
    static List<Step> along(Diffusion diffusion, int[] times) {
        diffusion.schedule().requireTimes(times);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i + 1 < times.length; i++) {
            steps.add(Step.posterior(diffusion.schedule(), times[i], times[i + 1]));
        }
        return steps;
    }
}
