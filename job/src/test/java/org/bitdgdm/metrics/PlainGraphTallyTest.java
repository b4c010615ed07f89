package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.bitdgdm.graph.GraphMeasures;
import org.bitdgdm.kernels.Graph;
import org.junit.jupiter.api.Test;

class PlainGraphTallyTest {
    private final Random random = new Random(3);

    /** Parts come in the order in which their tasks end. */
    @Test
    void sumsAreTheSameBytesInAnyOrderOfAnyParts() {
        List<Graph> graphs = new ArrayList<>();
        for (int id = 0; id < 200; id++) {
            byte[] edges = new byte[Graph.pairs(3 + id % 20)];
            for (int pair = 0; pair < edges.length; pair++) {
                edges[pair] = (byte) (random.nextDouble() < 0.4 ? 1 : 0);
            }
            graphs.add(new Graph(id, new byte[3 + id % 20], edges));
        }
        Set<List<Double>> found = new HashSet<>();
        for (int parts = 1; parts < 8; parts++) {
            found.add(sums(graphs, parts));
            Collections.shuffle(graphs, random);
        }
        assertThat(found).hasSize(1);
        List<Double> sums = found.iterator().next();
        DoubleStream degrees = graphs.stream().mapToDouble(graph -> 2.0 * GraphMeasures.of(graph).edges() / graph.n());
        assertThat(sums.get(0)).isCloseTo(degrees.sum(), within(1e-9));
        assertThat(sums.get(3)).isCloseTo(graphs.stream().mapToDouble(graph ->
            Math.pow(GraphMeasures.of(graph).meanClustering(), 2)).sum(), within(1e-9)).isGreaterThan(1);
    }

    private static List<Double> sums(List<Graph> graphs, int parts) {
        PlainGraphTally all = new PlainGraphTally(20);
        for (int part = 0; part < parts; part++) {
            PlainGraphTally tally = new PlainGraphTally(20);
            for (int k = part; k < graphs.size(); k += parts) {
                tally.count(graphs.get(k));
            }
            all.merge(tally);
        }
        return DoubleStream.of(all.sums()).boxed().toList();
    }
}
