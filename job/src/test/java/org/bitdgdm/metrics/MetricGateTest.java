package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.Test;

class MetricGateTest {
    private static final MetricReport REPORT = MetricFixture.molecules(Protocol.DIGRESS,
        new Counts.OfMolecules(10, 9, 9, 9, 12, 5, 3, null, null, new TreeMap<>()),
        new DistributionTally().distributions(Graphs.QM9));
    private static final MetricRegistry REGISTRY = MoleculeMetrics.registry(Protocol.DIGRESS, Graphs.QM9);

    @Test
    void namesTheNearestMetric() {
        assertThatThrownBy(() -> check("validty", true)).isInstanceOf(InputException.class)
            .hasMessageContaining("has no metric validty, did you mean validity?");
        assertThatThrownBy(() -> check("unique@1000", true)).isInstanceOf(InputException.class)
            .hasMessageContaining("protocol digress has no metric unique@1000");
    }

    @Test
    void refusesNoveltyWithoutTrainingSetBeforeTheRun() {
        assertThatThrownBy(() -> check("novelty", false)).isInstanceOf(InputException.class)
            .hasMessageContaining("novelty needs a training set");
        assertThatCode(() -> check("novelty", true)).doesNotThrowAnyException();
        assertThatCode(() -> check("validity", false)).doesNotThrowAnyException();
    }

    @Test
    void refusesDivergenceWhereModelsAreNotCompared() {
        assertThatThrownBy(() -> check("kl_edge", true)).isInstanceOf(InputException.class)
            .hasMessageContaining("kl_edge is a comparison with the full-precision model")
            .hasMessageContaining("--fidelity N");
        assertThatCode(() -> REGISTRY.check(List.of(new Requirement("kl_edge", "<=", 0.5)), Set.of(Need.FIDELITY)))
            .doesNotThrowAnyException();
    }

    @Test
    void passesWhatHolds() {
        assertThatCode(() -> REPORT.judge(List.of(new Requirement("validity", ">=", 0.9),
            new Requirement("mean_fragments", "<", 1.3)))).doesNotThrowAnyException();
    }

    @Test
    void namesEveryBoundThatDoesNotHold() {
        assertThatThrownBy(() -> REPORT.judge(List.of(new Requirement("validity", ">", 0.9),
            new Requirement("connected", ">=", 0.5), new Requirement("novelty", ">=", 0.1))))
            .isInstanceOf(Requirement.Unmet.class)
            .hasMessage("the run does not meet --require: validity must be > 0.9, found 0.900000; novelty must be >= 0.1 but"
                + " is absent (no training set is known)");
    }

    private static void check(String metric, boolean hasReference) {
        REGISTRY.check(List.of(new Requirement(metric, ">=", 0.5)), hasReference ? Set.of(Need.REFERENCE) : Set.of());
    }
}
