package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Wasserstein-1 of two sets of values, exactly, by one sort on Spark: ∫ |F − G|. Nothing but a few numbers of each partition
 * comes to the driver. The standard error is that of the infinitesimal jackknife, as in {@link DistributionDistances}; the
 * second set counts as fixed.
 */
final class SortedDistance {
    /** Share of a sum of squares that is left of a difference of two such sums by rounding. */
    private static final double ROUNDING = 1e-13;

    private SortedDistance() {
    }

    /**
     * A partition's part of the integrals, from its first value to the first of the next.
     *
     * @param distance ∫ |F − G|
     * @param signs    ∫ s, s the sign of F − G
     * @param shares   ∫ s F
     * @param graphs   values of the first set
     * @param sums     over them of ∫ s from the value to the end of the partition
     * @param squares  over them of its square
     */
    private record Part(double distance, double signs, double shares, double graphs, double sums, double squares) {
    }

    /**
     * The distance.
     *
     * @param one   columns value and times, at least one row
     * @param other likewise
     */
    static DistributionDistances.Distance of(Dataset<Row> one, Dataset<Row> other) {
        JavaRDD<Row> sorted = one.select(col("value"), col("times").as("a"), lit(0L).as("b"))
            .union(other.select(col("value"), lit(0L).as("a"), col("times").as("b")))
            .groupBy(col("value")).agg(sum(col("a")), sum(col("b"))).orderBy(col("value")).javaRDD()
            .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            // Counts and first value of each partition, and whether it has any.
            List<double[]> heads = sorted.mapPartitions(rows -> List.of(head(rows)).iterator()).collect();
            double[][] before = new double[heads.size()][3];
            double n = 0;
            double m = 0;
            for (int k = 0; k < heads.size(); k++) {
                before[k][0] = n;
                before[k][1] = m;
                n += heads.get(k)[0];
                m += heads.get(k)[1];
            }
            double next = Double.NaN;
            for (int k = heads.size() - 1; k >= 0; k--) {
                before[k][2] = next;
                next = heads.get(k)[3] > 0 ? heads.get(k)[2] : next;
            }
            double graphs = n;
            double others = m;
            List<double[]> parts = sorted.mapPartitionsWithIndex((index, rows) ->
                List.of(part(rows, before[index], graphs, others)).iterator(), true).collect();
            return combined(parts, graphs);
        } finally {
            sorted.unpersist();
        }
    }

    private static double[] head(Iterator<Row> rows) {
        double[] head = new double[4];
        while (rows.hasNext()) {
            Row row = rows.next();
            head[2] = head[3] == 0 ? row.getDouble(0) : head[2];
            head[0] += row.getLong(1);
            head[1] += row.getLong(2);
            head[3]++;
        }
        return head;
    }

    /** The components of a {@link Part}. */
    private static double[] part(Iterator<Row> rows, double[] before, double n, double m) {
        double[] part = new double[6];
        double a = before[0];
        double b = before[1];
        // Of the values so far: ∫ s from each to here is signs − (∫ s up to it).
        double starts = 0;
        double startSquares = 0;
        Row row = rows.hasNext() ? rows.next() : null;
        while (row != null) {
            a += row.getLong(1);
            b += row.getLong(2);
            starts += row.getLong(1) * part[1];
            startSquares += row.getLong(1) * part[1] * part[1];
            part[3] += row.getLong(1);
            Row following = rows.hasNext() ? rows.next() : null;
            double end = following != null ? following.getDouble(0) : before[2];
            double length = Double.isNaN(end) ? 0 : end - row.getDouble(0);
            double difference = a / n - b / m;
            part[0] += Math.abs(difference) * length;
            part[1] += Math.signum(difference) * length;
            part[2] += Math.signum(difference) * a / n * length;
            row = following;
        }
        part[4] = part[3] * part[1] - starts;
        part[5] = part[3] * part[1] * part[1] - 2 * part[1] * starts + startSquares;
        return part;
    }

    private static DistributionDistances.Distance combined(List<double[]> parts, double n) {
        List<Part> all = parts.stream().map(p -> new Part(p[0], p[1], p[2], p[3], p[4], p[5])).toList();
        double distance = all.stream().mapToDouble(Part::distance).sum();
        double centre = all.stream().mapToDouble(Part::shares).sum();
        double behind = 0;
        double squares = 0;
        double reach = all.stream().mapToDouble(part -> Math.abs(part.signs())).sum() + Math.abs(centre);
        for (int k = all.size() - 1; k >= 0; k--) {
            Part part = all.get(k);
            double shift = behind - centre;
            squares += part.squares() + 2 * shift * part.sums() + part.graphs() * shift * shift;
            behind += part.signs();
        }
        // Values that are all alike leave what the terms above cancel to.
        return new DistributionDistances.Distance(distance, n < 2 || squares <= ROUNDING * n * reach * reach ? null
            : Math.sqrt(squares / (n * (n - 1))));
    }
}
