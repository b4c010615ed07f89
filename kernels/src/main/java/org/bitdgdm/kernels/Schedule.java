package org.bitdgdm.kernels;

import java.util.Arrays;

/** How the times of a sampler with fewer steps than the model are spaced, see {@link NoiseSchedule#times(int, Schedule)}. */
public enum Schedule {
    /** Evenly in t. */
    UNIFORM("uniform"),
    /**
     * Evenly in ᾱ, the share of entries that the noise has not yet replaced: every step settles as many entries as the next.
     * Not in log-SNR, log(ᾱ/(1 − ᾱ)), as solvers of Gaussian diffusions have it: with the cosine schedule that spends most
     * of its steps where next to nothing of a graph is left, which a discrete model leaves in one.
     */
    NOISE("noise");

    private final String label;

    Schedule(String label) {
        this.label = label;
    }

    /** As users write it. */
    public String label() {
        return label;
    }

    /**
     * The schedule of a label.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static Schedule of(String label) {
        return Arrays.stream(values()).filter(schedule -> schedule.label.equals(label)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("schedule must be one of uniform, noise, found " + label));
    }
}
