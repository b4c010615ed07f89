package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.junit.jupiter.api.Test;

class SequenceTallyTest {
    private static Row row(String structure, Integer sample, String wanted, String found, double likelihood) {
        int same = 0;
        for (int i = 0; i < wanted.length(); i++) {
            same += wanted.charAt(i) == found.charAt(i) ? 1 : 0;
        }
        return new GenericRowWithSchema(new Object[] {0L, structure, "A", sample, wanted.length(), found, wanted,
            "H".repeat(wanted.length()), wanted.length(), same, same / (double) wanted.length(), likelihood, null, null, null,
            null}, SequenceRows.SCHEMA);
    }

    /** @param fixed a 1 for each residue that was given */
    private static Row row(String wanted, String found, String fixed) {
        int designed = (int) fixed.chars().filter(sign -> sign == '0').count();
        int same = (int) IntStream.range(0, wanted.length())
            .filter(i -> fixed.charAt(i) == '0' && wanted.charAt(i) == found.charAt(i)).count();
        return new GenericRowWithSchema(new Object[] {0L, "s", "A", 0, wanted.length(), found, wanted, "H".repeat(wanted.length()),
            designed, same, same / (double) designed, -1.0, null, null, null, fixed}, SequenceRows.SCHEMA);
    }

    private static Row refused(String reason) {
        return new GenericRowWithSchema(new Object[] {0L, "x", "A", null, 0, null, null, null, 0, null, null, null, null, reason,
            null, null}, SequenceRows.SCHEMA);
    }

    @Test
    void recoveryIsOverResiduesAndItsMedianOverChains() {
        List<Row> rows = List.of(row("long", 0, "AAAAAAAA", "AAAAAAAA", -1), row("long", 1, "AAAAAAAA", "GGGGGGGG", -3),
            row("long", null, "AAAAAAAA", "AAAAGGGG", -2), row("short", 0, "AA", "AA", -1), row("short", 1, "AA", "AA", -1),
            row("short", null, "AA", "AA", -1), refused("residue 12 has no CA"), refused("residue 7A has no CA"));
        SequenceTally one = new SequenceTally();
        rows.forEach(one::add);
        SequenceTally first = new SequenceTally();
        SequenceTally second = new SequenceTally();
        for (int k = 0; k < rows.size(); k++) {
            (k % 3 == 0 ? first : second).add(rows.get(k));
        }
        MetricReport report = SequenceMetrics.report(one);
        assertThat(SequenceMetrics.report(second.merge(first))).isEqualTo(report);
        Counts.OfSequences counts = one.counts();
        assertThat(counts.graphs()).isEqualTo(8);
        assertThat(counts.chains()).isEqualTo(2);
        assertThat(counts.unused()).containsEntry("residue N has no CA", 2L).hasSize(1);
        assertThat(value(report, "recovery")).isEqualTo(12 / 20.0);
        assertThat(value(report, "median_recovery")).isEqualTo(0.75);
        assertThat(value(report, "perplexity")).isCloseTo(Math.exp((8 + 24 + 2 + 2) / 20.0), within(1e-6));
        assertThat(value(report, "median_perplexity")).isCloseTo((Math.exp(2) + Math.exp(1)) / 2, within(1e-6));
        assertThat(value(report, "ensemble_median_perplexity")).isCloseTo((Math.exp(2) + Math.exp(1)) / 2, within(1e-6));
        assertThat(value(report, "ensemble_recovery")).isEqualTo(6 / 10.0);
        assertThat(counts.byState().get(4)).isEqualTo(new Counts.OfSequences.Rate("H", 20, 12));
        assertThat(counts.confusion().get(0).get(7)).as("G in the place of A").isEqualTo(8);
        assertThat(MetricReport.parse(report.toJson().toString())).isEqualTo(report);
    }

    @Test
    void residuesThatWereGivenCountNowhere() {
        SequenceTally tally = new SequenceTally().add(row("ACDEACDE", "ACDEGGGE", "11110000"));
        Counts.OfSequences counts = tally.counts();
        assertThat(value(SequenceMetrics.report(tally), "recovery")).isEqualTo(1 / 4.0);
        assertThat(counts.byState().get(4)).isEqualTo(new Counts.OfSequences.Rate("H", 4, 1));
        assertThat(counts.byLength().get(0)).isEqualTo(new Counts.OfSequences.Rate("0–99", 4, 1));
        assertThat(counts.byPart().stream().mapToLong(Counts.OfSequences.Rate::residues).sum()).isEqualTo(4);
        assertThat(counts.byPart().get(0).residues()).isZero();
        assertThat(counts.confusion().stream().flatMap(List::stream).mapToLong(Long::longValue).sum()).isEqualTo(4);
    }

