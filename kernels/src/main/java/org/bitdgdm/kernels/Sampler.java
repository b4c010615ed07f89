package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.List;

/**
 * How graphs are taken from one time to another: a grid of times and the rule of each step. All that depends on the noise
 * schedule is worked out here, once, so that a backend takes steps as they are and knows neither schedules nor grids.
 */
public final class Sampler {
    private final List<Step> steps;

    /** What a step does with the network's prediction; backends know it by its ordinal. */
    public enum Rule {
        /** DiGress's reverse step, see {@link Posterior}. */
        POSTERIOR
    }

    /**
     * One step, from t to s. Every backend takes it as it is.
     *
     * @param rule         what is drawn from
     * @param from         t, for messages
     * @param to           s; counter of the draws, see {@link CounterRandom}
     * @param time         what the network reads, t ÷ T
     * @param range        range of times that the static scales are of, see {@link PackedModel#rangeOf}
     * @param beta         noise from s to t, see {@link Diffusion#beta}
     * @param alphaBarFrom ᾱ_t
     * @param alphaBarTo   ᾱ_s
     */
    record Step(Rule rule, int from, int to, float time, int range, float beta, float alphaBarFrom, float alphaBarTo) {

        /** An evaluation of the network at time t, with nothing drawn after it. */
        static Step at(PackedModel model, int t) {
            return new Step(Rule.POSTERIOR, t, t, timeOf(model.architecture(), t), model.rangeOf(t), 0, 1, 1);
        }

        /** A step of {@link Rule#POSTERIOR}. */
        static Step posterior(PackedModel model, int t, int s) {
            Diffusion diffusion = model.diffusion();
            return new Step(Rule.POSTERIOR, t, s, timeOf(model.architecture(), t), model.rangeOf(t), diffusion.beta(t, s),
                diffusion.alphasBar()[t], diffusion.alphasBar()[s]);
        }
    }

    private Sampler(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    /**
     * Steps of DiGress's posterior along times.
     *
     * @param times strictly decreasing within T…0; fewer than two of them are no step
     */
    static Sampler posterior(PackedModel model, int[] times) {
        model.diffusion().requireTimes(times);
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i + 1 < times.length; i++) {
            steps.add(Step.posterior(model, times[i], times[i + 1]));
        }
        return new Sampler(steps);
    }

    /** What the network reads as its time: t ÷ T, rounded once. */
    static float timeOf(Architecture architecture, int t) {
        return (float) ((double) t / architecture.diffusionSteps());
    }

    /** The steps, first to last. */
    List<Step> steps() {
        return steps;
    }
}
