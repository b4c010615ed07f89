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
 * @param rule          what a step does with the network's prediction: {@link Rule#POSTERIOR}, {@link Rule#FLOW} or
 *                      {@link Rule#LEAP}
 * @param schedule      how the times of a posterior's steps are spaced
 * @param distortion    how those of a flow are
 * @param eta           η, rate of a flow's jumps that change no distribution
 * @param omega         ω, rate of a flow's jumps towards the prediction beyond what it asks for
 * @param stochasticity which jumps η is of
 */
public record Sampler(Rule rule, Schedule schedule, Distortion distortion, float eta, float omega,
                      Stochasticity stochasticity) implements Serializable {

    /** Most steps of a flow: all are worked out before the first is taken. */
    public static final int MOST_STEPS = 1_000_000;

    /**
     * α and β of DisCo's noise: of all entries exp(α − α βᵗ) are still their own at time t, 0 (data) to 1 (noise). Its authors
     * give these for QM9 beside 0.8 and 2, which keep 45% where sampling begins with none.
     */
    static final double LEAP_ALPHA = 1;
    static final double LEAP_BETA = 5;
    /** The time of the last leap's start, and of the prediction after it. */
    private static final double LAST_LEAP = 0.01;

    /** Where a flow begins whose limit is a single class. */
    private static final float BEGINNING = 1e-6f;

    /** What a step does with the network's prediction; backends know it by its ordinal. */
    public enum Rule {
        /** DiGress's reverse step, see {@link Posterior}. */
        POSTERIOR,
        /** Jumps of flow matching, see {@link Flow}. */
        FLOW,
        /** The prediction itself, where a flow ends. */
        PREDICTION,
        /** A leap of a process in continuous time, see {@link Leap}. */
        LEAP,
        /** The most probable class of the prediction, where leaps end. */
        MOST_PROBABLE
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
     * @param beta         noise between the two times, see {@link NoiseSchedule#beta}; of a leap its length in time; of a flow
     *                     0
     * @param alphaBarFrom share of entries that is kept at the beginning, ᾱ_t; of a flow its time t
     * @param alphaBarTo   share of entries that is kept at the end, ᾱ_s; of a flow its time s
     * @param eta          η of a flow
     * @param omega        ω of a flow
     * @param stochasticity of a flow
     */
    public record Step(Rule rule, int from, int to, int at, float time, float beta, float alphaBarFrom, float alphaBarTo,
                       float eta, float omega, Stochasticity stochasticity) implements Serializable {

        /** An evaluation of the network at time t, with nothing drawn after it. */
        static Step at(Diffusion diffusion, int t) {
            if (t < 0 || t > diffusion.steps()) {
                throw new IllegalArgumentException("time must be in 0.." + diffusion.steps() + ", found " + t);
            }
            return new Step(Rule.POSTERIOR, t, t, t, diffusion.schedule().read(t), 0, 1, 1, 0, 0,
                Stochasticity.GENERAL);
        }

        private static Step posterior(NoiseSchedule schedule, int t, int s) {
            return new Step(Rule.POSTERIOR, t, s, t, schedule.read(t), schedule.beta(t, s), schedule.alphasBar()[t],
                schedule.alphasBar()[s], 0, 0, Stochasticity.GENERAL);
        }
    }

    /** DiGress's. */
    public static Sampler posterior(Schedule schedule) {
        return new Sampler(Rule.POSTERIOR, schedule, Distortion.IDENTITY, 0, 0, Stochasticity.GENERAL);
    }

    /**
     * DeFoG's.
     *
     * @param eta   at least 0
     * @param omega at least 0
     */
    public static Sampler flow(Distortion distortion, float eta, float omega, Stochasticity stochasticity) {
        return new Sampler(Rule.FLOW, Schedule.UNIFORM, distortion, eta, omega, stochasticity);
    }

    /** DisCo's. */
    public static Sampler leaps() {
        return new Sampler(Rule.LEAP, Schedule.UNIFORM, Distortion.IDENTITY, 0, 0, Stochasticity.GENERAL);
    }

    /** The sampler that models of a diffusion are trained for. */
    public static Sampler of(Diffusion diffusion) {
        return diffusion.schedule().linear() ? flow(Distortion.IDENTITY, 0, 0, Stochasticity.GENERAL)
            : posterior(Schedule.UNIFORM);
    }

    /** The fewest steps that a graph may take. */
    public int fewestSteps() {
        return rule == Rule.LEAP ? 2 : 1;
    }

    /** The most steps that a graph may take: of a posterior T. */
    public int mostSteps(Diffusion diffusion) {
        return rule == Rule.POSTERIOR ? diffusion.steps() : MOST_STEPS;
    }

    /**
     * All steps from noise to data.
     *
     * @param count evaluations of the network, {@link #fewestSteps} to {@link #mostSteps}
     * @throws IllegalArgumentException if the diffusion has not so many
     */
    public List<Step> steps(Diffusion diffusion, int count) {
        return switch (rule) {
            case POSTERIOR -> along(diffusion, diffusion.schedule().times(count, schedule));
            case LEAP -> leaps(diffusion, count);
            default -> jumps(diffusion, count);
        };
    }

    /** Step i of N goes from f(i/N) to f((i+1)/N), all in FP32; what ends at 1 is drawn from the prediction. */
    private List<Step> jumps(Diffusion diffusion, int count) {
        if (count < 1 || count > MOST_STEPS) {
            throw new IllegalArgumentException("steps must be in 1.." + MOST_STEPS + ", those of a flow, found " + count);
        }
        NoiseSchedule noise = diffusion.schedule();
        List<Step> steps = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            float u = (float) i / count + (i == 0 && diffusion.limits().kind().beginsLater() ? BEGINNING : 0);
            float t = distortion.of(u);
            float s = distortion.of((float) (i + 1) / count);
            steps.add(new Step(s == 1 ? Rule.PREDICTION : Rule.FLOW, count - i, count - i - 1, noise.at(t), noise.read(t), 0,
                t, s, eta, omega, stochasticity));
        }
        return steps;
    }

    /** Leaps between times that are evenly spaced from 1 to 0.01, one from there to 0, and the prediction at 0.01. */
    private List<Step> leaps(Diffusion diffusion, int count) {
        if (count < 2 || count > MOST_STEPS) {
            throw new IllegalArgumentException("steps must be in 2.." + MOST_STEPS + ", leaps and one more, found " + count);
        }
        List<Step> steps = new ArrayList<>(count);
        int leaps = count - 1;
        for (int i = 0; i < leaps; i++) {
            double t = leapTime(i, leaps);
            double s = i + 1 == leaps ? 0 : leapTime(i + 1, leaps);
            steps.add(leap(diffusion, Rule.LEAP, count - i, t, s));
        }
        steps.add(leap(diffusion, Rule.MOST_PROBABLE, 1, LAST_LEAP, 0));
        return steps;
    }

    /** The time that leap i of so many begins at. */
    static double leapTime(int i, int leaps) {
        return leaps == 1 ? 1 : 1 - (1 - LAST_LEAP) * i / (leaps - 1);
    }

    /** The share of entries that is still its own at a time of DisCo's noise. */
    static float kept(double t) {
        return (float) Math.exp(LEAP_ALPHA - LEAP_ALPHA * Math.pow(LEAP_BETA, t));
    }

    private Step leap(Diffusion diffusion, Rule taken, int from, double t, double s) {
        NoiseSchedule noise = diffusion.schedule();
        float kept = kept(t);
        return new Step(taken, from, from - 1, noise.at(kept), noise.read(kept), (float) (t - s), kept, kept(s), eta, omega,
            stochasticity);
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
