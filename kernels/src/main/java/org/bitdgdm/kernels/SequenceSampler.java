package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * Samples sequences for a backbone as GraDe-IF does ({@code diffusion/gradeif.py}, {@code ddim_sample}): classes at time T
 * are uniform, each time's logits give a distribution of the classes at the next one ({@link ResiduePosterior}), of which
 * the best or a drawn class is taken, and the logits of the last evaluation are the result.
 *
 * <p>A class of residue i of sample k at time s is drawn with the counter (structure, s + k (T + 1), i), see
 * {@link CounterRandom}: a sequence depends on seed, structure, number of the sample, model and settings only.
 */
public final class SequenceSampler {
    private static final int CLASSES = ResidueDiffusion.CLASSES;
    private static final float[] ANY_CLASS = new float[CLASSES];

    static {
        Arrays.fill(ANY_CLASS, 1);
    }

    private final ResidueDiffusion diffusion;
    private final ResidueDiffusion.Transition transition;
    private final int[] times;
    private final boolean diverse;
    private final long seed;

    /**
     * @param transition  noise that is taken back; a model runs with either
     * @param evaluations of the network for each sample; must divide T
     * @param diverse     whether classes are drawn; if not, the most probable one is taken
     * @param seed        key of the random stream
     * @throws IllegalArgumentException if T is not so many equal strides
     */
    public SequenceSampler(ResidueDiffusion diffusion, ResidueDiffusion.Transition transition, int evaluations,
                           boolean diverse, long seed) {
        this.diffusion = diffusion;
        this.transition = transition;
        this.times = diffusion.times(evaluations);
        this.diverse = diverse;
        this.seed = seed;
    }

    /** Takes what a sampler passes through. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * @param sequences (S, N) classes at time t; reused after the call
         * @param t         time at which the network is evaluated
         */
        void visit(byte[] sequences, int t);
    }

    /**
     * Samples sequences of one backbone.
     *
     * @param structure key of the structure, the same wherever it is sampled
     * @param first     number of the first sample
     * @param samples   samples of consecutive numbers
     * @param fixed     (N) residues that are taken to be native
     * @return (samples, N, 20) logits of the last evaluation
     * @throws KernelException      if a logit is not finite
     * @throws InterruptedException if the calling thread is interrupted, at the latest after one evaluation
     */
    public float[] sample(ProteinDenoiser.Conditioned network, long structure, int first, int samples, boolean[] fixed)
        throws InterruptedException {
        return sample(network, structure, first, start(network.protein().residues(), structure, first, samples), fixed,
            (sequences, t) -> { });
    }

    /**
     * Classes at time T.
     *
     * @return (samples, residues)
     */
    public byte[] start(int residues, long structure, int first, int samples) {
        byte[] start = new byte[Math.multiplyExact(samples, residues)];
        for (int at = 0; at < start.length; at++) {
            float u = uniform(structure, first + at / residues, diffusion.steps(), at % residues);
            start[at] = (byte) CounterRandom.draw(u, ANY_CLASS, 0, CLASSES);
        }
        return start;
    }

    /** The same from given classes at time T, which are overwritten by those of every time but 0. */
    public float[] sample(ProteinDenoiser.Conditioned network, long structure, int first, byte[] sequences, boolean[] fixed,
                          Visitor visitor) throws InterruptedException {
        ProteinGraph protein = network.protein();
        int n = protein.residues();
        if (fixed.length != n || sequences.length % n != 0) {
            throw new IllegalArgumentException("a protein of " + n + " residues takes as many flags and multiples of as many"
                + " classes, found " + fixed.length + " and " + sequences.length);
        }
        float[] logits = new float[sequences.length * CLASSES];
        for (int step = 0;; step++) {
            if (Thread.interrupted()) {
                throw new InterruptedException("sampling was stopped");
            }
            visitor.visit(sequences, times[step]);
            network.logits(sequences, times[step], logits);
            requireFinite(logits, n, times[step]);
            if (step == times.length - 2) {
                return logits;
            }
            advance(protein, structure, first, step, logits, sequences, fixed);
        }
    }

    /** Evaluations of the network for each sample. */
    public int evaluations() {
        return times.length - 1;
    }

    /** The time of an evaluation, counted from 0. */
    public int time(int evaluation) {
        return times[evaluation];
    }

    /**
     * Takes classes to the time of the next evaluation.
     *
     * @param structure  key of the structure
     * @param first      number of the first sample
     * @param evaluation that the logits are of, but the last
     * @param logits     (S, N, 20) of the network
     * @param sequences  (S, N) classes that it was asked for, overwritten
     * @param fixed      (N) residues that are taken to be native
     */
    public void advance(ProteinGraph protein, long structure, int first, int evaluation, float[] logits, byte[] sequences,
                        boolean[] fixed) {
        int n = protein.residues();
        int s = times[evaluation + 1];
        double[] p = new double[CLASSES];
        float[] weights = new float[CLASSES];
        ResiduePosterior posterior = new ResiduePosterior(diffusion, transition, times[evaluation], s);
        for (int at = 0; at < sequences.length; at++) {
            if (fixed[at % n]) {
                Arrays.fill(p, 0);
                p[protein.sequence()[at % n]] = 1;
            } else {
                softmax(logits, at * CLASSES, p);
            }
            posterior.compute(p, sequences[at], weights);
            sequences[at] = (byte) (diverse
                ? CounterRandom.draw(uniform(structure, first + at / n, s, at % n), weights, 0, CLASSES)
                : best(weights, 0));
        }
    }

    private float uniform(long structure, int sample, int time, int residue) {
        return CounterRandom.uniform(seed, structure, Math.addExact(time, Math.multiplyExact(sample, diffusion.steps() + 1)),
            residue);
    }

    /**
     * The sequence that logits stand for: the best class of each residue, and the native one of a fixed residue, which the
     * published code forgets at the end.
     *
     * @param logits array that holds (N, 20) logits
     * @param from   index of the first of them
     */
    public static byte[] sequence(ProteinGraph protein, float[] logits, int from, boolean[] fixed) {
        byte[] sequence = protein.sequence().clone();
        for (int i = 0; i < sequence.length; i++) {
            if (!fixed[i]) {
                sequence[i] = (byte) best(logits, from + i * CLASSES);
            }
        }
        return sequence;
    }

    /** The first of the largest of 20 values. */
    private static int best(float[] values, int from) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++) {
            if (values[from + k] > values[from + best]) {
                best = k;
            }
        }
        return best;
    }

    /** Probabilities that 20 logits stand for. */
    public static void softmax(float[] logits, int from, double[] p) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < CLASSES; k++) {
            largest = Math.max(largest, logits[from + k]);
        }
        double sum = 0;
        for (int k = 0; k < CLASSES; k++) {
            p[k] = Math.exp(logits[from + k] - largest);
            sum += p[k];
        }
        for (int k = 0; k < CLASSES; k++) {
            p[k] /= sum;
        }
    }

    private static void requireFinite(float[] logits, int residues, int t) {
        for (int at = 0; at < logits.length; at++) {
            if (!Float.isFinite(logits[at])) {
                throw new KernelException("logits at time " + t + " must be finite, found " + logits[at] + " in residue "
                    + at / CLASSES % residues + "; the model's weights are broken");
            }
        }
    }
}
