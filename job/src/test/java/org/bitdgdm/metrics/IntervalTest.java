package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class IntervalTest {
    private static final double CLOSE = 1e-4;

    @Test
    void wilsonEqualsPublishedNumbers() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        assertInterval(Interval.wilson(81, 263), 0.2553, 0.3662);
        assertInterval(Interval.wilson(15, 148), 0.0624, 0.1605);
        assertInterval(Interval.wilson(0, 20), 0.0000, 0.1611);
        assertInterval(Interval.wilson(1, 29), 0.0061, 0.1718);
    }

    @Test
    void wilsonStaysWithinTheUnitInterval() {
        assertInterval(Interval.wilson(20, 20), 0.8389, 1);
        assertThat(Interval.wilson(1, 1).high()).isEqualTo(1);
        assertThat(Interval.wilson(0, 1).low()).isZero();
    }

    @Test
    void jackknifeEqualsItsFormula() {
        // 100 rows, 90 different, 85 of them once: se = √(85 · 0.15)/100 = 0.0357071.
        assertInterval(Interval.jackknife(90, 85, 100), 0.9 - 1.959964 * 0.0357071, 0.9 + 1.959964 * 0.0357071);
    }

    @Test
    void whereAJackknifeHasNoWidthThereIsABoundOrNothing() {
        // −ln 0.05 = 2.9957; times 1.2704 = 3.8058.
        assertInterval(Interval.jackknife(100, 100, 100), 1 - 0.038058, 1);
        assertInterval(Interval.jackknife(1, 1, 1), 0, 1);
        // No graph was a novel molecule.
        assertInterval(Interval.jackknife(0, 0, 100), 0, 0.029957);
        // Every molecule was seen again: what is not seen yet cannot be judged by leaving out rows.
        assertThat(Interval.jackknife(10, 0, 100)).isNull();
        assertThat(Interval.jackknifeOfNovelty(4, 10, 0, 0, 100)).isNull();
        assertInterval(Interval.jackknifeOfNovelty(50, 50, 40, 40, 60), 1 - 0.059915, 1);
        assertInterval(Interval.jackknifeOfNovelty(0, 50, 0, 40, 60), 0, 0.059915);
        assertInterval(Interval.jackknifeOfNovelty(2, 2, 2, 2, 2), 0, 1);
    }

    /**
     * Some molecules of equal mean count c and a tail that never repeats, from every c: where at least 5 of 100 samples
     * have no repeat, the mean number of repeats is within the bound; and it is reached, so that the factor is no larger
     * than it must be.
     */
    @Test
    void theBoundOfUniquenessHoldsWhateverTheDistribution() {
        double reached = 0;
        double bound = 100 * (1 - Interval.jackknife(100, 100, 100).low());
        for (double c = 0.01; c < 50; c *= 1.01) {
            // As many such molecules as leave a chance of 5% for no repeat; the number need not be whole in a bound.
            double molecules = -Math.log(0.05) / (c - Math.log1p(c));
            double repeats = molecules * (c - 1 + Math.exp(-c));
            assertThat(repeats).isLessThanOrEqualTo(bound);
            reached = Math.max(reached, repeats);
        }
        assertThat(reached).isCloseTo(bound, within(1e-3));
    }

    @Test
    void bothJackknivesEqualLeavingOutEachRow() {
        // 400 rows: 150 new molecules once, 90 known ones once, 40 new and 40 known ones twice.
        List<Integer> rows = new ArrayList<>();
        for (int k = 0; k < 240; k++) {
            rows.add(k);
        }
        for (int k = 240; k < 320; k++) {
            rows.add(k);
            rows.add(k);
        }
        ToDoubleFunction<Map<Integer, Integer>> uniqueness =
            counts -> counts.size() / (double) counts.values().stream().mapToInt(Integer::intValue).sum();
        ToDoubleFunction<Map<Integer, Integer>> novelty =
            counts -> counts.keySet().stream().filter(IntervalTest::isNew).count() / (double) counts.size();

        assertError(Interval.jackknife(320, 240, 400), 320 / 400.0, leaveOneOutError(rows, uniqueness));
        assertError(Interval.jackknifeOfNovelty(190, 320, 150, 240, 400), 190 / 320.0, leaveOneOutError(rows, novelty));
    }

    private static boolean isNew(int molecule) {
        return molecule < 150 || molecule >= 240 && molecule < 280;
    }

    /** √((n−1)/n · Σ(θ_i − mean)²) over the statistic θ_i without row i (Efron 1982). */
    private static double leaveOneOutError(List<Integer> rows, ToDoubleFunction<Map<Integer, Integer>> statistic) {
        Map<Integer, Integer> counts = new HashMap<>();
        rows.forEach(row -> counts.merge(row, 1, Integer::sum));
        double[] left = rows.stream().mapToDouble(row -> {
            Map<Integer, Integer> without = new HashMap<>(counts);
            without.computeIfPresent(row, (molecule, count) -> count == 1 ? null : count - 1);
            return statistic.applyAsDouble(without);
        }).toArray();
        double n = left.length;
        double mean = 0;
        for (double value : left) {
            mean += value / n;
        }
        double squares = 0;
        for (double value : left) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt((n - 1) / n * squares);
    }

    private static void assertError(Interval interval, double value, double error) {
        // To first order: exact up to a factor of 1 + O(1/n), here less than 1%.
        assertThat((interval.high() - interval.low()) / 2 / Interval.Z).isCloseTo(error, within(0.01 * error));
        assertThat((interval.high() + interval.low()) / 2).isCloseTo(value, within(1e-12));
    }

    private static void assertInterval(Interval interval, double low, double high) {
        assertThat(interval.low()).isCloseTo(low, within(CLOSE));
        assertThat(interval.high()).isCloseTo(high, within(CLOSE));
    }

    @Test
    void numbersThatAreAllAlikeHaveNoIntervalWhateverTheyAre() {
        assertThat(Measured.around(0.1, null, 5, 0.0).low()).isNull();
        assertThat(Measured.around(300, null, 5, 1e-13).high()).isNull();
        assertThat(Measured.around(0, null, 5, 1e-13).high()).isPositive();
        assertThat(Measured.share(0, 7).high()).isPositive();
    }
}
