package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.RdkitVerdicts;
import org.bitdgdm.molecule.ScoredMolecule;
import org.junit.jupiter.api.Test;

/** The shipped reference set knows the molecules that RDKit finds in the training split, and no others. */
class NoveltyAgreementTest {
    private final ReferenceSet training = ReferenceSet.load(Path.of("..", "conf", "models", "qm9"));

    @Test
    void knowsTheSameMolecules() throws IOException {
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        int known = 0;
        for (RdkitVerdicts.Verdict verdict : RdkitVerdicts.fixture()) {
            if (verdict.relaxedValid()) {
                Graph graph = verdict.graph();
                ScoredMolecule scored = scorer.score(graph.nodes(), graph.edges());
                assertThat(training.contains(scored.smiles())).as(verdict.toString()).isEqualTo(verdict.known());
                known += verdict.known() ? 1 : 0;
            }
        }
        assertThat(known).isEqualTo(323);
    }

    @Test
    void equalsTheSummaryOfAllFiveThousand() throws IOException {
        assumeTrue(Files.exists(RdkitVerdicts.SAMPLES), "needs " + RdkitVerdicts.SAMPLES);
        JsonNode json = RdkitVerdicts.json();
        JsonNode summary = json.path("summary");
        Counts.OfMolecules counts = counts(RdkitVerdicts.all());
        MetricReport report =
            MetricFixture.molecules(Protocol.DIGRESS, counts, new DistributionTally().distributions(Graphs.QM9));

        assertThat(counts.distinct()).isEqualTo(json.path("distinct_relaxed").asLong()).isEqualTo(4897);
        assertThat(counts.novel()).isEqualTo(json.path("novel").asLong()).isEqualTo(2016);
        for (String name : List.of("validity", "relaxed_validity", "uniqueness", "novelty")) {
            assertThat(report.metric(name).orElseThrow().value()).as(name).isEqualTo(summary.path(name).asDouble());
        }
    }

    private Counts.OfMolecules counts(List<RdkitVerdicts.Verdict> verdicts) {
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        Map<String, Long> graphs = new HashMap<>();
        int valid = 0;
        for (RdkitVerdicts.Verdict verdict : verdicts) {
            ScoredMolecule scored = scorer.score(verdict.graph().nodes(), verdict.graph().edges());
            valid += scored.valid() ? 1 : 0;
            if (scored.relaxedValid()) {
                graphs.merge(scored.smiles(), 1L, Long::sum);
            }
        }
        SmilesTally tally = new SmilesTally();
        graphs.forEach((smiles, count) -> tally.add(count, training.contains(smiles)));
        long relaxed = graphs.values().stream().mapToLong(Long::longValue).sum();
        return new Counts.OfMolecules(verdicts.size(), valid, relaxed, 0, 0, tally.distinct(), tally.once(), tally.novel(),
            tally.novelOnce(), new TreeMap<>());
    }
}
