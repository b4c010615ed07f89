package org.bitdgdm.kernels;

/**
 * How noise grows with time: which share of a graph's entries is still its own at each of the times 0 (data) to T (noise).
 *
 * <p>Schedules of DiGress ({@code src/diffusion/diffusion_utils.py}, {@code cosine_beta_schedule_discrete}, and
 * {@code noise_schedule.py}, {@code PredefinedNoiseScheduleDiscrete}).
 *
 * <p>That of flow matching is the straight line ᾱ_t = 1 − t/T. Its network reads ᾱ, which runs from 0 (noise) to 1 (data),
 * where DiGress's reads t/T; and knows no grid: T is a number of ours, for what is told apart by times.
 *
 * @param betas     (T+1) β_t, index t = 0…T, unclamped, FP32
 * @param alphasBar (T+1) ᾱ_t = Π_{k≤t} (1 − min(β_k, 0.9999)), FP32
 * @param linear    whether it is that of flow matching
 */
public record NoiseSchedule(float[] betas, float[] alphasBar, boolean linear) {

    /** β above this is clamped before it enters ᾱ. */
    private static final float MAX_BETA = 0.9999f;
    /** s of the cosine schedule. */
    private static final double COSINE_OFFSET = 0.008;
    /** An FP32 share is off its time by less; it would otherwise be of the next time as often as not. */
    private static final double ROUNDING = 1e-6;

    public NoiseSchedule {
        if (betas.length < 2 || betas.length != alphasBar.length) {
            throw new IllegalArgumentException("diffusion: betas and alphasBar must both have T+1 values, found "
                + betas.length + " and " + alphasBar.length);
        }
    }

    /** A schedule of DiGress's. */
    public NoiseSchedule(float[] betas, float[] alphasBar) {
        this(betas, alphasBar, false);
    }

    /** The straight line of flow matching, at so many times. */
    public static NoiseSchedule linear(int steps) {
        float[] betas = new float[steps + 1];
        float[] alphasBar = new float[steps + 1];
        for (int t = 0; t <= steps; t++) {
            alphasBar[t] = (float) ((double) (steps - t) / steps);
            betas[t] = t == 0 ? 0 : 1 - alphasBar[t] / alphasBar[t - 1];
        }
        return new NoiseSchedule(betas, alphasBar, true);
    }

    /** The cosine schedule of so many steps. */
    public static NoiseSchedule cosine(int steps) {
        return of(cosineBetas(steps));
    }

    /**
     * Any schedule. ᾱ is exp of a running sum of logarithms, as {@code torch.cumsum} takes it of FP32 values on a CPU:
     * logarithms and sums are FP32, and the sum that goes on is a double.
     *
     * @param betas (T+1) β_t in 0…1
     */
    public static NoiseSchedule of(float[] betas) {
        float[] alphasBar = new float[betas.length];
        double sum = 0;
        for (int t = 0; t < betas.length; t++) {
            if (!(betas[t] >= 0 && betas[t] <= 1)) {
                throw new IllegalArgumentException("diffusion: betas must be in 0..1, found " + betas[t] + " at time " + t);
            }
            sum += (float) StrictMath.log(1 - Math.min(betas[t], MAX_BETA));
            alphasBar[t] = (float) StrictMath.exp((float) sum);
        }
        return new NoiseSchedule(betas, alphasBar);
    }

    /** (T+1) β of the cosine schedule, in double, rounded once. */
    public static float[] cosineBetas(int steps) {
        int points = steps + 2;
        double[] squaredCosine = new double[points];
        for (int i = 0; i < points; i++) {
            double x = (double) points * i / (points - 1);
            double cosine = Math.cos(0.5 * Math.PI * (x / points + COSINE_OFFSET) / (1 + COSINE_OFFSET));
            squaredCosine[i] = cosine * cosine;
        }
        float[] betas = new float[steps + 1];
        for (int t = 0; t <= steps; t++) {
            betas[t] = (float) (1 - squaredCosine[t + 1] / squaredCosine[t]);
        }
        return betas;
    }

    /** T. */
    public int steps() {
        return betas.length - 1;
    }

