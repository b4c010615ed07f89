package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The implementations of {@link Denoiser} that a run can name. */
public enum Backend {
    /** The fastest that works here; {@link Denoisers#resolve} says which. */
    AUTO,
    /** Plain Java with double accumulators: the oracle of the others, slow. */
    REFERENCE,
    /** C++ through JNI: scalar, AVX2 or AVX-512, chosen at run time. */
    CPU,
    /** One NVIDIA GPU. */
    CUDA;

    /** The name as written in configurations and on the command line. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds a backend by its label.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Backend of(String label) {
        return Arrays.stream(values()).filter(b -> b.label().equals(label)).findFirst().orElseThrow(() ->
            new IllegalArgumentException("unknown backend '" + label + "'; known are "
                + Arrays.stream(values()).map(Backend::label).collect(Collectors.joining(", "))));
    }
}
