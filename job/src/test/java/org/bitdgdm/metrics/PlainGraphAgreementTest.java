package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.bitdgdm.graph.GraphMeasures;
import org.bitdgdm.graph.IsomorphismClass;
import org.bitdgdm.kernels.Graph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of published samples by the published evaluation (networkx, its spectre_utils.py) and here. */
class PlainGraphAgreementTest {

    private static JsonNode published(String name) throws IOException {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path file = at.resolve("shared/data/metrics/" + name + ".json.gz");
            if (Files.isRegularFile(file)) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    return new ObjectMapper().readTree(in);
                }
            }
        }
        return null;
    }

    private static Graph graph(JsonNode json) {
        int n = json.path("n").asInt();
        byte[] edges = new byte[Graph.pairs(n)];
        for (JsonNode edge : json.path("edges")) {
            int i = edge.get(0).asInt();
            int j = edge.get(1).asInt();
            edges[Graph.pair(n, Math.min(i, j), Math.max(i, j))] = 1;
        }
        return new Graph(0, new byte[n], edges);
    }

    @ParameterizedTest
    @CsvSource({"planar", "sbm", "comm20"})
    void measuresAndClassesAgree(String name) throws IOException {
        JsonNode file = published(name);
        assumeTrue(file != null, "the shared folder with published verdicts on graphs is not on this machine");
        for (int k = 0; k < file.path("input").size(); k++) {
            Graph graph = graph(file.path("input").get(k));
            JsonNode verdict = file.path("per_graph").get(k);
            GraphMeasures found = GraphMeasures.of(graph);
            assertThat(found.components() == 1).isEqualTo(verdict.path("connected").asBoolean());
            assertThat(GraphMeasures.planar(graph)).isEqualTo(verdict.path("planar").asBoolean());
            assertThat(found.meanClustering()).isCloseTo(verdict.path("mean_clustering").asDouble(), within(1e-12));
            int[] degrees = new int[verdict.path("degree_histogram").size()];
            for (int degree : found.degrees()) {
                degrees[degree]++;
            }
            assertThat(degrees).containsExactly(new ObjectMapper().convertValue(verdict.path("degree_histogram"), int[].class));
        }
        for (JsonNode made : file.path("made")) {
            Graph graph = graph(made);
            assertThat(GraphMeasures.of(graph).components() == 1).isEqualTo(made.path("connected").asBoolean());
            assertThat(GraphMeasures.planar(graph)).isEqualTo(made.path("planar").asBoolean());
        }
        JsonNode vun = file.path("vun");
        Set<String> training = new HashSet<>();
        for (int k = vun.path("reference").get(0).asInt(); k < vun.path("reference").get(1).asInt(); k++) {
            training.add(IsomorphismClass.of(graph(file.path("input").get(k))));
        }
        List<String> classes = vun.path("graphs").findParents("n").stream().map(json -> IsomorphismClass.of(graph(json))).toList();
        Set<String> different = new HashSet<>(classes);
        int graphs = vun.path("graphs").size();
        assertThat(classes).hasSize(graphs);
        assertThat(different.size() / (double) graphs).isCloseTo(vun.path("unique").asDouble(), within(1e-12));
        different.removeAll(training);
        assertThat(different.size() / (double) graphs).isCloseTo(vun.path("unique_novel").asDouble(), within(1e-12));
    }
}
