package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.Test;

class HistogramTest {

    @Test
    void binsByLowerEnd() {
        DistributionTally tally = new DistributionTally();
        tally.addProperties(MetricFixture.properties(15.0, -0.25, 0));
        tally.addProperties(MetricFixture.properties(15.49, -0.2, 3));
        tally.addProperties(MetricFixture.properties(15.5, 0.0, 3));
        tally.addProperties(MetricFixture.properties(null, null, null));
        Distributions found = tally.distributions(Graphs.QM9);

        assertThat(found.of("weight").counts()).containsExactly(Map.entry("15", 2L), Map.entry("15.5", 1L));
        assertThat(found.of("logp").counts()).containsExactly(Map.entry("-0.25", 2L), Map.entry("0", 1L));
        assertThat(found.of("logp").unit()).isEqualTo("XLogP");
        assertThat(found.of("rings").counts()).containsExactly(Map.entry("0", 1L), Map.entry("3", 2L));
        assertThat(found.of("rings").share("3")).isEqualTo(2 / 3.0);
        assertThat(found.of("rings").share("1")).isZero();
    }

    @Test
    void sharesAnAxisWithoutGaps() {
        Histogram one = new Histogram("logp", "", 0.25, Map.of("-0.25", 1L));
        Histogram other = new Histogram("logp", "", 0.25, Map.of("0.5", 1L));

        assertThat(one.labelsWith(other)).containsExactly("-0.25", "0", "0.25", "0.5");
        assertThatThrownBy(() -> one.labelsWith(new Histogram("logp", "", 0.5, Map.of())))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0.25 and 0.5");
    }

    @Test
    void keepsClassesInTheOrderOfTheVocabulary() {
        DistributionTally tally = new DistributionTally();
        tally.addAtoms("S", 1);
        tally.addAtoms("O", 2);
        DistributionTally other = new DistributionTally();
        other.addAtoms("C", 3);
        other.addAtoms("O", 4);

        assertThat(tally.merge(other).distributions(Graphs.QM9).of("atoms").counts())
            .containsExactly(Map.entry("C", 3L), Map.entry("O", 6L), Map.entry("S", 1L));
    }
}
