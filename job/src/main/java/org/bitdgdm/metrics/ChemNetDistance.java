package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.benchmark.ChemNet;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.quantize.Lapack;
import scala.Tuple2;

/**
 * Fréchet distance of two sets of molecules by what a network says of each: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁ C₂)^½) of the means
 * and covariances. Executors run the network; the driver gets sums of {@value #GROUPS} groups of molecules by hash, and its
 * standard error is that of leaving out one group of the run after another.
 */
final class ChemNetDistance {
    private static final int GROUPS = 20;
    private static final int BATCH = 64;
    /** Molecules of a part, where a group has so many. */
    private static final int PART = 1024;
    /** Of a group; each is as much in memory as a covariance. */
    private static final int MOST_PARTS = 16;

    /** Sums over molecules: their number, (d) of the outputs, (d·d) of their products. */
    private static final class Moments implements Serializable {
        private static final long serialVersionUID = 1;
        private double count;
        private final double[] sums;
        private final double[] squares;

        Moments(int d) {
            this(0, new double[d], new double[d * d]);
        }

        Moments(double count, double[] sums, double[] squares) {
            this.count = count;
            this.sums = sums;
            this.squares = squares;
        }

        void add(float[] outputs, double times) {
            int d = sums.length;
            count += times;
            for (int i = 0; i < d; i++) {
                double weighted = times * outputs[i];
                sums[i] += weighted;
                for (int j = 0; j < d; j++) {
                    squares[i * d + j] += weighted * outputs[j];
                }
            }
        }

        Moments plus(Moments other, double sign) {
            double[] sum = sums.clone();
            double[] square = squares.clone();
            Arrays.setAll(sum, k -> sum[k] + sign * other.sums[k]);
            Arrays.setAll(square, k -> square[k] + sign * other.squares[k]);
            return new Moments(count + sign * other.count, sum, square);
        }

        /** As {@code numpy.cov}, of n − 1. */
        double[] covariance() {
            int d = sums.length;
            double[] covariance = new double[d * d];
            Arrays.setAll(covariance,
                k -> (squares[k] - sums[k / d] * sums[k % d] / count) / (count - 1));
            return covariance;
        }
    }

    private final byte[] model;
    private final List<Moments> mine;

    /**
     * What a network says of a set, once for all that it is compared with.
     *
     * @param set   of {@link BenchmarkSet#molecule}
     * @param model content of the ONNX file
     */
    ChemNetDistance(Dataset<Row> set, byte[] model) {
        this.model = model;
        mine = moments(set, model);
    }

    /**
     * The distance; null where a set has fewer than two molecules.
     *
     * @param other of {@link BenchmarkSet#molecule}; it counts as fixed
     */
    Estimate from(Dataset<Row> other) {
        List<Moments> theirs = moments(other, model);
        if (mine.isEmpty() || theirs.isEmpty()) {
            return null;
        }
        Moments reference = theirs.stream().reduce((a, b) -> a.plus(b, 1)).orElseThrow();
        Moments all = mine.stream().reduce((a, b) -> a.plus(b, 1)).orElseThrow();
        if (all.count < 2 || reference.count < 2) {
            return null;
        }
        double[] covariance = reference.covariance();
        double[] root = root(covariance);
        double value = distance(all, reference, covariance, root);
        return new Estimate(value, error(mine, all, reference, covariance, root), (long) all.count);
    }

    private static Double error(List<Moments> groups, Moments all, Moments reference, double[] covariance, double[] root) {
        if (groups.size() < 2 || groups.stream().anyMatch(group -> all.count - group.count < 2)) {
            return null;
        }
        double[] without = groups.stream().mapToDouble(group ->
            distance(all.plus(group, -1), reference, covariance, root)).toArray();
        double mean = Arrays.stream(without).average().orElseThrow();
        double squares = Arrays.stream(without).map(one -> (one - mean) * (one - mean)).sum();
        return Math.sqrt(squares * (without.length - 1) / without.length);
    }