    @Test
    void chainsOfOneRateHaveNoIntervalWhateverTheirLengths() {
        SequenceTally tally = new SequenceTally();
        for (int length = 3; length < 30; length += 3) {
            tally.add(row("s" + length, 0, "A".repeat(length), "A".repeat(length / 3) + "G".repeat(2 * length / 3), -0.1));
        }
        assertThat(SequenceMetrics.report(tally).metric("recovery").orElseThrow().low()).isNull();
        assertThat(SequenceMetrics.report(tally).metric("perplexity").orElseThrow().low()).isNull();
    }

    @Test
    void reasonsAreOneKindWhereOnlyPlacesDifferAndOtherNumbersStay() {
        SequenceTally tally = new SequenceTally();
        List.of("CA of residues 3 and 5 lie in one place", "CA of residues -12 and 7B lie in one place",
            "N, CA and C of residue 8 lie on one line", "no number in Cartn_x of atom 17",
            "line 4 ends before its coordinates do", "residue 6 is 5MC, none of the twenty",
            "residue 2 has an atom farther than 100,000 Å from the origin", "more than 64 MiB")
            .forEach(reason -> tally.add(refused(reason)));
        assertThat(tally.counts().unused()).containsOnly(Map.entry("CA of residues N and N lie in one place", 2L),
            Map.entry("N, CA and C of residue N lie on one line", 1L), Map.entry("no number in Cartn_x of atom N", 1L),
            Map.entry("line N ends before its coordinates do", 1L), Map.entry("residue N is 5MC, none of the twenty", 1L),
            Map.entry("residue N has an atom farther than 100,000 Å from the origin", 1L), Map.entry("more than 64 MiB", 1L));
    }

    @Test
    void intervalsGrowWithTheDifferencesOfChains() {
        SequenceTally alike = new SequenceTally();
        SequenceTally apart = new SequenceTally();
        for (int k = 0; k < 10; k++) {
            alike.add(row("s" + k, 0, "AAAA", "AAGG", -1));
            apart.add(row("s" + k, 0, "AAAA", k % 2 == 0 ? "AAAA" : "GGGG", -1));
        }
        Metric same = SequenceMetrics.report(alike).metric("recovery").orElseThrow();
        Metric other = SequenceMetrics.report(apart).metric("recovery").orElseThrow();
        assertThat(same.low()).as("chains that are all alike say nothing about chance").isNull();
        assertThat(same.high()).isNull();
        assertThat(other.value()).isEqualTo(0.5);
        // Ten chains of 0 or 1: the standard error is 0.5 · √(10/9) / √10, and t(0.975) of nine degrees of freedom is 2.262157.
        assertThat(other.high() - other.value()).isCloseTo(2.262157 * 0.5 / 3, within(1e-6));
        assertThat(SequenceMetrics.report(apart).metric("median_recovery").orElseThrow().low()).isZero();
    }

    @Test
    void intervalsOfFewChainsAreStudents() {
        SequenceTally three = new SequenceTally();
        three.add(row("a", 0, "AAAA", "AGGG", -1)).add(row("b", 0, "AAAA", "AAGG", -1)).add(row("c", 0, "AAAA", "AAAG", -1));
        Metric recovery = SequenceMetrics.report(three).metric("recovery").orElseThrow();
        assertThat(recovery.value()).isEqualTo(0.5);
        // Recoveries ¼, ½, ¾: the standard error is ¼ / √3, and t(0.975) of two degrees of freedom is 4.302653.
        assertThat(recovery.low()).isZero();
        assertThat(recovery.high()).isEqualTo(1);
        assertThat(Interval.student(2)).isCloseTo(4.302653, within(1e-6));
        assertThat(SequenceMetrics.report(three).metric("perplexity").orElseThrow().low()).as("all −1").isNull();
    }

    /** By the table of the sign test: of 8 the 1st and 8th, of 9 the 2nd and 8th, of 20 the 6th and 15th, of 100 the 40th and 61st. */
    @Test
    void mediansLieBetweenOrderStatisticsOfTheBinomialDistribution() {
        assertThat(List.of(6, 8, 9, 20, 100)).extracting(RecoveryEstimate::below).containsExactly(0, 0, 1, 5, 39);
        SequenceTally tally = new SequenceTally();
        for (int k = 0; k < 8; k++) {
            tally.add(row("s" + k, 0, "A".repeat(8), "A".repeat(k) + "G".repeat(8 - k), -1));
        }
        Metric median = SequenceMetrics.report(tally).metric("median_recovery").orElseThrow();
        assertThat(median.low()).isZero();
        assertThat(median.high()).isEqualTo(7 / 8.0);
    }

    private static double value(MetricReport report, String name) {
        return report.metric(name).orElseThrow().value();
    }
}
