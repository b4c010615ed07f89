package org.bitdgdm.kernels;

/**
 * One reverse step t → s of GraDe-IF: from p(x₀ | z_t) to a distribution of z_s
 * ({@code diffusion/gradeif.py}, {@code ddim_sample}). With R = Q̄_s ÷ Q̄_t entry by entry, each row divided by its sum
 * (the authors' approximation of the transition from s to t), and sums in class order, in double:
 * {@code w_k = R[k, z_t] · Σ_x p(x) Q̄_s[x, k] / Q̄_t[x, z_t]}, normalised. A zero denominator counts as 1e-6, and where all
 * w are 0 all classes are alike.
 */
public final class ResiduePosterior {
    private static final int CLASSES = ResidueDiffusion.CLASSES;
    private static final double ZERO_DENOMINATOR = 1e-6;

    private final double[] toS;
    private final double[] toT;
    /** (20, 20) R. */
    private final double[] between;

    /**
     * @param t time stepped from
     * @param s earlier time stepped to
     */
    public ResiduePosterior(ResidueDiffusion diffusion, ResidueDiffusion.Transition transition, int t, int s) {
        if (t > diffusion.steps() || s < 0 || s >= t) {
            throw new IllegalArgumentException("a reverse step goes from t to an earlier s within " + diffusion.steps()
                + "..0, found " + t + " to " + s);
        }
        toS = diffusion.cumulative(transition, s);
        toT = diffusion.cumulative(transition, t);
        between = new double[CLASSES * CLASSES];
        for (int row = 0; row < CLASSES; row++) {
            double sum = 0;
            for (int c = 0; c < CLASSES; c++) {
                between[row * CLASSES + c] = toS[row * CLASSES + c] / toT[row * CLASSES + c];
                sum += between[row * CLASSES + c];
            }
            for (int c = 0; c < CLASSES; c++) {
                between[row * CLASSES + c] /= sum;
            }
        }
    }

    /**
     * The distribution of a residue's class at time s.
     *
     * @param p       (20) probabilities of its class at time 0
     * @param current its class at time t
     * @param weights (20) written; sums to 1 up to rounding
     */
    public void compute(double[] p, int current, float[] weights) {
        double[] w = new double[CLASSES];
        for (int x = 0; x < CLASSES; x++) {
            double denominator = toT[x * CLASSES + current];
            double ratio = p[x] / (denominator == 0 ? ZERO_DENOMINATOR : denominator);
            for (int k = 0; k < CLASSES; k++) {
                w[k] += ratio * toS[x * CLASSES + k];
            }
        }
        double sum = 0;
        for (int k = 0; k < CLASSES; k++) {
            w[k] *= between[k * CLASSES + current];
            sum += w[k];
        }
        for (int k = 0; k < CLASSES; k++) {
            weights[k] = (float) (sum == 0 ? 1.0 / CLASSES : w[k] / sum);
        }
    }
}
