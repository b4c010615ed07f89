package org.bitdgdm.kernels;

/**
 * One step t → s of discrete flow matching for one kind of element, from 0 (noise) to 1 (data): a class x₁ is drawn from the
 * prediction, and the present class x jumps by the rates that lead to x₁ (Qin, Madeira, Thanou, Frossard: "DeFoG: Discrete
 * Flow Matching for Graph Generation", ICML 2025; {@code src/flow_matching/rate_matrix.py}).
 *
 * <p>With p0 the limit distribution, all in FP32 in the order of the published code, which decides what is exactly 0 and what
 * is too large:
 * <ol>
 * <li>{@code p(j) = t [j = x₁] + (1 − t) p0(j)}, {@code ∂p(j) = [j = x₁] − p0(j)}, Z = number of j with p(j) ≠ 0;</li>
 * <li>{@code R*(j) = max(0, ∂p(j) − ∂p(x)) / (Z p(x))};</li>
 * <li>{@code R(j) = R*(j) + η p(j) mask(j) + ω [j = x₁ ≠ x] / (Z p(x))}, see {@link Stochasticity};</li>
 * <li>0 in the place of what is not finite or above 1e5, and where p(x) or p(j) is 0;</li>
 * <li>to j with R(j)(s − t), to stay with what is left of 1, at least 0.</li>
 * </ol>
 */
final class Flow {
    /** Slots of the draws of x₁ lie this far from those of the classes, see {@link CounterRandom}. */
    static final int PREDICTED = 1 << 31;
    /** And those of one more class that {@link Stochasticity#COLUMN_XHAT_T} draws. */
    static final int NOISED = 1 << 30;

    /** Rates above it are taken for 0, not for it. */
    private static final float MAX_RATE = 1e5f;

    /** A sum of FP32 probabilities is off 1 by no more. */
    private static final float ROUNDING = 1e-6f;

    private final Sampler.Step step;
    /** (classes) p0. */
    private final float[] limit;
    /** (classes) p of the element under way. */
    private final float[] p;

    Flow(Sampler.Step step, float[] marginal) {
        this.step = step;
        this.limit = new float[marginal.length];
        this.p = new float[marginal.length];
        float sum = 0;
        for (float weight : marginal) {
            sum += weight;
        }
        for (int k = 0; k < limit.length; k++) {
            // What has been normalised before keeps its bits.
            limit[k] = Math.abs(sum - 1) <= ROUNDING ? marginal[k] : marginal[k] / sum;
        }
    }

    /**
     * Draws the class after the step.
     *
     * @param prediction (classes) probabilities of the data's class
     * @param current    class before the step
     * @param weights    (classes) scratch
     */
    int jump(float[] prediction, int current, float[] weights, long seed, long id, int slot) {
        int classes = limit.length;
        float u = CounterRandom.uniform(seed, id, step.to(), slot | PREDICTED);
        int drawn = CounterRandom.draw(u, prediction, 0, classes);
        noised(drawn);
        int column = column(prediction, current, drawn, () ->
            CounterRandom.draw(CounterRandom.uniform(seed, id, step.to(), slot | NOISED), p, 0, classes));
        weigh(current, drawn, column, weights);
        return CounterRandom.draw(CounterRandom.uniform(seed, id, step.to(), slot), weights, 0, classes);
    }

    /** Where a class comes from that is drawn only if it is asked for. */
    interface Draw {
        int get();
    }

    /** Computes p for a class of the data. */
    void noised(int drawn) {
        float t = step.alphaBarFrom();
        for (int j = 0; j < limit.length; j++) {
            p[j] = Math.min(1, Math.max(0, t * (j == drawn ? 1 : 0) + (1 - t) * limit[j]));
        }
    }

    /** (classes) p as computed last. */
    float[] noised() {
        return p;
    }

    /** The class that the design singles out; −1: none. */
    int column(float[] prediction, int current, int drawn, Draw fromNoised) {
        return switch (step.stochasticity()) {
            case GENERAL, MARGINAL -> -1;
            case COLUMN_MAX_MARGINAL -> best(limit);
            case COLUMN_X_T -> current;
            case COLUMN_ABS_STATE, ENTRY_ABS_STATE -> limit.length - 1;
            case COLUMN_P_X1_G_XT -> best(prediction);
            case COLUMN_X_1 -> drawn;
            case COLUMN_P_XT_G_X1 -> best(p);
            case COLUMN_XHAT_T -> fromNoised.get();
            case ENTRY_FIRST -> 0;
        };
    }

    private boolean inMask(int j, int current, int drawn, int column) {
        return switch (step.stochasticity()) {
            case GENERAL -> true;
            case MARGINAL -> limit[j] > limit[current];
            case ENTRY_FIRST, ENTRY_ABS_STATE -> current == column ? j == drawn : current == drawn && j == column;
            default -> current == column || j == column;
        };
    }

    /**
     * Probabilities of the class after the step, after {@link #noised}.
     *
     * @param weights (classes) written; not normalised, their sum is 1 or more
     */
    void weigh(int current, int drawn, int column, float[] weights) {
        float left = 0;
        for (int j = 0; j < limit.length; j++) {
            weights[j] = j == current ? 0 : rate(j, current, drawn, column) * (step.alphaBarTo() - step.alphaBarFrom());
            left += weights[j];
        }
        weights[current] = Math.max(0, 1 - left);
    }

    /** R(j). */
    float rate(int j, int current, int drawn, int column) {
        int reached = 0;
        for (float probability : p) {
            reached += probability != 0 ? 1 : 0;
        }
        float denominator = reached * p[current];
        float slope = (j == drawn ? 1 : 0) - limit[j] - ((current == drawn ? 1 : 0) - limit[current]);
        float rate = Math.max(0, slope) / denominator + p[j] * (inMask(j, current, drawn, column) ? 1 : 0) * step.eta()
            + (j == drawn && current != drawn ? step.omega() : 0) / denominator;
        return rate <= MAX_RATE && p[current] != 0 && p[j] != 0 ? rate : 0;
    }

    /** The first of the largest of some values. */
    static int best(float[] values) {
        int best = 0;
        for (int k = 1; k < values.length; k++) {
            best = values[k] > values[best] ? k : best;
        }
        return best;
    }

    /**
     * The probabilities that logits stand for.
     *
     * @param logits  array holding the logits
     * @param from    index of class 0 in {@code logits}
     * @param weights (classes) written
     * @throws NotFiniteException if a logit is not finite
     */
    static void predict(float[] logits, int from, float[] weights, int time) {
        double[] exponentials = new double[weights.length];
        double total = Posterior.exponentials(logits, from, time, exponentials);
        for (int k = 0; k < weights.length; k++) {
            weights[k] = (float) (exponentials[k] / total);
        }
    }
}
