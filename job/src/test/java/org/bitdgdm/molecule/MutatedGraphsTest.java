package org.bitdgdm.molecule;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.Mutations;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plain graphs as JSON, changed. */
class MutatedGraphsTest {
    @TempDir
    private Path folder;

    @Test
    void lists() throws Exception {
        Path file = folder.resolve("mutated.json");
        Vocabulary vocabulary = Vocabulary.ofGraphs(1, 2);
        List<byte[]> valid = List.of("[[3, [[0, 1], [1, 2]]], [2, [[0, 1, 1]]]]",
            "{\"n\": 3, \"edges\": [[0, 1], [0, 2]], \"nodes\": [0, 0, 0]}\n{\"n\": 1, \"edges\": []}",
            "[[[0, 1, 0], [1, 0, 1], [0, 1, 0]], [[0, 1], [1, 0]]]").stream()
            .map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
        Mutations.check("JSON graphs", valid, List.of("[[", "]]", "{\"n\": 4096}", "[4096, []]", "-1", "null", "\"x\"", "1.5",
            "{}", "[[0, 1]]", "\"edges\":", "\"num_nodes\": 2", "[[[[[[", "\n", "\u202e"), input -> {
            Files.write(file, input);
            try (GraphReader graphs = GraphReader.open(file, vocabulary)) {
                graphs.forEachRemaining(graph -> { });
            }
        });
    }
}
