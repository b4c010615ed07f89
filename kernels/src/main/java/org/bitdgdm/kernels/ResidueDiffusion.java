package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Transitions of the classes of residues, as GraDe-IF takes them ({@code diffusion/noise_schedule.py}): Q̄_t, whose row is
 * the class at time 0 and whose column the class at time t.
 *
 * @param betas        (T+1) β_t of the {@link Transition#UNIFORM} noise, index t = 0…T, FP32
 * @param alphasBar    (T+1) ᾱ_t, FP32
 * @param scores       (20, 20) score of a class in the place of another, symmetric; what {@link Transition#BLOSUM} goes by
 * @param temperatures (T+2) what scores are divided by, rising with time
 * @param trained      the noise that the model was trained with
 */
public record ResidueDiffusion(float[] betas, float[] alphasBar, float[] scores, float[] temperatures, Transition trained) {
    /** Classes of a residue. */
    public static final int CLASSES = ProteinGraph.LETTERS.length();
    /** Least entry of Q̄_t of {@link Transition#BLOSUM}. */
    private static final double LEAST = 1e-6;

    /** How classes of residues are noised. */
    public enum Transition {
        /** To any class alike: Q̄_t = ᾱ_t I + (1 − ᾱ_t) / 20. */
        UNIFORM("uniform"),
        /** To classes that evolution puts in their place: rows of Q̄_t are softmax(scores ÷ temperature). */
        BLOSUM("blosum");

        private final String label;

        Transition(String label) {
            this.label = label;
        }

        /** As files and users write it. */
        public String label() {
            return label;
        }

        /**
         * The transition of a label.
         *
         * @throws IllegalArgumentException naming the known ones
         */
        public static Transition of(String label) {
            return Arrays.stream(values()).filter(transition -> transition.label.equals(label)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("transition must be one of "
                    + Arrays.stream(values()).map(Transition::label).collect(Collectors.joining(", ")) + ", found " + label));
        }
    }

    /**
     * @throws IllegalArgumentException if tables have another length than T asks for, or hold what is no score or temperature
     */
    public ResidueDiffusion {
        if (betas.length < 2 || alphasBar.length != betas.length) {
            throw new IllegalArgumentException("residues: betas and alphasBar must both have T+1 values, found " + betas.length
                + " and " + alphasBar.length);
        }
        if (scores.length != CLASSES * CLASSES || temperatures.length != betas.length + 1) {
            throw new IllegalArgumentException("residues: there must be " + CLASSES * CLASSES + " scores and "
                + (betas.length + 1) + " temperatures, found " + scores.length + " and " + temperatures.length);
        }
        for (float temperature : temperatures) {
            if (!(temperature > 0) || Float.isInfinite(temperature)) {
                throw new IllegalArgumentException("residues: temperatures must be finite and positive, found " + temperature);
            }
        }
        for (float score : scores) {
            if (!Float.isFinite(score)) {
                throw new IllegalArgumentException("residues: scores must be finite, found " + score);
            }
        }
    }

    /**
     * Transitions of any number of steps: the cosine schedule, and temperatures stretched linearly to T + 2, both ends kept.
     *
     * @param temperatures (at least 2)
     */
    public static ResidueDiffusion of(int steps, float[] scores, float[] temperatures, Transition trained) {
        NoiseSchedule cosine = NoiseSchedule.cosine(steps);
        float[] stretched = new float[steps + 2];
        for (int k = 0; k < stretched.length; k++) {
            double at = (double) k * (temperatures.length - 1) / (stretched.length - 1);
            int below = Math.min((int) at, temperatures.length - 2);
            stretched[k] = (float) (temperatures[below] + (at - below) * (temperatures[below + 1] - temperatures[below]));
        }
        return new ResidueDiffusion(cosine.betas(), cosine.alphasBar(), scores, stretched, trained);
    }

    /** T. */
    public int steps() {
        return betas.length - 1;
    }

    /**
     * Q̄_t.
     *
     * @return (20, 20) row-major
     */
    public double[] cumulative(Transition transition, int t) {
        return transition == Transition.UNIFORM ? uniform(t) : blosum(t);
    }

    private double[] uniform(int t) {
        double[] matrix = new double[CLASSES * CLASSES];
        Arrays.fill(matrix, (1 - (double) alphasBar[t]) / CLASSES);
        for (int c = 0; c < CLASSES; c++) {
            matrix[c * CLASSES + c] += alphasBar[t];
        }
        return matrix;
    }

    private double[] blosum(int t) {
        // The published code looks temperatures up by t / T · (T + 1) in FP32, ties to even.
        double temperature = temperatures[(int) Math.rint((float) t / steps() * (steps() + 1))];
        double[] matrix = new double[CLASSES * CLASSES];
        for (int row = 0; row < CLASSES; row++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < CLASSES; c++) {
                largest = Math.max(largest, scores[row * CLASSES + c]);
            }
            double sum = 0;
            for (int c = 0; c < CLASSES; c++) {
                matrix[row * CLASSES + c] = Math.exp((scores[row * CLASSES + c] - largest) / temperature);
                sum += matrix[row * CLASSES + c];
            }
            for (int c = 0; c < CLASSES; c++) {
                matrix[row * CLASSES + c] = Math.max(LEAST, matrix[row * CLASSES + c] / sum);
            }
        }
        return matrix;
    }

    /**
     * The times of a sampler of so many evaluations: T, and then down to 0 in equal strides.
     *
     * @param evaluations of the network; must divide T
     * @return (evaluations + 1) times
     * @throws IllegalArgumentException if T is not so many equal strides
     */
    public int[] times(int evaluations) {
        if (evaluations < 1 || evaluations > steps() || steps() % evaluations != 0) {
            throw new IllegalArgumentException("steps must divide " + steps() + ", the diffusion steps of the model, since"
                + " every evaluation takes a stride of equal length, found " + evaluations);
        }
        int[] times = new int[evaluations + 1];
        for (int i = 0; i <= evaluations; i++) {
            times[i] = steps() / evaluations * (evaluations - i);
        }
        return times;
    }
}
