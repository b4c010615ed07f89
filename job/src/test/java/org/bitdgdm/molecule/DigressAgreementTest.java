package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.Graph;
import org.junit.jupiter.api.Test;

/** Agreement with RDKit: no verdict differs, and the two toolkits' SMILES name the same molecules. */
class DigressAgreementTest {

    @Test
    void agreesOnTheSixHundredHardest() throws IOException {
        List<RdkitVerdicts.Verdict> verdicts = RdkitVerdicts.fixture();

        assertThat(verdicts).hasSize(600);
        assertThat(differentMolecules(verdicts)).isEqualTo(529);
    }

    @Test
    void agreesOnAllFiveThousand() throws IOException {
        assumeTrue(Files.exists(RdkitVerdicts.SAMPLES), "needs " + RdkitVerdicts.SAMPLES);
        List<RdkitVerdicts.Verdict> verdicts = RdkitVerdicts.all();

        assertThat(verdicts).hasSize(5000);
        assertThat(differentMolecules(verdicts)).isEqualTo(RdkitVerdicts.json().path("distinct_relaxed").asInt());
    }

    /** Compares each verdict, and that our SMILES and RDKit's name each other one to one; returns how many there are. */
    private static int differentMolecules(List<RdkitVerdicts.Verdict> verdicts) {
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        Map<String, String> theirs = new HashMap<>();
        Map<String, String> ours = new HashMap<>();
        for (RdkitVerdicts.Verdict verdict : verdicts) {
            Graph graph = verdict.graph();
            ScoredMolecule scored = scorer.score(graph.nodes(), graph.edges());
            String name = "graph " + graph.id() + ": " + scored + ", RDKit " + verdict;
            assertThat(scored.valid()).as(name).isEqualTo(verdict.valid());
            assertThat(scored.relaxedValid()).as(name).isEqualTo(verdict.relaxedValid());
            if (verdict.valid()) {
                assertThat(scored.numFragments()).as(name).isEqualTo(verdict.fragments());
            }
            if (verdict.relaxedValid()) {
                String before = theirs.putIfAbsent(scored.smiles(), verdict.smiles());
                assertThat(before == null ? verdict.smiles() : before).as(name).isEqualTo(verdict.smiles());
                before = ours.putIfAbsent(verdict.smiles(), scored.smiles());
                assertThat(before == null ? scored.smiles() : before).as(name).isEqualTo(scored.smiles());
            }
        }
        return ours.size();
    }
}
