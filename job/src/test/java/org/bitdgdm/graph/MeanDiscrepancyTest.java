package org.bitdgdm.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.bitdgdm.kernels.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Statistics of graphs and their discrepancies, as the published code has them of the same graphs. */
class MeanDiscrepancyTest {
    private static final double DIGITS = 1e-6;
    /** PyEMD moves mass in whole parts of a million. */
    private static final double DIGITS_OF_PYEMD = 1e-4;

    @Test
    void aSetIsAsFarFromItselfAsItsKernelSays() {
        List<GraphStatistics> path = List.of(GraphStatistics.of(graph(3, 0, 1, 1, 2)));
        List<GraphStatistics> triangle = List.of(GraphStatistics.of(graph(3, 0, 1, 1, 2, 0, 2)));
        assertThat(MeanDiscrepancy.of(MeanDiscrepancy.Kernel.DEGREE, path, path).value()).isCloseTo(0, within(1e-12));
        // Two of three nodes have degree 1 in the path and 2 in the triangle: total variation and mass times way are 2/3.
        double expected = 2 - 2 * Math.exp(-4 / 9.0 / 2);
        assertThat(MeanDiscrepancy.of(MeanDiscrepancy.Kernel.DEGREE, path, triangle).value())
            .isCloseTo(expected, within(DIGITS));
        assertThat(MeanDiscrepancy.of(MeanDiscrepancy.Kernel.DEGREE_EMD, path, triangle).value())
            .isCloseTo(expected, within(DIGITS));
    }

    @Test
    void intervalsHoldTheValueAndShrinkWithTheNumberOfGraphs() {
        List<GraphStatistics> few = new ArrayList<>();
        List<GraphStatistics> many = new ArrayList<>();
        for (int k = 0; k < 40; k++) {
            GraphStatistics one = GraphStatistics.of(k % 2 == 0 ? graph(3, 0, 1, 1, 2) : graph(3, 0, 1, 1, 2, 0, 2));
            many.add(one);
            if (k < 6) {
                few.add(one);
            }
        }
        List<GraphStatistics> reference = List.of(GraphStatistics.of(graph(3, 0, 1)));
        MeanDiscrepancy.Estimate wide = MeanDiscrepancy.of(MeanDiscrepancy.Kernel.DEGREE, few, reference);
        MeanDiscrepancy.Estimate twice = MeanDiscrepancy.Estimate.sum(List.of(wide, wide), new double[] {1.5, 0.5});
        assertThat(twice.value()).isCloseTo(2 * wide.value(), within(1e-12));
        assertThat(twice.high() - twice.low()).isCloseTo(2 * (wide.high() - wide.low()), within(1e-12));
        MeanDiscrepancy.Estimate narrow = MeanDiscrepancy.of(MeanDiscrepancy.Kernel.DEGREE, many, reference);
        assertThat(narrow.value()).isBetween(narrow.low(), narrow.high()).isCloseTo(wide.value(), within(1e-12));
        assertThat(narrow.high() - narrow.low()).isLessThan(wide.high() - wide.low());
    }

    @ParameterizedTest
    @CsvSource({"planar", "sbm", "comm20"})
    void publishedStatisticsAndDiscrepanciesAreReproduced(String name) throws IOException {
        JsonNode file = published(name);
        assumeTrue(file != null, "the shared folder with published verdicts on graphs is not on this machine");
        List<GraphStatistics> all = new ArrayList<>();
        for (int k = 0; k < file.path("input").size(); k++) {
            GraphStatistics found = GraphStatistics.of(graph(file.path("input").get(k)));
            JsonNode expected = file.path("per_graph").get(k);
            assertThat(found.degrees()).containsExactly(numbers(expected.path("degree_histogram")), within(0.0));
            assertThat(found.orbits()).containsExactly(numbers(expected.path("orbits_per_node")), within(1e-9));
            assertThat(found.clustering()).containsExactly(sparse(expected.path("clustering_histogram"), 100), within(0.0));
            assertThat(found.spectrum()).containsExactly(sparse(expected.path("spectral_histogram"), 200), within(0.0));
            all.add(found);
        }
        for (String split : List.of("mmd_of_second_half_from_first", "mmd_of_the_rest_from_first_quarter")) {
            JsonNode expected = file.path(split);
            List<GraphStatistics> reference = part(all, expected.path("reference"));
            List<GraphStatistics> set = part(all, expected.path("graphs"));
            for (MeanDiscrepancy.Kernel kernel : MeanDiscrepancy.Kernel.values()) {
                String what = kernel.label().split("_")[0];
                String published = kernel.label().endsWith("_emd") ? "gaussian_emd"
                    : kernel.label().endsWith("_gaussian") ? "gaussian" : "gaussian_tv";
                assertThat(MeanDiscrepancy.of(kernel, set, reference).value()).as("%s %s %s", name, split, kernel)
                    .isCloseTo(expected.path(what).path(published).asDouble(),
                        within(published.equals("gaussian_emd") ? DIGITS_OF_PYEMD : DIGITS));
            }
        }
    }

    private static List<GraphStatistics> part(List<GraphStatistics> all, JsonNode range) {
        return all.subList(range.get(0).asInt(), range.get(1).asInt());
    }

    private static double[] numbers(JsonNode list) {
        double[] numbers = new double[list.size()];
        for (int k = 0; k < numbers.length; k++) {
            numbers[k] = list.get(k).asDouble();
        }
        return numbers;
    }

    private static double[] sparse(JsonNode bins, int count) {
        double[] numbers = new double[count];
        bins.fields().forEachRemaining(bin -> numbers[Integer.parseInt(bin.getKey())] = bin.getValue().asDouble());
        return numbers;
    }

    private static Graph graph(int n, int... ends) {
        byte[] edges = new byte[Graph.pairs(n)];
        for (int k = 0; k < ends.length; k += 2) {
            edges[Graph.pair(n, ends[k], ends[k + 1])] = 1;
        }
        return new Graph(0, new byte[n], edges);
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
}