    /**
     * β of the transition from time s to a later time t: the schedule's own β_t for one step, 1 − ᾱ_t/ᾱ_s for a stride.
     */
    public float beta(int t, int s) {
        return s == t - 1 ? betas[t] : 1 - alphasBar[t] / alphasBar[s];
    }

    /** What the network reads as time t: t ÷ T, rounded once; of the straight line ᾱ_t. */
    float read(int t) {
        return linear ? alphasBar[t] : (float) ((double) t / steps());
    }

    /**
     * What the network reads where it was trained with this share of entries kept: of the straight line the share itself; else
     * t ÷ T, t between the times whose ᾱ enclose it, 1 at the lowest, since no sampler asks at 0.
     */
    float read(float kept) {
        return linear ? kept : (float) (timeOf(kept) / steps());
    }

    /** The time, 1…T, at or before which so much is kept: for what is told apart by times. */
    int at(float kept) {
        return (int) Math.ceil(Math.max(1, linear ? (1 - ROUNDING - kept) * steps() : timeOf(kept)));
    }

    private double timeOf(float kept) {
        int after = 1;
        while (after < steps() && alphasBar[after] > kept) {
            after++;
        }
        double lost = ((double) alphasBar[after - 1] - kept) / ((double) alphasBar[after - 1] - alphasBar[after]);
        return Math.max(1, Math.min(after, after - 1 + lost));
    }

    /**
     * The times visited by a sampler of {@code count} steps: strictly decreasing from T to 0, evenly spaced.
     *
     * @return (count+1) t_i = ⌊(2T(N−i)+N)/(2N)⌋
     * @throws IllegalArgumentException if count is not in 1…T
     */
    public int[] times(int count) {
        if (count < 1 || count > steps()) {
            throw new IllegalArgumentException("steps must be in 1.." + steps()
                + ", the diffusion steps of the model, found " + count);
        }
        int[] times = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            times[i] = (int) ((2L * steps() * (count - i) + count) / (2L * count));
        }
        return times;
    }

    /**
     * The times visited by a sampler of {@code count} steps: strictly decreasing from T to 0. With T steps both schedules
     * visit every time.
     *
     * <p>{@link Schedule#UNIFORM} is {@link #times(int)}. {@link Schedule#NOISE} takes for t_i, 0 &lt; i &lt; N, the time
     * whose ᾱ is nearest to ᾱ_T + (ᾱ_0 − ᾱ_T) i/N, the later one on a tie; where several targets share a time it moves on
     * to the nearest ones that leave a time for every step.
     *
     * @return (count+1) times
     * @throws IllegalArgumentException if count is not in 1…T
     */
    public int[] times(int count, Schedule schedule) {
        int[] times = times(count);
        if (schedule == Schedule.UNIFORM) {
            return times;
        }
        double first = alphasBar[steps()];
        double last = alphasBar[0];
        for (int i = 1; i < count; i++) {
            double target = first + (last - first) * i / count;
            // Times before the last one left, and no earlier than what the steps to come still need.
            int best = times[i - 1] - 1;
            for (int t = best - 1; t >= count - i && Math.abs(alphasBar[t] - target) < Math.abs(alphasBar[best] - target);
                t--) {
                best = t;
            }
            times[i] = best;
        }
        return times;
    }

    /**
     * Checks a list of times that graphs are to be taken through.
     *
     * @throws IllegalArgumentException if they are not strictly decreasing within T…0
     */
    void requireTimes(int[] times) {
        for (int i = 0; i < times.length; i++) {
            if (times[i] < 0 || times[i] > steps() || i > 0 && times[i] >= times[i - 1]) {
                throw new IllegalArgumentException("times must decrease strictly within " + steps() + "..0, found "
                    + times[i] + " at position " + i + (i > 0 ? " after " + times[i - 1] : ""));
            }
        }
    }

    /**
     * Checks a list of times that graphs are to be sampled through.
     *
     * @throws IllegalArgumentException if they do not begin at T, or are not strictly decreasing to 0 at the lowest
     */
    void requireFromStart(int[] times) {
        requireTimes(times);
        if (times.length == 0 || times[0] != steps()) {
            throw new IllegalArgumentException("sampling begins at time " + steps() + ", found "
                + (times.length == 0 ? "no time" : times[0]));
        }
    }
}
