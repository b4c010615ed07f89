package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
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

    @Test
    void wassersteinIsTheMeanDistanceThatSharesAreMoved() {
        Histogram one = histogram(0.5, "0", 4);
        assertThat(DistributionDistances.wasserstein(one, one)).isZero();
        // A quarter of it by 2, and a half by 0.5, in steps of the bins; counts of another total.
        Histogram other = histogram(0.5, "0", 2, "0.5", 4, "2", 2);
        assertThat(DistributionDistances.wasserstein(one, other)).isCloseTo(0.25 * 2 + 0.5 * 0.5, within(1e-12));
        assertThat(DistributionDistances.wasserstein(other, one)).isCloseTo(0.75, within(1e-12));
        assertThat(DistributionDistances.wasserstein(histogram(1, "-3", 1), histogram(1, "7", 9))).isCloseTo(10, within(1e-12));
        assertThat(DistributionDistances.wasserstein(one, histogram(0.5))).isNull();
    }

    @Test
    void jensenShannonIsBitsBetweenEqualAndDisjoint() {
        Histogram one = histogram(0, "C", 3, "N", 1);
        assertThat(DistributionDistances.jensenShannon(one, histogram(0, "N", 2, "C", 6))).isCloseTo(0, within(1e-12));
        assertThat(DistributionDistances.jensenShannon(one, histogram(0, "O", 5))).isCloseTo(1, within(1e-12));
        // P = (1, 0), Q = (1/2, 1/2): ½ log2(4/3) + ½ (½ log2(2/3) + ½ log2 2).
        double expected = 0.5 * Math.log(4 / 3.0) + 0.25 * Math.log(2 / 3.0) + 0.25 * Math.log(2);
        assertThat(DistributionDistances.jensenShannon(histogram(0, "C", 1), histogram(0, "C", 1, "N", 1)))
            .isCloseTo(expected / Math.log(2), within(1e-12));
        assertThat(DistributionDistances.jensenShannon(histogram(0), one)).isNull();
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
        assertThat(ScaffoldTally.label("C1CC(", new Scaffolds())).isEqualTo("none");
    }
}
