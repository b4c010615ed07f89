package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * One reverse step t → s of the discrete diffusion for one kind of element: from the logits of p(x₀ | z_t) to
 * p(z_s | z_t) ∝ Σ_{x₀} p(x₀) · q(z_t | z_s) q(z_s | x₀) / q(z_t | x₀)
 * ({@code src/diffusion/diffusion_utils.py}, {@code compute_batched_over0_posterior_distribution}).
 *
 * <p>With c the class at t, m the limit distribution, β the noise from s to t ({@link NoiseSchedule#beta}) and all sums in
 * class order, in double, without contraction:
 * <ol>
 * <li>{@code p_k = exp(logit_k − max) / Σ exp(logit_j − max)};</li>
 * <li>{@code w_k = p_k / d_k} with {@code d_k = ᾱ_t [k = c] + (1 − ᾱ_t) m_c}, 1e-6 where that is 0; {@code W = Σ w_k};</li>
 * <li>{@code v_k = ((1 − β) [k = c] + β m_c) · (ᾱ_s w_k + ((1 − ᾱ_s) m_k) W)}: the sum over x₀ in closed form, since
 *     q(z_s | x₀) has the same off-diagonal entries for every x₀;</li>
 * <li>{@code v_k / Σ v}, rounded once to FP32; 1 / classes where the sum is 0.</li>
 * </ol>
 */
public final class Posterior {
    /** Stands in for q(z_t | x₀) where that is 0, as in the published code. */
    private static final double ZERO_DENOMINATOR = 1e-6;

    private final int t;
    /** (classes) m, normalised. */
    private final double[] limit;
    private final double beta;
    private final double alphaBarT;
    private final double alphaBarS;

    private Posterior(float[] marginal, int t, float beta, float alphaBarT, float alphaBarS) {
        this.t = t;
        this.limit = new double[marginal.length];
        double sum = 0;
        for (float weight : marginal) {
            sum += weight;
        }
        for (int k = 0; k < limit.length; k++) {
            limit[k] = marginal[k] / sum;
        }
        this.beta = beta;
        this.alphaBarT = alphaBarT;
        this.alphaBarS = alphaBarS;
    }

    private static Posterior of(Diffusion diffusion, float[] marginal, int t, int s) {
        if (t > diffusion.steps() || s < 0 || s >= t) {
            throw new IllegalArgumentException("a reverse step goes from t to an earlier s within " + diffusion.steps()
                + "..0, found " + t + " to " + s);
        }
        NoiseSchedule schedule = diffusion.schedule();
        return new Posterior(marginal, t, schedule.beta(t, s), schedule.alphasBar()[t], schedule.alphasBar()[s]);
    }

    /** A sampler's step for classes of a limit distribution. */
    static Posterior of(Sampler.Step step, float[] marginal) {
        return new Posterior(marginal, step.at(), step.beta(), step.alphaBarFrom(), step.alphaBarTo());
    }

    /** The step for node classes. */
    public static Posterior ofNodes(Diffusion diffusion, int t, int s) {
        return of(diffusion, diffusion.limits().nodes(), t, s);
    }

    /** The step for edge classes. */
    public static Posterior ofEdges(Diffusion diffusion, int t, int s) {
        return of(diffusion, diffusion.limits().edges(), t, s);
    }

    /**
     * Computes p(z_s | z_t) of one element.
     *
     * @param logits  array holding the logits of p(x₀ | z_t)
     * @param from    index of class 0 in {@code logits}
     * @param current class at time t
     * @param weights (classes) written; sums to 1 up to rounding
     * @throws NotFiniteException if a logit is not finite
     */
    public void compute(float[] logits, int from, int current, float[] weights) {
        int classes = limit.length;
        double[] w = new double[classes];
        double total = exponentials(logits, from, t, w);
        double sumW = 0;
        for (int k = 0; k < classes; k++) {
            double denominator = (1 - alphaBarT) * limit[current];
            if (k == current) {
                denominator += alphaBarT;
            }
            w[k] = w[k] / total / (denominator == 0 ? ZERO_DENOMINATOR : denominator);
            sumW += w[k];
        }
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            double transition = beta * limit[current];
            if (k == current) {
                transition += 1 - beta;
            }
            w[k] = transition * (alphaBarS * w[k] + (1 - alphaBarS) * limit[k] * sumW);
            sum += w[k];
        }
        for (int k = 0; k < classes; k++) {
            weights[k] = (float) (sum == 0 ? 1.0 / classes : w[k] / sum);
        }
    }

    /**
     * What the probabilities that logits stand for are proportional to, {@code exp(logit_k − max)}.
     *
     * @param time    of the network's evaluation, for the message
     * @param weights (classes) written
     * @return their sum
     * @throws NotFiniteException if a logit is not finite
     */
    static double exponentials(float[] logits, int from, int time, double[] weights) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < weights.length; k++) {
            largest = Math.max(largest, logits[from + k]);
        }
        double total = 0;
        for (int k = 0; k < weights.length; k++) {
            weights[k] = Math.exp(logits[from + k] - largest);
            total += weights[k];
        }
        if (!(total < Double.POSITIVE_INFINITY)) {
            throw new NotFiniteException("logits at time " + time + " must be finite, found "
                + Arrays.toString(Arrays.copyOfRange(logits, from, from + weights.length))
                + "; the model's weights are broken");
        }
        return total;
    }

    /**
     * q(z_s | z_t) where x₀ is known by a distribution p instead of a class, as the published bound has it
     * ({@code compute_posterior_distribution}): {@code (z_t Q_tᵀ) ∘ (p Q̄_s) ÷ (p Q̄_t z_tᵀ)}, not normalised.
     *
     * @param p       (classes) probabilities of x₀
     * @param current class at time t
     */
    public double[] ofDistribution(double[] p, int current) {
        double denominator = alphaBarT * p[current] + (1 - alphaBarT) * limit[current];
        double[] found = new double[limit.length];
        for (int k = 0; k < found.length; k++) {
            double back = beta * limit[current] + (k == current ? 1 - beta : 0);
            found[k] = back * (alphaBarS * p[k] + (1 - alphaBarS) * limit[k]) / denominator;
        }
        return found;
    }
}
