package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.RdkitVerdicts;
import org.junit.jupiter.api.Test;

/** Canonical SMILES and their hashes are a file format: reference sets of others hold them. */
class StableHashTest {

    @Test
    void pinsAHundredMolecules() throws IOException {
        Map<Long, Graph> graphs = RdkitVerdicts.fixture().stream().map(RdkitVerdicts.Verdict::graph)
            .collect(Collectors.toMap(Graph::id, Function.identity()));
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        List<String> pinned = pinned();

        assertThat(pinned).hasSize(100);
        for (String line : pinned) {
            String[] fields = line.split(" ");
            Graph graph = graphs.get(Long.parseLong(fields[0]));
            String smiles = scorer.score(graph.nodes(), graph.edges()).smiles();
            assertThat(smiles).as(line).isEqualTo(fields[1]);
            assertThat(HexFormat.of().toHexDigits(ReferenceSet.hash(smiles))).as(line).isEqualTo(fields[2]);
        }
    }

    @Test
    void equalsSha256() {
        // printf CCO | sha256sum
        assertThat(HexFormat.of().toHexDigits(ReferenceSet.hash("CCO"))).isEqualTo("ab1de819ede91df4");
    }

    private static List<String> pinned() throws IOException {
        try (InputStream bytes = StableHashTest.class.getResourceAsStream("pinned-hashes.txt")) {
            return new String(bytes.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.startsWith("#")).toList();
        }
    }
}
