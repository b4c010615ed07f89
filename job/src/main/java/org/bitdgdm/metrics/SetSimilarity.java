package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.bitdgdm.benchmark.FingerprintBlock;
import org.bitdgdm.fidelity.Estimate;

/**
 * How alike the molecules of sets are, on Spark. Fingerprints are compared in blocks of at most {@value #BLOCK}, pair by pair:
 * up to that many different molecules exactly, of more a sample of that many is compared with the whole other set. A standard
 * error takes molecules as independent.
 */
final class SetSimilarity {
    /** Different molecules that are compared at a time: 13 MB of fingerprints. */
    static final int BLOCK = 100_000;
    /** Of MOSES's fingerprints. */
    static final int BITS = 1024;
    /** Of numbers up to about 1 whose squares are subtracted. */
    private static final double ROUNDING = 1e-9;
    private static final int ROWS_PER_TASK = 512;

    private SetSimilarity() {
    }

    /** Mean over molecules of the similarity with the nearest one of another set (SNN of MOSES). */
    static Estimate nearest(BenchmarkSet set, BenchmarkSet other) {
        JavaSparkContext spark = set.spark();
        FingerprintBlock mine = set.fingerprints(BLOCK, BITS);
        float[] nearest = new float[mine.rows()];
        int blocks = (int) Math.max(1, (other.different() + BLOCK - 1) / BLOCK);
        for (int block = 0; block < blocks; block++) {
            FingerprintBlock theirs = other.part(block, blocks, BITS);
            Broadcast<FingerprintBlock> left = spark.broadcast(mine);
            Broadcast<FingerprintBlock> right = spark.broadcast(theirs);
            try {
                List<float[]> found = tasks(spark, mine.rows(),
                    range -> left.value().nearest(range[0], range[1], right.value()));
                int at = 0;
                for (float[] part : found) {
                    for (float value : part) {
                        nearest[at] = Math.max(nearest[at], value);
                        at++;
                    }
                }
            } finally {
                left.destroy();
                right.destroy();
            }
        }
        double[] values = new double[nearest.length];
        Arrays.setAll(values, k -> nearest[k]);
        return mean(values, mine.weights(), 1);
    }

    /**
     * 1 − the mean similarity of all pairs of molecules, each with itself among them (IntDiv of MOSES); and 1 − the mean over
     * molecules of the root of the mean of its square (IntDiv2). Leaving out a molecule moves the first by about twice what
     * its own mean differs by.
     */
    static Estimate[] diversity(BenchmarkSet set) {
        JavaSparkContext spark = set.spark();
        FingerprintBlock mine = set.fingerprints(BLOCK, BITS);
        Broadcast<FingerprintBlock> all = spark.broadcast(mine);
        try {
            double[] first = new double[mine.rows()];
            double[] second = new double[mine.rows()];
            int at = 0;
            for (double[][] part : tasks(spark, mine.rows(), range -> all.value().means(range[0], range[1]))) {
                for (double[] means : part) {
                    first[at] = 1 - means[0];
                    second[at++] = 1 - Math.sqrt(means[1]);
                }
            }
            return new Estimate[] {mean(first, mine.weights(), 2), mean(second, mine.weights(), 2)};
        } finally {
            all.destroy();
        }
    }

    /** For each of some molecules the similarity with the nearest other one of them. */
    static double[] nearestOthers(JavaSparkContext spark, FingerprintBlock block) {
        Broadcast<FingerprintBlock> all = spark.broadcast(block);
        try {
            return tasks(spark, block.rows(), range -> all.value().nearestOther(range[0], range[1])).stream()
                .flatMapToDouble(Arrays::stream).toArray();
        } finally {
            all.destroy();
        }
    }

    /**
     * For each of {@link BenchmarkSet#PARTS} the cosine of their counts in two sets, with the standard error of the
     * infinitesimal jackknife over the first one's molecules: a molecule moves it by what its own counts do. None where a set
     * has nothing to count.
     */
    static Map<String, Estimate> cosines(BenchmarkSet set, BenchmarkSet other) {
        Column a = col("a");
        Column b = col("b");
        Dataset<Row> both = set.counts(other).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Map<String, Double> cosines = new HashMap<>();
            Column slope = lit(0.0);
            for (Row sums : both.groupBy(col("kind")).agg(ExactSum.ofCounts(a.multiply(b)),
                ExactSum.ofCounts(a.multiply(a)), ExactSum.ofCounts(b.multiply(b)))
                .collectAsList()) {
                if (sums.getDouble(2) > 0 && sums.getDouble(3) > 0) {
                    double length = Math.sqrt(sums.getDouble(2) * sums.getDouble(3));
                    double cosine = sums.getDouble(1) / length;
                    cosines.put(sums.getString(0), cosine);
                    slope = when(col("kind").equalTo(sums.getString(0)),
                        b.divide(length).minus(a.multiply(cosine / sums.getDouble(2)))).otherwise(slope);
                }
            }
            Map<String, Double> squares =
                set.sumsOfSquares(both.filter(a.gt(0)).select(col("kind"), col("what"), slope.as("slope")));
            double n = set.molecules();
            Map<String, Estimate> found = new HashMap<>();
            cosines.forEach((kind, cosine) -> found.put(kind, new Estimate(cosine, n < 2 ? null
                : known(Math.sqrt(squares.getOrDefault(kind, 0.0) * n / (n - 1))), set.molecules())));
            return found;
        } finally {
            both.unpersist();
        }
    }

    private static <T> List<T> tasks(JavaSparkContext spark, int rows, Function<int[], T> each) {
        List<int[]> ranges = new ArrayList<>();
        for (int from = 0; from < rows; from += ROWS_PER_TASK) {
            ranges.add(new int[] {from, Math.min(rows, from + ROWS_PER_TASK)});
        }
        return ranges.isEmpty() ? List.of() : spark.parallelize(ranges, ranges.size()).map(each).collect();
    }

    /** A standard error; null where it is rounding: molecules that all count alike say nothing about chance. */
    static Double known(double error) {
        return error > ROUNDING ? error : null;
    }

    private static Estimate mean(double[] values, double[] weights, double leverage) {
        double total = Arrays.stream(weights).sum();
        double sum = 0;
        double squares = 0;
        for (int k = 0; k < values.length; k++) {
            sum += weights[k] * values[k];
            squares += weights[k] * values[k] * values[k];
        }
        double mean = sum / total;
        Double error = total < 2 ? null
            : known(leverage * Math.sqrt(Math.max(0, squares / total - mean * mean) / (total - 1)));
        return new Estimate(mean, error, (long) total);
    }
}
