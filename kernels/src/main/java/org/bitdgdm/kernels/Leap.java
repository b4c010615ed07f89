package org.bitdgdm.kernels;

import java.util.function.IntUnaryOperator;

/**
 * One τ-leap t → s of a reverse process in continuous time for one kind of element, from 1 (noise) to 0 (data): jumps to every
 * class happen as often as a Poisson number says, and their differences add up as if classes were numbers (Xu et al.:
 * "Discrete-state Continuous-time Diffusion for Graph Generation", NeurIPS 2024, DisCo; {@code forward_diff.py} and
 * {@code sample.py}).
 *
 * <p>With m the limit distribution, q(j | x₀) = a [j = x₀] + (1 − a) m_j the forward noise at t, a the share that is kept,
 * entries below 1e-8 taken for 0, x the present class and p the prediction, in double:
 * <ol>
 * <li>{@code r(j) = m_x · Σ_x₀ p(x₀) q(j | x₀) / (q(x | x₀) + 1e-9)} for j ≠ x;</li>
 * <li>{@code k_j ~ Poisson(r(j) h)}, each drawn by inversion with a counter of its own;</li>
 * <li>to {@code x + Σ_j k_j (j − x)}, at least 0 and at most the last class.</li>
 * </ol>
 */
final class Leap {
    /** The class whose jumps are drawn stands in the uppermost bits of the slot; graphs have fewer slots. */
    static final int CLASS_SHIFT = 24;

    /** Entries of q below it are 0. */
    private static final double LEAST = 1e-8;
    /** What keeps a denominator from 0. */
    private static final double EPSILON = 1e-9;
    /** No number drawn is larger; it is reached with a probability below any that a draw can tell. */
    private static final int MOST_JUMPS = 127;

    private final Sampler.Step step;
    /** (classes) m. */
    private final double[] limit;
    /** (classes) r of the element under way. */
    private final double[] rates;

    Leap(Sampler.Step step, float[] marginal) {
        this.step = step;
        this.limit = new double[marginal.length];
        this.rates = new double[marginal.length];
        double sum = 0;
        for (float weight : marginal) {
            sum += weight;
        }
        for (int k = 0; k < limit.length; k++) {
            limit[k] = marginal[k] / sum;
        }
    }

    /**
     * Draws the class after the step.
     *
     * @param prediction (classes) probabilities of the data's class
     * @param current    class before the step
     */
    int leap(float[] prediction, int current, long seed, long id, int slot) {
        rates(prediction, current);
        return moved(current, limit.length, j -> j == current ? 0
            : jumps(CounterRandom.uniform(seed, id, step.to(), slot | j << CLASS_SHIFT), rates[j] * step.beta()));
    }

    /** The class that so many jumps to each class lead to. */
    static int moved(int current, int classes, IntUnaryOperator jumps) {
        int moved = current;
        for (int j = 0; j < classes; j++) {
            moved += jumps.applyAsInt(j) * (j - current);
        }
        return Math.max(0, Math.min(classes - 1, moved));
    }

    /** The Poisson number of a mean whose cumulative probability first exceeds u. */
    static int jumps(float u, double mean) {
        double probability = Math.exp(-mean);
        double cumulative = probability;
        int jumps = 0;
        while (u >= cumulative && jumps < MOST_JUMPS) {
            jumps++;
            probability *= mean / jumps;
            cumulative += probability;
        }
        return jumps;
    }

    /** (classes) r, computed for a prediction and a present class; 0 for that itself. */
    double[] rates(float[] prediction, int current) {
        double kept = step.alphaBarFrom();
        double ratioSum = 0;
        for (int k = 0; k < limit.length; k++) {
            rates[k] = prediction[k] / (noised(kept, current, k == current) + EPSILON);
            ratioSum += rates[k];
        }
        for (int j = 0; j < limit.length; j++) {
            double ratio = rates[j];
            rates[j] = j == current ? 0
                : limit[current] * (noised(kept, j, false) * (ratioSum - ratio) + noised(kept, j, true) * ratio);
        }
        return rates;
    }

    /** q(j | x₀) where x₀ is j or not. */
    private double noised(double kept, int j, boolean own) {
        double share = (own ? kept : 0) + (1 - kept) * limit[j];
        return share < LEAST ? 0 : share;
    }
}
