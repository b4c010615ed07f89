package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ratios of hand-written counts. */
class MetricReportTest {
    /** 10 graphs: 6 valid, 8 relaxed-valid of 5 kinds, 3 kinds once; 2 kinds new, 1 of them once. */
    private static final Counts.OfMolecules TEN = new Counts.OfMolecules(10, 6, 8, 9, 12, 5, 3, 2L, 1L, new TreeMap<>());
    private static final Counts.OfMolecules NOTHING = new Counts.OfMolecules(0, 0, 0, 0, 0, 0, 0, 0L, 0L, new TreeMap<>());
    private static final Distributions EMPTY = new DistributionTally().distributions(Graphs.QM9);

    private static MetricReport report(Protocol protocol, Counts.OfMolecules counts) {
        return MetricFixture.molecules(protocol, counts, EMPTY);
    }

    private static List<String> names(Protocol protocol) {
        return MoleculeMetrics.registry(protocol, Graphs.QM9).own();
    }

    @Test
    void dividesAsDigressDoes() {
        MetricReport report = report(Protocol.DIGRESS, TEN);

        assertThat(report.metrics()).extracting(Metric::name).isEqualTo(names(Protocol.DIGRESS));
        assertRatio(report, "validity", 6, 10);
        assertRatio(report, "relaxed_validity", 8, 10);
        assertRatio(report, "uniqueness", 5, 8);
        assertRatio(report, "novelty", 2, 5);
        assertRatio(report, "vun", 2, 10);
        assertRatio(report, "connected", 9, 10);
        assertRatio(report, "mean_fragments", 12, 10);
        assertThat(absent(report)).isEmpty();
        // Eight graphs of one component and two of two.
        assertThat(report.metric("mean_fragments").orElseThrow().low())
            .isCloseTo(1.2 - 1.959963984540054 * Math.sqrt(1.6 / 9 / 10), within(1e-12));
    }

    @Test
    void dividesAsGuacamolDoes() {
        MetricReport report = report(Protocol.GUACAMOL, TEN);

        assertRatio(report, "validity", 6, 10);
        assertRatio(report, "uniqueness", 5, 10);
        assertRatio(report, "novelty", 2, 10);
    }

    @Test
    void countsPrefixesAsMosesDoes() {
        TreeMap<Integer, Counts.OfMolecules.PrefixCounts> prefixes = new TreeMap<>();
        prefixes.put(1_000, new Counts.OfMolecules.PrefixCounts(990, 985));
        Counts.OfMolecules counts = new Counts.OfMolecules(1500, 1200, 1200, 1500, 1500, 1180, 1170, null, null, prefixes);
        MetricReport report = report(Protocol.MOSES, counts);

        assertThat(report.metrics()).extracting(Metric::name).isEqualTo(names(Protocol.MOSES));
        assertRatio(report, "uniqueness", 1180, 1200);
        assertRatio(report, "unique@1000", 990, 1000);
        assertThat(report.metric("unique@10000").orElseThrow().value()).isNull();
        assertThat(report.absent()).containsEntry("unique@10000", "fewer than 10000 molecules");
    }

    @Test
    void leavesOutNoveltyWithoutTrainingSet() {
        Counts.OfMolecules counts = new Counts.OfMolecules(10, 6, 8, 9, 12, 5, 3, null, null, new TreeMap<>());
        MetricReport report = report(Protocol.DIGRESS, counts);

        assertThat(report.metric("novelty").orElseThrow()).isEqualTo(new Metric("novelty", null, null, 5L, null, null));
        assertThat(report.metric("novelty").orElseThrow().text()).isEqualTo("absent");
        assertThat(absent(report)).containsExactlyInAnyOrder("novelty", "vun");
        assertThat(report.absent()).containsEntry("novelty", "no training set is known")
            .containsEntry("js_atoms", "no training set is known");
        assertRatio(report, "uniqueness", 5, 8);
    }

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void leavesOutEverythingOfNothing(Protocol protocol) {
        MetricReport report = report(protocol, NOTHING);

        assertThat(report.metrics()).allMatch(metric -> metric.value() == null && metric.low() == null);
        assertThat(report.absent().keySet()).containsExactlyInAnyOrderElementsOf(names(protocol));
    }

    @Test
    void leavesOutUniquenessWithoutMolecules() {
        Counts.OfMolecules counts = new Counts.OfMolecules(4, 0, 0, 4, 4, 0, 0, 0L, 0L, new TreeMap<>());
        MetricReport report = report(Protocol.DIGRESS, counts);

        assertRatio(report, "validity", 0, 4);
        assertThat(absent(report)).containsExactlyInAnyOrder("uniqueness", "novelty");
        assertRatio(report, "vun", 0, 4);
    }

