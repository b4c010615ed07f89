package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Sums and standard errors of hand-written comparisons. */
class FidelityReportTest {

    @Test
    void stepsAreCutIntoFiveRanges() {
        assertThat(FidelityReport.rangeOf(10)).containsExactly(0, 0, 1, 1, 2, 2, 3, 3, 4, 4);
        assertThat(FidelityReport.rangeOf(7)).containsExactly(0, 0, 1, 2, 2, 3, 4);
        assertThat(FidelityReport.rangeOf(3)).containsExactly(0, 1, 2);
    }

    @Test
    void standardErrorsComeFromTheSpreadBetweenGraphs() {
        // 1 + 5 over 2 + 2 entries: mean 1.5, deviations −2 and 2, se = √(8 · 2/1) / 4.
        assertThat(Estimate.of(new double[] {1, 5}, new long[] {2, 2})).isEqualTo(new Estimate(1.5, 1.0, 4));
        // Graphs that have the same mean have no spread, whatever their sizes.
        assertThat(Estimate.of(new double[] {1, 3}, new long[] {1, 3})).isEqualTo(new Estimate(1.0, 0.0, 4));
        assertThat(Estimate.of(new double[] {1}, new long[] {4})).isEqualTo(new Estimate(0.25, null, 4));
        assertThat(Estimate.of(new double[] {0}, new long[] {0})).isEqualTo(new Estimate(null, null, 0));
    }

    @Test
    void sumsUpRangesGraphsAndEntries() {
        // Two steps, hence two ranges; a graph of 2 nodes and 1 edge, one of 3 and 3.
        FidelityReport report = FidelityReport.of(new int[] {8, 4}, 7, List.of(
            new FidelityReport.OfGraph(0, 2, 1, new double[] {0.2, 0.4}, new double[] {0.1, 0}, 2, true),
            new FidelityReport.OfGraph(1, 3, 3, new double[] {0.4, 0}, new double[] {0.3, 0.3}, 1, false)));

        assertThat(report.divergence().from()).isEqualTo(8);
        assertThat(report.divergence().to()).isEqualTo(4);
        assertThat(report.divergence().node().count()).isEqualTo(10);
        assertThat(report.divergence().node().value()).isCloseTo(0.1, within(1e-12));
        assertThat(report.divergence().edge().count()).isEqualTo(8);
        assertThat(report.divergence().edge().value()).isCloseTo(0.7 / 8, within(1e-12));
        assertThat(report.divergence().graph().count()).isEqualTo(4);
        assertThat(report.divergence().graph().value()).isCloseTo(1.7 / 4, within(1e-12));
        assertThat(report.ranges()).hasSize(2);
        assertThat(report.ranges().get(0).node().value()).isCloseTo(0.6 / 5, within(1e-12));
        assertThat(report.ranges().get(1).edge().value()).isCloseTo(0.3 / 4, within(1e-12));
        assertThat(report.ranges().get(1).from()).isEqualTo(4);
        assertThat(report.changedEntries().count()).isEqualTo(18);
        assertThat(report.changedEntries().value()).isCloseTo(3 / 18.0, within(1e-12));
        assertThat(report.identicalGraphs()).isEqualTo(1);
    }
}
