package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SkipReservoirTest {

    @Test
    void keepsEverythingWhileThereIsRoom() {
        assertThat(sample(10, 7, 1, 0)).containsExactly(0, 1, 2, 3, 4, 5, 6);
        assertThat(sample(7, 7, 1, 0)).containsExactly(0, 1, 2, 3, 4, 5, 6);
    }

    @Test
    void isDecidedBySeedAndStream() {
        int[] first = sample(50, 100_000, 1, 0);
        assertThat(sample(50, 100_000, 1, 0)).isEqualTo(first);
        assertThat(sample(50, 100_000, 2, 0)).isNotEqualTo(first);
        assertThat(sample(50, 100_000, 1, 1)).isNotEqualTo(first);
    }

    @Test
    void keepsEveryItemEquallyOften() {
        // 4,000 samples of 5 out of 40: each item 500 times, standard deviation 21.
        int[] counts = new int[40];
        for (int seed = 0; seed < 4000; seed++) {
            int[] kept = sample(5, 40, seed, 3);
            assertThat(Arrays.stream(kept).distinct().count()).isEqualTo(5);
            for (int item : kept) {
                counts[item]++;
            }
        }
        assertThat(Arrays.stream(counts).boxed()).allMatch(count -> Math.abs(count - 500) < 5 * 21);
    }

    @Test
    void takesFewerAndFewerOfALongStream() {
        SkipReservoir reservoir = new SkipReservoir(100, 9, 0);
        int taken = 0;
        while (reservoir.next() < 1_000_000_000_000L) {
            assertThat(reservoir.take()).isBetween(0, 99);
            taken++;
        }
        // 100 (1 + ln(10¹² / 100)) ≈ 2,403 on average.
        assertThat(taken).isBetween(2100, 2700);
    }

    private static int[] sample(int capacity, int items, long seed, long stream) {
        SkipReservoir reservoir = new SkipReservoir(capacity, seed, stream);
        int[] places = new int[Math.min(capacity, items)];
        for (int item = 0; item < items; item++) {
            if (item == reservoir.next()) {
                places[reservoir.take()] = item;
            }
        }
        return places;
    }
}
