package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Warp of the even grid of times of a flow, from 0 (noise) to 1 (data): where it is flat, steps are short
 * ({@code src/flow_matching/time_distorter.py} of DeFoG). FP32 in the order of operations of the published code, since
 * times near 1 are coarse in FP32.
 */
public enum Distortion {
    /** u. */
    IDENTITY {
        @Override
        float of(float u) {
            return u;
        }
    },
    /** 2u − u²: short steps near the data. */
    POLYDEC {
        @Override
        float of(float u) {
            return 2 * u - u * u;
        }
    },
    /** u²: short steps near the noise. */
    POLYINC {
        @Override
        float of(float u) {
            return u * u;
        }
    },
    /** (1 − cos πu)/2: short steps at both ends. */
    COS {
        @Override
        float of(float u) {
            return (1 - cosine(u)) / 2;
        }
    },
    /** 2u − (1 − cos πu)/2: short steps in the middle. */
    REVCOS {
        @Override
        float of(float u) {
            return 2 * u - (1 - cosine(u)) / 2;
        }
    };

    /** The distorted time. */
    abstract float of(float u);

    private static float cosine(float u) {
        return (float) StrictMath.cos(u * (float) Math.PI);
    }

    /** As users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Labels of all, for messages and checks. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Distortion::label).toList();
    }

    /**
     * The distortion of a label.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static Distortion of(String label) {
        return Arrays.stream(values()).filter(distortion -> distortion.label().equals(label)).findFirst().orElseThrow(() ->
            new IllegalArgumentException("distortion must be one of "
                + String.join(", ", labels()) + ", found " + label));
    }
}
