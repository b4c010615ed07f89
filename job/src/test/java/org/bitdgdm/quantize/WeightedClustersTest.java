package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WeightedClustersTest {

    @Test
    void centresAreWeightedMeans() {
        double[] values = {10, 1, 11, 2, 0};
        double[] weights = {1, 1, 3, 1, 2};
        assertThat(WeightedClusters.centres(values, weights, 2)).containsExactly(0.75, 10.75);
        assertThat(WeightedClusters.centres(values, weights, 1)).containsExactly((10 + 1 + 33 + 2) / 8.0);
        assertThat(WeightedClusters.centres(values, weights, 9)).containsExactly(0, 1, 2, 10, 11);
    }

    /** Against all ways to cut the sorted values. */
    @Test
    void noOtherCutsAreBetter() {
        Random random = new Random(3);
        for (int trial = 0; trial < 200; trial++) {
            int n = 1 + random.nextInt(11);
            int k = 1 + random.nextInt(4);
            double[] values = random.doubles(n).map(v -> Math.rint(8 * v)).toArray();
            double[] weights = random.doubles(n, 0.1, 5).toArray();
            double[] centres = WeightedClusters.centres(values, weights, k);
            assertThat(centres).hasSize(Math.min(k, n));
            double found = 0;
            for (int i = 0; i < n; i++) {
                double value = values[i];
                found += weights[i] * Arrays.stream(centres).map(c -> (value - c) * (value - c)).min().orElseThrow();
            }
            assertThat(found).isCloseTo(least(values, weights, k), within(1e-9));
        }
    }

    private static double least(double[] values, double[] weights, int k) {
        double best = Double.POSITIVE_INFINITY;
        double[] sorted = Arrays.stream(values).sorted().toArray();
        // The last value of every cluster but the last, as bits.
        for (int cuts = 0; cuts < 1 << values.length - 1; cuts++) {
            if (Integer.bitCount(cuts) >= k) {
                continue;
            }
            double total = 0;
            int from = 0;
            for (int i = 0; i < values.length; i++) {
                if (i == values.length - 1 || (cuts >> i & 1) == 1) {
                    total += distance(values, weights, sorted[from], sorted[i]);
                    from = i + 1;
                }
            }
            best = Math.min(best, total);
        }
        return best;
    }

    /** Of the values from low to high to their mean; ties at the ends make it larger, never smaller. */
    private static double distance(double[] values, double[] weights, double low, double high) {
        double weight = 0;
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] >= low && values[i] <= high) {
                weight += weights[i];
                sum += weights[i] * values[i];
            }
        }
        double distance = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] >= low && values[i] <= high) {
                distance += weights[i] * (values[i] - sum / weight) * (values[i] - sum / weight);
            }
        }
        return distance;
    }
}
