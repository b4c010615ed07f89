package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Molecules with random changes: the same verdict as RDKit's on every one, but where RDKit leaves out the last look, after
 * kekulisation, and passes an atom that exceeds its valence. The fixtures' sources stand beside them.
 */
class RdkitMutationTest {
    private static final Vocabulary DRUGS = new Vocabulary(
        List.of("C", "N", "O", "F", "B", "Br", "Cl", "I", "P", "S", "Se", "Si", "As"), Vocabulary.MOLECULE_BONDS);

    @Test
    void agreesOnTextThatIsAlmostSmiles() throws IOException {
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        Map<String, String> ours = new HashMap<>();
        List<String> unlike = new ArrayList<>();
        for (String[] line : lines("mutated-smiles.txt")) {
            ScoredMolecule scored = scorer.score(line[1]).molecule();
            if (scored.valid() == line[0].equals("-")) {
                unlike.add(line[1] + ": " + scored.reason());
            } else if (scored.valid()) {
                // Where RDKit has one name, so have we; it writes some hydrogens as atoms, so that the reverse does not hold.
                assertThat(ours.merge(line[0], scored.smiles(), (before, now) -> before)).as(line[1])
                    .isEqualTo(scored.smiles());
                ScoredMolecule read = scorer.score(scored.smiles()).molecule();
                assertThat(read.smiles()).as(line[1]).isEqualTo(scored.smiles());
                assertThat(read.properties()).as(line[1]).isEqualTo(scored.properties());
            }
        }

        assertThat(ours).hasSizeGreaterThan(350);
        assertThat(unlike).hasSize(5).allMatch(line -> line.endsWith(ScoredMolecule.AFTER_KEKULISATION));
    }

    @Test
    void agreesOnGraphsWithGuacamolsElements() throws IOException {
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        int valid = 0;
        List<String> unlike = new ArrayList<>();
        for (String[] line : lines("mutated-graphs.txt")) {
            Graph graph = Graphs.of(DRUGS, line[1], line[2]);
            ScoredMolecule scored = scorer.score(graph.nodes(), graph.edges());
            valid += scored.valid() ? 1 : 0;
            if (scored.valid() != line[0].equals("1")) {
                unlike.add(line[1] + " " + line[2] + ": " + scored.reason());
            }
        }

        assertThat(valid).isGreaterThan(600);
        assertThat(unlike).hasSize(37).allMatch(line -> line.endsWith(ScoredMolecule.AFTER_KEKULISATION));
    }

    @ParameterizedTest
    @CsvSource({"qm9h, 0", "moses, 5", "guacamol, 6"})
    void agreesOnPublishedGraphsAndTheirMutations(String name, int unlooked) throws IOException {
        Path file = Path.of("..", "..", "shared", "data", "metrics", "verdicts-" + name + ".json.gz");
        assumeTrue(Files.exists(file), "needs " + file);
        JsonNode json;
        try (InputStream bytes = new GZIPInputStream(Files.newInputStream(file))) {
            json = new ObjectMapper().readTree(bytes);
        }
        List<String> atoms = new ArrayList<>();
        json.path("atoms").forEach(atom -> atoms.add(atom.asText()));
        MoleculeScorer scorer = new MoleculeScorer(new Vocabulary(atoms, Vocabulary.MOLECULE_BONDS));
        List<String> unlike = new ArrayList<>();
        for (JsonNode graph : json.path("graphs")) {
            int n = graph.path("nodes").size();
            byte[] nodes = new byte[n];
            for (int k = 0; k < n; k++) {
                nodes[k] = (byte) graph.path("nodes").get(k).asInt();
            }
            byte[] bonds = new byte[Graph.pairs(n)];
            for (JsonNode edge : graph.path("edges")) {
                bonds[Graph.pair(n, edge.get(0).asInt(), edge.get(1).asInt())] = (byte) edge.get(2).asInt();
            }
            ScoredMolecule scored = scorer.score(nodes, bonds);
            if (scored.valid() != graph.path("valid").asBoolean()
                || scored.relaxedValid() != graph.path("relaxed_valid").asBoolean()) {
                unlike.add(graph.path("smiles").asText() + ": " + scored.reason());
            }
        }

        assertThat(json.path("graphs")).hasSize(600);
        String page = Files.readString(Path.of("..", "docs", "measuring.md"));
        assertThat(unlike).hasSize(unlooked).allMatch(line -> line.endsWith(ScoredMolecule.AFTER_KEKULISATION))
            .allSatisfy(line -> assertThat(page).contains("`" + line.substring(0, line.indexOf(": ")) + "`"));
    }

    /** Benzyne has four bonds at each carbon once its aromatic ones alternate; with a neighbour at its triple bond it has five. */
    @Test
    void aTripleBondInAnAromaticRingTakesNoDoubleBondBesides() {
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        Graph benzyne = ring(6);
        ScoredMolecule scored = scorer.score(benzyne.nodes(), benzyne.edges());
        assertThat(scored.valid()).as(scored.reason()).isTrue();
        Graph bound = ring(7);
        assertThat(scorer.score(bound.nodes(), bound.edges()).reason()).isEqualTo("valence C 5 > 4 at atom 0"
            + ScoredMolecule.AFTER_KEKULISATION);
    }

    /** A ring of six carbons, its first bond triple, the others aromatic; a seventh atom at the first one. */
    private static Graph ring(int atoms) {
        byte[] bonds = new byte[Graph.pairs(atoms)];
        for (int k = 0; k < 6; k++) {
            bonds[Graph.pair(atoms, Math.min(k, (k + 1) % 6), Math.max(k, (k + 1) % 6))] = (byte) (k == 0 ? 3 : 4);
        }
        if (atoms > 6) {
            bonds[Graph.pair(atoms, 0, 6)] = 1;
        }
        return new Graph(0, new byte[atoms], bonds);
    }

    private static List<String[]> lines(String fixture) throws IOException {
        try (InputStream bytes = RdkitMutationTest.class.getResourceAsStream(fixture)) {
            return new String(bytes.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("# "))
                .map(line -> line.split("\t", -1)).toList();
        }
    }
}
