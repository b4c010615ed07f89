package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.molecule.Scaffolds;
import org.junit.jupiter.api.Test;

/** Distances of small histograms by hand, and scaffolds of known molecules. */
class DistributionDistancesTest {

    private static Histogram histogram(double width, Object... counts) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (int k = 0; k < counts.length; k += 2) {
            all.put((String) counts[k], ((Integer) counts[k + 1]).longValue());
        }
        return new Histogram("h", "", width, all);
    }

    private static double wasserstein(Histogram one, Histogram other) {
        return DistributionDistances.wasserstein(one, other).value();
    }

    private static double jensenShannon(Histogram one, Histogram other) {
        return DistributionDistances.jensenShannon(one, other, Optional.empty()).value();
    }

    @Test
    void wassersteinIsTheMeanDistanceThatSharesAreMoved() {
        Histogram one = histogram(0.5, "0", 4);
        assertThat(wasserstein(one, one)).isZero();
        // A quarter of it by 2, and a half by 0.5, in steps of the bins; counts of another total.
        Histogram other = histogram(0.5, "0", 2, "0.5", 4, "2", 2);
        assertThat(wasserstein(one, other)).isCloseTo(0.25 * 2 + 0.5 * 0.5, within(1e-12));
        assertThat(wasserstein(other, one)).isCloseTo(0.75, within(1e-12));
        assertThat(wasserstein(histogram(1, "-3", 1), histogram(1, "7", 9))).isCloseTo(10, within(1e-12));
        assertThat(DistributionDistances.wasserstein(one, histogram(0.5))).isNull();
    }

    @Test
    void jensenShannonIsBitsBetweenEqualAndDisjoint() {
        Histogram one = histogram(0, "C", 3, "N", 1);
        assertThat(jensenShannon(one, histogram(0, "N", 2, "C", 6))).isCloseTo(0, within(1e-12));
        assertThat(jensenShannon(one, histogram(0, "O", 5))).isCloseTo(1, within(1e-12));
        // P = (1, 0), Q = (1/2, 1/2): ½ log2(4/3) + ½ (½ log2(2/3) + ½ log2 2).
        double expected = 0.5 * Math.log(4 / 3.0) + 0.25 * Math.log(2 / 3.0) + 0.25 * Math.log(2);
        assertThat(jensenShannon(histogram(0, "C", 1), histogram(0, "C", 1, "N", 1)))
            .isCloseTo(expected / Math.log(2), within(1e-12));
        assertThat(DistributionDistances.jensenShannon(histogram(0), one, Optional.empty())).isNull();
    }

    @Test
    void standardErrorsByHand() {
        // Half at 0, half at 1, against all at 0: the distance is the mean, whose error is √(p (1 − p) / (n − 1)).
        Histogram halves = histogram(1, "0", 8, "1", 8);
        assertThat(DistributionDistances.wasserstein(halves, histogram(1, "0", 5)).standardError())
            .isCloseTo(Math.sqrt(0.25 / 15), within(1e-12));
        assertThat(DistributionDistances.wasserstein(histogram(1, "3", 1), halves).standardError()).isNull();
        // p = 3/4 against q = 1/4: slopes ½ log2(3/2) and ½ log2(1/2), whose difference is ½ log2 3.
        assertThat(DistributionDistances.jensenShannon(histogram(0, "C", 12, "N", 4), histogram(0, "C", 1, "N", 3),
            Optional.empty()).standardError())
            .isCloseTo(0.5 * Math.log(3) / Math.log(2) * Math.sqrt(0.75 * 0.25 / 15), within(1e-12));
    }

    /** Runs of 400 graphs from one made-up model: their distances scatter by what each run alone says. */
    @Test
    void standardErrorsAreTheScatterOfRuns() {
        Random random = new Random(1);
        Histogram reference = histogram(0, "C", 700, "N", 100, "O", 200);
        Histogram positions = histogram(0.5, "-1", 10, "-0.5", 20, "0", 40, "0.5", 20, "1", 10);
        long[][] kinds = {{7, 0, 2}, {5, 4, 0}, {9, 0, 0}, {6, 1, 2}};
        int runs = 500;
        double[][] values = new double[3][runs];
        double[][] errors = new double[4][runs];
        for (int run = 0; run < runs; run++) {
            DistributionTally tally = new DistributionTally();
            ClassMoments moments = new ClassMoments(Graphs.QM9.nodes());
            ClassMoments half = new ClassMoments(Graphs.QM9.nodes());
            Map<String, Long> bins = new TreeMap<>();
            for (int graph = 0; graph < 400; graph++) {
                // Whole molecules are of a kind: their atoms are anything but independent.
                long[] kind = kinds[Math.min(3, (int) (random.nextDouble() * 5))];
                long[] counts = Arrays.copyOf(kind, Graphs.QM9.nodes().size());
                (graph % 2 == 0 ? half : moments).add(counts);
                for (int k = 0; k < kind.length; k++) {
                    tally.addAtoms(Graphs.QM9.nodes().get(k), kind[k]);
                }
                bins.merge(Histogram.label(Math.round(1.2 * random.nextGaussian() + 0.3), 0.5), 1L, Long::sum);
            }
            moments.merge(half);
            Histogram atoms = tally.distributions(Graphs.QM9).of("atoms");
            Histogram drawn = new Histogram("h", "", 0.5, bins);
            List<DistributionDistances.Distance> found = List.of(
                DistributionDistances.jensenShannon(atoms, reference, Optional.of(moments)),
                DistributionDistances.wasserstein(drawn, positions),
                DistributionDistances.jensenShannon(drawn, positions, Optional.empty()));
            for (int k = 0; k < found.size(); k++) {
                values[k][run] = found.get(k).value();
                errors[k][run] = found.get(k).standardError();
            }
            errors[3][run] = DistributionDistances.jensenShannon(atoms, reference, Optional.empty()).standardError();
        }
        for (int k = 0; k < values.length; k++) {
            assertThat(mean(errors[k]) / deviation(values[k])).as("distance " + k).isCloseTo(1, within(0.12));
        }
        assertThat(mean(errors[3]) / deviation(values[0])).as("atoms as if they were independent").isLessThan(0.88);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double deviation(double[] values) {
        double mean = mean(values);
        return Math.sqrt(Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum() / (values.length - 1));
    }

    @Test
    void scaffoldsAreRingsAndLinkersWithHydrogensFilled() throws Exception {
        Scaffolds scaffolds = new Scaffolds();
        assertThat(scaffolds.of("CCO")).isEmpty();
        assertThat(scaffolds.of("Cc1ccccc1")).isEqualTo(scaffolds.of("OCc1ccccc1")).isEqualTo(scaffolds.of("c1ccccc1"));
        assertThat(scaffolds.of("CC1CCC1")).isEqualTo("C1CCC1").isEqualTo(scaffolds.of("O=C1CCC1"));
        assertThat(scaffolds.of("CC1=CN(C)C=C1")).as("its nitrogen has lost a substituent").isEqualTo(scaffolds.of("c1cc[nH]c1"));
        assertThat(scaffolds.of("CC(C1CC1)C1CC1")).isEqualTo(scaffolds.of("C1CC1CC1CC1")).isNotEqualTo("C1CC1");
    }

    @Test
    void onlyScaffoldsOfTheReferenceAreToldApart() {
        ScaffoldTally tally = new ScaffoldTally();
        tally.add("a", 5);
        ScaffoldTally part = new ScaffoldTally();
        part.add("b", 2);
        part.add("a", 1);
        part.add("c", 4);
        tally.merge(part);
        assertThat(tally.among(Set.of("a")).counts()).containsExactly(Map.entry("a", 6L), Map.entry("other", 6L));
        assertThat(tally.mostFrequent().counts()).containsExactly(Map.entry("a", 6L), Map.entry("c", 4L), Map.entry("b", 2L));
        for (int k = 0; k < ScaffoldTally.KEPT + 3; k++) {
            tally.add("rare" + k, 1);
        }
        assertThat(tally.mostFrequent().counts()).hasSize(ScaffoldTally.KEPT + 1).containsEntry("other", 6L);
        assertThat(ScaffoldTally.label("C1CC(", new Scaffolds())).isEqualTo("unwritten");
        tally.add("other", 1000);
        assertThat(tally.mostFrequent().counts()).hasSize(ScaffoldTally.KEPT + 1).containsEntry("other", 1006L);
    }
}
