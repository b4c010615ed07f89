package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stability of lists of SMILES, whose hydrogens are those that are written where any are. */
class StabilityTest {
    private static final Vocabulary WITH_HYDROGENS = new Vocabulary(List.of("H", "C", "N", "O", "F"), Vocabulary.MOLECULE_BONDS);

    private static Stability stability(ScoredGraph scored) {
        return Stability.of(WITH_HYDROGENS, scored.nodes(), scored.bonds());
    }

    @ParameterizedTest
    @CsvSource({"C, 5, 5", "[H]C([H])([H])[H], 5, 5", "[H]C([H])[H], 3, 4", "CC, 8, 8", "[H]CC, 1, 3", "[H][H], 2, 2"})
    void hydrogensAreImpliedWhereNoneIsWritten(String smiles, int stable, int atoms) {
        ScoredGraph scored = new MoleculeScorer(WITH_HYDROGENS).score(smiles);
        assertThat(scored.molecule().valid()).isTrue();
        assertThat(stability(scored)).isEqualTo(new Stability(stable, atoms));
    }

    @Test
    void agreesWithThePublishedCodeOnItsOwnSamples() throws IOException {
        JsonNode file = published();
        assumeTrue(file != null, "the shared folder with published verdicts on QM9 with hydrogens is not on this machine");
        MoleculeScorer scorer = new MoleculeScorer(WITH_HYDROGENS);
        int stableMolecules = 0;
        int stableAtoms = 0;
        int atoms = 0;
        for (int k = 0; k < file.path("input").size(); k++) {
            ScoredGraph scored = scorer.score(file.path("input").get(k).asText());
            JsonNode verdict = file.path("molecules").get(k);
            assertThat(scored.molecule().valid()).isEqualTo(verdict.path("valid").asBoolean());
            if (scored.molecule().valid()) {
                Stability found = stability(scored);
                assertThat(found).as(file.path("input").get(k).asText()).isEqualTo(
                    new Stability(verdict.path("stable_atoms").asInt(), verdict.path("atoms").asInt()));
                assertThat(found.ofMolecule()).isEqualTo(verdict.path("mol_stable").asBoolean());
                stableMolecules += found.ofMolecule() ? 1 : 0;
                stableAtoms += found.stableAtoms();
                atoms += found.atoms();
            }
        }
        assertThat(List.of(stableMolecules, stableAtoms, atoms)).containsExactly(file.at("/set/mol_stable").asInt(),
            file.at("/set/stable_atoms").asInt(), file.at("/set/atoms").asInt());
    }

    private static JsonNode published() throws IOException {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path file = at.resolve("shared/data/metrics/qm9h.json.gz");
            if (Files.isRegularFile(file)) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    return new ObjectMapper().readTree(in);
                }
            }
        }
        return null;
    }
}
