package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The two incompatible networks that the published DiGress code has had under one name.
 *
 * <p>They differ in the fourth pooled statistic ({@code src/models/layers.py}, {@code Xtoy} and {@code Etoy}) and in
 * the count of 5-cycles ({@code src/diffusion/extra_features.py}, {@code k5_cycle}). A checkpoint works only with the
 * variant it was trained with, and does not say which one that was.
 */
public enum Variant {
    /** Branch {@code main}: spread = unbiased standard deviation, older 5-cycle count. */
    MAIN("main"),
    /** Branch {@code fixed_bug}: spread = biased variance, true 5-cycles. */
    FIXED_BUG("fixed_bug");

    private final String label;

    Variant(String label) {
        this.label = label;
    }

    /** The name of the branch, as written in bundles and on the command line. */
    public String label() {
        return label;
    }

    /**
     * Finds a variant by its label.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Variant of(String label) {
        return Arrays.stream(values()).filter(v -> v.label.equals(label)).findFirst().orElseThrow(() ->
            new IllegalArgumentException("unknown DiGress variant '" + label + "'; known are "
                + Arrays.stream(values()).map(Variant::label).collect(Collectors.joining(", "))));
    }
}
