package org.bitdgdm.metrics;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.bitdgdm.graph.GraphMeasures;
import org.bitdgdm.kernels.Graph;
import scala.collection.Seq;

/** What is counted of plain graphs, graph by graph. Parts add up in any order to the same. */
final class PlainGraphTally implements Serializable {
    private static final long serialVersionUID = 1;
    /** Columns read, in the order of the indices below. */
    static final List<String> COLUMNS = List.of("node_types", "edges", "connected", "num_components", "planar", "reason");
    private static final int NODES = 0;
    private static final int EDGES = 1;
    private static final int CONNECTED = 2;
    private static final int COMPONENTS = 3;
    private static final int PLANAR = 4;
    private static final int REASON = 5;
    private static final double CLUSTERING_BIN = PlainGraphMetrics.CLUSTERING.binWidth();
    private static final int CLUSTERING_BINS = 101;

    /** Largest degree that has a class of its own in the moments; no larger graph than the model's largest has more. */
    private final int mostDegree;
    private final TreeMap<Long, Long> sizes = new TreeMap<>();
    private final TreeMap<Long, Long> degrees = new TreeMap<>();
    private final TreeMap<Long, Long> clustering = new TreeMap<>();
    private final ClassMoments degreeMoments;
    private final ClassMoments clusteringMoments;
    /** Exact: parts are merged in the order in which their tasks end, and doubles would be rounded at each addition. */
    private final BigDecimal[] sums = new BigDecimal[5];
    private long graphs;
    private long refused;
    private long connected;
    private long components;
    private long planar;

    /** @param mostDegree degrees above it count as it for standard errors */
    PlainGraphTally(int mostDegree) {
        this.mostDegree = mostDegree;
        Arrays.fill(sums, BigDecimal.ZERO);
        this.degreeMoments = new ClassMoments(IntStream.rangeClosed(0, mostDegree).mapToObj(Integer::toString).toList());
        this.clusteringMoments = new ClassMoments(IntStream.range(0, CLUSTERING_BINS)
            .mapToObj(bin -> Histogram.label(bin, CLUSTERING_BIN)).toList());
    }

    /** Counts a row of {@link #COLUMNS}. */
    PlainGraphTally add(Row row) {
        graphs++;
        if (!row.isNullAt(REASON)) {
            refused++;
            return this;
        }
        connected += row.getBoolean(CONNECTED) ? 1 : 0;
        components += row.getInt(COMPONENTS);
        add(4, (double) row.getInt(COMPONENTS) * row.getInt(COMPONENTS));
        planar += row.getBoolean(PLANAR) ? 1 : 0;
        return count(new Graph(0, bytes(row.getSeq(NODES)), bytes(row.getSeq(EDGES))));
    }

    /** Counts the shape of a graph. */
    PlainGraphTally count(Graph graph) {
        GraphMeasures found = GraphMeasures.of(graph);
        int n = graph.nodes().length;
        sizes.merge((long) n, 1L, Long::sum);
        long[] ofDegrees = new long[mostDegree + 1];
        long[] ofClustering = new long[CLUSTERING_BINS];
        for (int node = 0; node < n; node++) {
            degrees.merge((long) found.degrees()[node], 1L, Long::sum);
            ofDegrees[Math.min(mostDegree, found.degrees()[node])]++;
            // A coefficient is a ratio of whole numbers: 0.29 ÷ 0.01 must not fall below 29.
            int bin = (int) Math.floor(found.clustering()[node] / CLUSTERING_BIN + 1e-9);
            clustering.merge((long) bin, 1L, Long::sum);
            ofClustering[bin]++;
        }
        degreeMoments.add(ofDegrees);
        clusteringMoments.add(ofClustering);
        double degree = 2.0 * found.edges() / n;
        double mean = found.meanClustering();
        add(0, degree);
        add(1, degree * degree);
        add(2, mean);
        add(3, mean * mean);
        return this;
    }

    private void add(int sum, double addend) {
        sums[sum] = sums[sum].add(new BigDecimal(addend));
    }

    /** Adds the counts of another part to this one. */
    PlainGraphTally merge(PlainGraphTally other) {
        graphs += other.graphs;
        refused += other.refused;
        connected += other.connected;
        components += other.components;
        planar += other.planar;
        other.sizes.forEach((bin, count) -> sizes.merge(bin, count, Long::sum));
        other.degrees.forEach((bin, count) -> degrees.merge(bin, count, Long::sum));
        other.clustering.forEach((bin, count) -> clustering.merge(bin, count, Long::sum));
        degreeMoments.merge(other.degreeMoments);
        clusteringMoments.merge(other.clusteringMoments);
        for (int k = 0; k < sums.length; k++) {
            sums[k] = sums[k].add(other.sums[k]);
        }
        return this;
    }

    long graphs() {
        return graphs;
    }

    long refused() {
        return refused;
    }

    long connected() {
        return connected;
    }

    long components() {
        return components;
    }

    long planar() {
        return planar;
    }

    /** Products of the counts of distributions in which a graph is counted more than once, by their names. */
    Map<String, ClassMoments> moments() {
        return Map.of(PlainGraphMetrics.DEGREE.name(), degreeMoments, PlainGraphMetrics.CLUSTERING.name(), clusteringMoments);
    }

    /** Sum and sum of squares over graphs of the mean degree, then of the mean clustering coefficient; squares of components. */
    double[] sums() {
        return Arrays.stream(sums).mapToDouble(BigDecimal::doubleValue).toArray();
    }

    Distributions distributions() {
        return Distributions.of(List.of(PlainGraphMetrics.SIZES.binned(sizes), PlainGraphMetrics.DEGREE.binned(degrees),
            PlainGraphMetrics.CLUSTERING.binned(clustering)));
    }

    private static byte[] bytes(Seq<Byte> classes) {
        byte[] bytes = new byte[classes.length()];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = classes.apply(k);
        }
        return bytes;
    }
}
