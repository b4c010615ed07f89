package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Philox against the known answers published with Random123; the draw rule at its edges. */
class CounterRandomTest {

    @Test
    void knownAnswers() {
        assertThat(CounterRandom.word(0, 0, 0, 0)).isEqualTo(0x6627e8d5);
        assertThat(CounterRandom.word(-1, -1, -1, -1)).isEqualTo(0x408f276d);
        assertThat(CounterRandom.word(0x299f31d0_a4093822L, 0x85a308d3_243f6a88L, 0x13198a2e, 0x03707344))
            .isEqualTo(0xd16cfe09);
    }

    @Test
    void uniformIsInTheHalfOpenInterval() {
        double sum = 0;
        for (int slot = 0; slot < 10_000; slot++) {
            float u = CounterRandom.uniform(7, 3, 2, slot);
            assertThat(u).isGreaterThanOrEqualTo(0).isLessThan(1);
            assertThat(u * 0x1p24f).as("24 bits").isEqualTo((float) Math.rint(u * 0x1p24f));
            sum += u;
        }
        assertThat(sum / 10_000).isBetween(0.49, 0.51);
    }

    @Test
    void drawTakesTheFirstClassWhoseCumulativeWeightExceeds() {
        float[] weights = {9, 0, 0.25f, 0, 0.75f, 0, 9};
        assertThat(CounterRandom.draw(0, weights, 1, 5)).as("never a leading class of weight 0").isEqualTo(1);
        assertThat(CounterRandom.draw(0.2499f, weights, 1, 5)).isEqualTo(1);
        assertThat(CounterRandom.draw(0.25f, weights, 1, 5)).as("exceeds, not reaches").isEqualTo(3);
        assertThat(CounterRandom.draw(Math.nextDown(1f), weights, 1, 5)).as("nor a trailing one").isEqualTo(3);
        assertThat(CounterRandom.draw(0.5f, new float[] {2, 6}, 0, 2)).as("weights need not sum to 1").isEqualTo(1);
    }

    @Test
    void drawSurvivesALimitThatRoundsUpToTheTotal() {
        // In subnormal numbers u · total rounds to the total itself.
        float[] weights = {Float.MIN_VALUE, Float.MIN_VALUE, 0};
        assertThat(CounterRandom.draw(Math.nextDown(1f), weights, 0, 3)).isEqualTo(1);
    }

    @Test
    void edgeSlotsFollowTheNodesWithoutGaps() {
        for (int n : new int[] {1, 2, 3, 9}) {
            Set<Integer> slots = new HashSet<>();
            int expected = n;
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    assertThat(CounterRandom.edgeSlot(n, i, j)).isEqualTo(expected++);
                    slots.add(CounterRandom.edgeSlot(n, i, j));
                }
            }
            assertThat(slots).hasSize(n * (n - 1) / 2);
        }
    }
}