    /**
     * Moments of the groups. Sums of floating point numbers depend on their order: molecules go by hash into parts, as many as
     * the set asks for and not the cluster, each part is summed in one order, and so are the parts of a group.
     */
    private static List<Moments> moments(Dataset<Row> set, byte[] model) {
        int parts = (int) Math.max(1, Math.min(MOST_PARTS, set.count() / (GROUPS * PART)));
        Broadcast<byte[]> network = JavaSparkContext.fromSparkContext(set.sparkSession().sparkContext()).broadcast(model);
        try {
            return set.withColumn("part", pmod(col("order"), lit((long) GROUPS * parts)))
                .repartition(GROUPS * parts, col("part")).sortWithinPartitions("part", "order", "smiles")
                .select("smiles", "times", "part").javaRDD().mapPartitionsToPair(rows -> sums(rows, network.value()))
                .groupByKey(GROUPS).mapValues(ChemNetDistance::total).sortByKey().values().collect();
        } finally {
            network.destroy();
        }
    }

    private static Moments total(Iterable<Tuple2<Long, Moments>> parts) {
        return StreamSupport.stream(parts.spliterator(), false).sorted(Comparator.comparing(Tuple2::_1)).map(Tuple2::_2)
            .reduce((a, b) -> a.plus(b, 1)).orElseThrow();
    }

    /** By group: the moments of each of its parts. */
    private static Iterator<Tuple2<Long, Tuple2<Long, Moments>>> sums(Iterator<Row> rows, byte[] model) {
        List<Tuple2<Long, Tuple2<Long, Moments>>> found = new ArrayList<>();
        try (ChemNet net = ChemNet.open(model, "--chemnet")) {
            Row next = rows.hasNext() ? rows.next() : null;
            while (next != null) {
                long part = next.getLong(2);
                Moments moments = null;
                while (next != null && next.getLong(2) == part) {
                    List<Row> batch = new ArrayList<>();
                    while (next != null && batch.size() < BATCH && next.getLong(2) == part) {
                        batch.add(next);
                        next = rows.hasNext() ? rows.next() : null;
                    }
                    float[][] outputs = net.activations(batch.stream().map(row -> row.getString(0)).toList());
                    moments = moments == null ? new Moments(outputs[0].length) : moments;
                    for (int k = 0; k < outputs.length; k++) {
                        moments.add(outputs[k], batch.get(k).getLong(1));
                    }
                }
                found.add(new Tuple2<>(part % GROUPS, new Tuple2<>(part, moments)));
            }
        }
        return found.iterator();
    }

    /** {@code root} is the square root of {@code covariance}, that of the second. */
    private static double distance(Moments one, Moments other, double[] covariance, double[] root) {
        int d = one.sums.length;
        double[] own = one.covariance();
        double sum = 0;
        for (int k = 0; k < d; k++) {
            double apart = one.sums[k] / one.count - other.sums[k] / other.count;
            sum += apart * apart + own[k * d + k] + covariance[k * d + k];
        }
        // The eigenvalues of C₁ C₂ are those of the symmetric C₂^½ C₁ C₂^½.
        double[] values = new double[d];
        eigen(product(product(root, own, d), root, d), values, false);
        return sum - 2 * Arrays.stream(values).map(value -> Math.sqrt(Math.max(0, value))).sum();
    }

    private static double[] root(double[] matrix) {
        int d = (int) Math.round(Math.sqrt(matrix.length));
        double[] values = new double[d];
        double[] vectors = eigen(matrix.clone(), values, true);
        double[] root = new double[d * d];
        for (int k = 0; k < d; k++) {
            double scale = Math.sqrt(Math.max(0, values[k]));
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    root[i * d + j] += scale * vectors[k * d + i] * vectors[k * d + j];
                }
            }
        }
        return root;
    }

    private static double[] product(double[] a, double[] b, int d) {
        double[] product = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int k = 0; k < d; k++) {
                double factor = a[i * d + k];
                for (int j = 0; j < d; j++) {
                    product[i * d + j] += factor * b[k * d + j];
                }
            }
        }
        return product;
    }

    /** Eigenvalues of a symmetric matrix, which is overwritten by the vectors, one after the other, where they are asked for. */
    private static double[] eigen(double[] matrix, double[] values, boolean vectors) {
        Lapack.eigen(vectors, matrix, values, new double[Math.max(1, 34 * values.length)]);
        return matrix;
    }
}
