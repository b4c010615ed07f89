package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A bound on every element, |actual − expected| ≤ absolute + relative · |expected|; never on a mean only.
 *
 * @param absolute bound near zero
 * @param relative bound as a fraction of the expected value
 */
public record Tolerance(double absolute, double relative) {
    /** Reference against the published code in FP32. */
    public static final Tolerance GOLDEN = new Tolerance(1e-5, 1e-4);

    /**
     * Fails with the worst element unless all are within the bound.
     *
     * @return the largest fraction of the tolerance that an element used
     */
    public double check(String what, float[] expected, float[] actual) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            double used = Math.abs((double) actual[i] - expected[i]) / (absolute + relative * Math.abs(expected[i]));
            if (!(used <= worst)) {
                worst = Double.isNaN(used) ? Double.POSITIVE_INFINITY : used;
                at = i;
            }
        }
        assertThat(worst).as("%s: worst element %d, expected %s, found %s, %.0f%% of the tolerance used",
            what, at, expected.length > 0 ? expected[at] : "none", expected.length > 0 ? actual[at] : "none", 100 * worst)
            .isLessThanOrEqualTo(1);
        return worst;
    }
}
