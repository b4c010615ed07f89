package org.bitdgdm.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.benchmark.ChemNet;
import org.bitdgdm.fidelity.Estimate;
import org.netlib.lapack.Dsyev;
import org.netlib.util.intW;
import scala.Tuple2;

/**
 * Fréchet distance of two sets of molecules by what a network says of each: |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁ C₂)^½) of the means
 * and covariances. Executors run the network; the driver gets sums of {@value #GROUPS} groups of molecules by hash, and its
 * standard error is that of leaving out one group of the run after another.
 */
final class ChemNetDistance {
    private static final int GROUPS = 20;
    private static final int BATCH = 64;

    private ChemNetDistance() {
    }

    /**
     * Sums over molecules.
     *
     * @param count   of molecules
     * @param sums    (d) of the outputs
     * @param squares (d·d) of their products
     */
    private record Moments(double count, double[] sums, double[] squares) {
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

    /**
     * The distance; null where a set has fewer than two molecules.
     *
     * @param set   columns smiles and times
     * @param other likewise; it counts as fixed
     * @param model content of the ONNX file
     */
    static Estimate of(Dataset<Row> set, Dataset<Row> other, byte[] model) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(set.sparkSession().sparkContext());
        Broadcast<byte[]> network = spark.broadcast(model);
        try {
            List<Moments> mine = moments(set, network);
            List<Moments> theirs = moments(other, network);
            if (mine.isEmpty() || theirs.isEmpty()) {
                return null;
            }
            Moments reference = theirs.stream().reduce((a, b) -> a.plus(b, 1)).orElseThrow();
            Moments all = mine.stream().reduce((a, b) -> a.plus(b, 1)).orElseThrow();
            if (all.count() < 2 || reference.count() < 2) {
                return null;
            }
            double[] covariance = reference.covariance();
            double[] root = root(covariance);
            double value = distance(all, reference, covariance, root);
            return new Estimate(value, error(mine, all, reference, covariance, root), (long) all.count());
        } finally {
            network.destroy();
        }
    }

    private static Double error(List<Moments> groups, Moments all, Moments reference, double[] covariance, double[] root) {
        if (groups.size() < 2 || groups.stream().anyMatch(group -> all.count() - group.count() < 2)) {
            return null;
        }
        double[] without = groups.stream().mapToDouble(group ->
            distance(all.plus(group, -1), reference, covariance, root)).toArray();
        double mean = Arrays.stream(without).average().orElseThrow();
        double squares = Arrays.stream(without).map(one -> (one - mean) * (one - mean)).sum();
        return Math.sqrt(squares * (without.length - 1) / without.length);
    }

    private static List<Moments> moments(Dataset<Row> set, Broadcast<byte[]> network) {
        JavaPairRDD<Integer, double[]> sums = set.javaRDD().mapPartitionsToPair(rows -> sums(rows, network.value()))
            .reduceByKey((a, b) -> {
                Arrays.setAll(a, k -> a[k] + b[k]);
                return a;
            });
        return sums.sortByKey().values().collect().stream().map(packed -> {
            int d = (int) Math.round((Math.sqrt(4.0 * packed.length - 3) - 1) / 2);
            return new Moments(packed[0], Arrays.copyOfRange(packed, 1, d + 1), Arrays.copyOfRange(packed, d + 1, packed.length));
        }).toList();
    }

    /** By group: the count, the sums, the sums of products. */
    private static Iterator<Tuple2<Integer, double[]>> sums(Iterator<Row> rows, byte[] model) {
        double[][] groups = new double[GROUPS][];
        try (ChemNet net = ChemNet.open(model, "--chemnet")) {
            List<String> smiles = new ArrayList<>();
            List<Long> times = new ArrayList<>();
            while (rows.hasNext()) {
                Row row = rows.next();
                smiles.add(row.getString(0));
                times.add(row.getLong(1));
                if (smiles.size() == BATCH || !rows.hasNext()) {
                    float[][] found = net.activations(smiles);
                    for (int k = 0; k < found.length; k++) {
                        int group = Math.floorMod(ReferenceSet.hash(smiles.get(k)), GROUPS);
                        groups[group] = groups[group] == null
                            ? new double[1 + found[k].length * (found[k].length + 1)] : groups[group];
                        add(groups[group], found[k], times.get(k));
                    }
                    smiles.clear();
                    times.clear();
                }
            }
        }
        List<Tuple2<Integer, double[]>> found = new ArrayList<>();
        for (int group = 0; group < GROUPS; group++) {
            if (groups[group] != null) {
                found.add(new Tuple2<>(group, groups[group]));
            }
        }
        return found.iterator();
    }

    private static void add(double[] sums, float[] outputs, double times) {
        int d = outputs.length;
        sums[0] += times;
        for (int i = 0; i < d; i++) {
            double weighted = times * outputs[i];
            sums[1 + i] += weighted;
            for (int j = 0; j < d; j++) {
                sums[1 + d + i * d + j] += weighted * outputs[j];
            }
        }
    }

    /** {@code root} is the square root of {@code covariance}, that of the second. */
    private static double distance(Moments one, Moments other, double[] covariance, double[] root) {
        int d = one.sums().length;
        double[] own = one.covariance();
        double sum = 0;
        for (int k = 0; k < d; k++) {
            double apart = one.sums()[k] / one.count() - other.sums()[k] / other.count();
            sum += apart * apart + own[k * d + k] + covariance[k * d + k];
        }
        // The eigenvalues of C₁ C₂ are those of the symmetric C₂^½ C₁ C₂^½.
        double[] values = new double[d];
        eigen(product(product(root, own, d), root, d), values, "N");
        return sum - 2 * Arrays.stream(values).map(value -> Math.sqrt(Math.max(0, value))).sum();
    }

    private static double[] root(double[] matrix) {
        int d = (int) Math.round(Math.sqrt(matrix.length));
        double[] values = new double[d];
        double[] vectors = eigen(matrix.clone(), values, "V");
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
    private static double[] eigen(double[] matrix, double[] values, String job) {
        int d = values.length;
        double[] work = new double[Math.max(1, 34 * d)];
        intW info = new intW(0);
        Dsyev.dsyev(job, "U", d, matrix, 0, d, values, 0, work, 0, work.length, info);
        if (info.val != 0) {
            throw new IllegalStateException("the eigenvalues of a covariance of " + d + " numbers do not converge");
        }
        return matrix;
    }
}