    @Test
    void distancesAreThoseFromTheReference() {
        DistributionTally near = new DistributionTally();
        near.addProperties(MetricFixture.properties(20.0, 1.0, 2));
        near.addAtoms("C", 3);
        DistributionTally far = new DistributionTally();
        far.addProperties(MetricFixture.properties(21.0, 1.0, 5));
        far.addAtoms("N", 3);
        ClassMoments atoms = new ClassMoments(List.of("C", "N"));
        atoms.add(new long[] {3, 0});
        Distributions found = near.distributions(Graphs.QM9);
        MetricReport report = MoleculeMetrics.report(Protocol.DIGRESS, new MoleculeMetrics.Counted(TEN, 16, found,
            Optional.of(DistributionDistances.of(MoleculeMetrics.DISTRIBUTIONS, found, Map.of("atoms", atoms),
                far.distributions(Graphs.QM9))), null, Benchmarks.NONE));
        assertThat(report.metric("w1_weight").orElseThrow()).isEqualTo(new Metric("w1_weight", 1.0, null, 10L, null, null));
        assertThat(report.metric("w1_logp").orElseThrow().value()).isZero();
        assertThat(report.metric("w1_rings").orElseThrow().value()).isEqualTo(3);
        assertThat(report.metric("js_atoms").orElseThrow().value()).isCloseTo(1, within(1e-12));
        assertThat(report.absent()).containsEntry("js_bonds", "nothing to compare");
    }

    /** Names of absent metrics other than distances. */
    private static Set<String> absent(MetricReport report) {
        Set<String> names = new TreeSet<>(report.absent().keySet());
        names.removeIf(name -> name.startsWith("w1_") || name.startsWith("js_"));
        return names;
    }

    @Test
    void isReadBackFromItsJson() {
        ObjectNode json = report(Protocol.MOSES, TEN).toJson();

        assertThat(json.path("protocol").asText()).isEqualTo("moses");
        assertThat(json.path("counts").path("relaxed_valid").asLong()).isEqualTo(8);
        assertThat(json.path("metrics").path(0).path("numerator").asLong()).isEqualTo(6);
        assertThat(MetricReport.parse(json.toString()))
            .isEqualTo(report(Protocol.MOSES, TEN));
        assertThatThrownBy(() -> MetricReport.parse(json.deepCopy().put("surprise", 1).toString()))
            .isInstanceOf(InputException.class).hasMessageContaining("surprise");
        assertThatThrownBy(() -> MetricReport.parse("{\"protocol\": \"moses\"}"))
            .isInstanceOf(InputException.class).hasMessageContaining("a report must have raw counts");
    }

    @Test
    void aComparisonWithFullPrecisionAddsItsMetrics() {
        Divergence divergence = new Divergence(20, 1, new Estimate(0.01, 0.002, 90), new Estimate(null, null, 0),
            new Estimate(0.09, 0.2, 10));
        MetricReport report = MoleculeMetrics.registry(Protocol.DIGRESS, Graphs.QM9).with(report(Protocol.DIGRESS, TEN),
            new FidelityReport(10, 1, 5, divergence, List.of(divergence), new Estimate(0.25, 0.1, 400), 7));

        assertThat(report.metrics()).extracting(Metric::name).endsWith("js_scaffolds", "kl_node", "kl_edge", "kl_graph",
            "changed_entries", "identical_graphs");
        Metric node = report.metric("kl_node").orElseThrow();
        assertThat(node.value()).isEqualTo(0.01);
        assertThat(node.low()).isCloseTo(0.01 - 1.96 * 0.002, within(1e-6));
        assertThat(node.text()).isEqualTo("0.0100, mean of 90");
        assertThat(report.metric("kl_edge").orElseThrow().value()).isNull();
        assertThat(report.absent()).containsEntry("kl_edge", "no edges");
        assertThat(report.metric("kl_graph").orElseThrow().low()).isZero();
        assertRatio(report, "changed_entries", 100, 400);
        assertRatio(report, "identical_graphs", 7, 10);
        assertThat(MetricReport.parse(report.toJson().toString())).isEqualTo(report);
        assertThat(report.toJson().at("/fidelity/ranges/0/node/standard_error").asDouble()).isEqualTo(0.002);
        assertThat(report(Protocol.DIGRESS, TEN).toJson().has("fidelity")).isFalse();
    }

    @Test
    void saysItForPeople() {
        assertThat(new Metric("validity", 0.984, 984L, 1000L, 0.97415, 0.99014).text())
            .isEqualTo("0.9840 (0.9742 to 0.9901), 984/1000");
        assertThat(new Metric("mean_fragments", 1.2, 12L, 10L, null, null).text()).isEqualTo("1.2000, 12/10");
    }

    @Test
    void refusesCountsThatDoNotNest() {
        assertThatThrownBy(() -> new Counts.OfMolecules(10, 9, 8, 9, 12, 5, 3, null, null, new TreeMap<>()))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("must nest: valid 9");
        assertThatThrownBy(() -> new Counts.OfMolecules(10, 6, 8, 9, 12, 5, 3, 2L, null, new TreeMap<>()))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("known together");
    }

    @Test
    void protocolsAreFoundByName() {
        assertThat(List.of(Protocol.values())).allMatch(protocol -> Protocol.of(protocol.label()) == protocol);
        assertThatThrownBy(() -> Protocol.of("rdkit")).isInstanceOf(InputException.class)
            .hasMessage("--protocol must be one of digress, moses, guacamol, found rdkit");
    }

    private static void assertRatio(MetricReport report, String name, long numerator, long denominator) {
        Metric metric = report.metric(name).orElseThrow();
        assertThat(metric.numerator()).as(name).isEqualTo(numerator);
        assertThat(metric.denominator()).as(name).isEqualTo(denominator);
        assertThat(metric.value()).as(name).isEqualTo(numerator / (double) denominator);
        if (metric.low() != null) {
            assertThat(metric.value()).as(name).isBetween(metric.low(), metric.high());
        }
    }
}
