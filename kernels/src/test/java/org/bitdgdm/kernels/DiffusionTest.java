package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Times of few-step sampling, the noise of a stride, and what a diffusion refuses. */
class DiffusionTest {
    private static final Diffusion DIFFUSION =
        Diffusion.cosine(500, new float[] {1, 1}, new float[] {1, 1}, new float[] {0, 1});

    @Test
    void timesRunFromTheLastStepToZero() {
        assertThat(DIFFUSION.times(1)).containsExactly(500, 0);
        assertThat(DIFFUSION.times(3)).containsExactly(500, 333, 167, 0);
        assertThat(DIFFUSION.times(500)).startsWith(500, 499, 498).endsWith(2, 1, 0);
        for (int count = 1; count <= 500; count++) {
            int[] times = DIFFUSION.times(count);
            assertThat(times).hasSize(count + 1);
            for (int i = 1; i < times.length; i++) {
                assertThat(times[i]).isLessThan(times[i - 1]);
            }
        }
    }

    @Test
    void timesRefusesWhatTheModelCannotDo() {
        assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.times(0));
        assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.times(501))
            .withMessageContaining("steps must be in 1..500").withMessageContaining("found 501");
    }

    @Test
    void aStrideComposesItsSteps() {
        double kept = 1;
        for (int t = 101; t <= 120; t++) {
            kept *= 1 - DIFFUSION.beta(t, t - 1);
        }
        assertThat((double) DIFFUSION.beta(120, 100)).isCloseTo(1 - kept, within(1e-5));
        assertThat(DIFFUSION.beta(120, 119)).isEqualTo(DIFFUSION.betas()[120]);
    }

    @Test
    void timesOfACallMustDecreaseStrictly() {
        DIFFUSION.requireTimes(new int[] {500, 3, 0});
        DIFFUSION.requireTimes(new int[0]);
        for (int[] times : new int[][] {{3, 3}, {501, 3}, {3, -1}, {2, 4}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.requireTimes(times))
                .withMessageContaining("times must decrease strictly within 500..0");
        }
    }
}
