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
        assertThat(DIFFUSION.schedule().times(1)).containsExactly(500, 0);
        assertThat(DIFFUSION.schedule().times(3)).containsExactly(500, 333, 167, 0);
        assertThat(DIFFUSION.schedule().times(500)).startsWith(500, 499, 498).endsWith(2, 1, 0);
        for (int count = 1; count <= 500; count++) {
            int[] times = DIFFUSION.schedule().times(count);
            assertThat(times).hasSize(count + 1);
            for (int i = 1; i < times.length; i++) {
                assertThat(times[i]).isLessThan(times[i - 1]);
            }
        }
    }

    @Test
    void noiseSpacesTimesByAlphaBar() {
        assertThat(DIFFUSION.schedule().times(1, Schedule.NOISE)).containsExactly(500, 0);
        assertThat(DIFFUSION.schedule().times(500, Schedule.NOISE)).isEqualTo(DIFFUSION.schedule().times(500));
        assertThat(DIFFUSION.schedule().times(500, Schedule.UNIFORM)).isEqualTo(DIFFUSION.schedule().times(500));
        for (int count = 1; count <= 500; count++) {
            int[] times = DIFFUSION.schedule().times(count, Schedule.NOISE);
            assertThat(times).hasSize(count + 1).startsWith(500).endsWith(0);
            DIFFUSION.schedule().requireTimes(times);
        }
        // Far from all steps every time is the nearest to its target: off by at most half a step of the schedule.
        int[] times = DIFFUSION.schedule().times(20, Schedule.NOISE);
        assertThat(times).isNotEqualTo(DIFFUSION.schedule().times(20));
        float[] bar = DIFFUSION.schedule().alphasBar();
        for (int i = 1; i < 20; i++) {
            double target = bar[500] + (bar[0] - bar[500]) * i / 20.0;
            double widest = Math.max(bar[times[i] - 1] - bar[times[i]], bar[times[i]] - bar[times[i] + 1]);
            assertThat((double) bar[times[i]]).isCloseTo(target, within(widest / 2));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.schedule().times(501, Schedule.NOISE))
            .withMessageContaining("found 501");
        assertThatIllegalArgumentException().isThrownBy(() -> Schedule.of("karras")).withMessageContaining("uniform, noise");
    }

    @Test
    void timesRefusesWhatTheModelCannotDo() {
        assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.schedule().times(0));
        assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.schedule().times(501))
            .withMessageContaining("steps must be in 1..500").withMessageContaining("found 501");
    }

    @Test
    void theTimeOfWhatIsKeptAtATimeIsThatTime() {
        for (NoiseSchedule schedule : new NoiseSchedule[] {NoiseSchedule.linear(1000), NoiseSchedule.linear(500)}) {
            for (int t = 1; t <= schedule.steps(); t++) {
                assertThat(schedule.at(schedule.alphasBar()[t])).isEqualTo(t);
                float between = (float) (1 - (t - 0.5) / schedule.steps());
                assertThat(schedule.at(between)).as("the later of the times around").isEqualTo(t);
            }
            assertThat(schedule.at(1)).isEqualTo(1);
        }
    }

    @Test
    void onlyNetworksThatReadWalksHaveAClassOfNoise() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Architecture(Variant.MAIN, 1, 2, 2, 3, 7, 50, FeatureSet.ALL,
                false, new float[0], 1, 0, true))
            .withMessage("architecture: a class that only noise has needs the extra features rrwp, found all");
        assertThat(new Architecture(Variant.MAIN, 1, 2, 2, 3, 7, 50, FeatureSet.RRWP, false, new float[0], 1, 4, true)
            .absorbing()).isTrue();
    }

    @Test
    void aStrideComposesItsSteps() {
        double kept = 1;
        for (int t = 101; t <= 120; t++) {
            kept *= 1 - DIFFUSION.schedule().beta(t, t - 1);
        }
        assertThat((double) DIFFUSION.schedule().beta(120, 100)).isCloseTo(1 - kept, within(1e-5));
        assertThat(DIFFUSION.schedule().beta(120, 119)).isEqualTo(DIFFUSION.schedule().betas()[120]);
    }

    @Test
    void timesOfACallMustDecreaseStrictly() {
        DIFFUSION.schedule().requireTimes(new int[] {500, 3, 0});
        DIFFUSION.schedule().requireTimes(new int[0]);
        for (int[] times : new int[][] {{3, 3}, {501, 3}, {3, -1}, {2, 4}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> DIFFUSION.schedule().requireTimes(times))
                .withMessageContaining("times must decrease strictly within 500..0");
        }
    }
}
