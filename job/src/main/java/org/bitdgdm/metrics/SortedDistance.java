package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Wasserstein-1 of two sets of values, exactly, of several numbers by one sort on Spark: ∫ |F − G|. Nothing but a few numbers
 * of each partition comes to the driver. The standard error is that of the infinitesimal jackknife, as in
 * {@link DistributionDistances}; the second set counts as fixed.
 */
final class SortedDistance {
    /** Share of a sum of squares that is left of a difference of two such sums by rounding. */
    private static final double ROUNDING = 1e-13;

    private SortedDistance() {
    }

    /**
     * A partition's part of the integrals of a number, from its first value to the first of the next.
     *
     * @param distance ∫ |F − G|
     * @param signs    ∫ s, s the sign of F − G
     * @param shares   ∫ s F
     * @param graphs   values of the first set
     * @param sums     over them of ∫ s from the value to the end of the partition
     * @param squares  over them of its square
     */
    private record Part(double distance, double signs, double shares, double graphs, double sums, double squares)
        implements Serializable {
    }

    /**
     * How many values of a number a partition has.
     *
     * @param one    of the first set
     * @param other  of the second
     * @param lowest of both
     */
    private record Head(double one, double other, double lowest) implements Serializable {
    }

    /**
     * What a partition must know of the others.
     *
     * @param one   values of the first set in those before it
     * @param other of the second
     * @param next  the first value in those after it; NaN where there is none
     */
    private record Bounds(double one, double other, double next) implements Serializable {
    }

    /**
     * The distance of each number.
     *
     * @param one   columns what, the number's name, value and times, at least one row of each
     * @param other likewise
     */
    static Map<String, DistributionDistances.Distance> of(Dataset<Row> one, Dataset<Row> other) {
        JavaRDD<Row> sorted = one.select(col("what"), col("value"), col("times").as("a"), lit(0L).as("b"))
            .union(other.select(col("what"), col("value"), lit(0L).as("a"), col("times").as("b")))
            .groupBy(col("what"), col("value")).agg(sum(col("a")), sum(col("b"))).orderBy(col("what"), col("value")).javaRDD()
            .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            List<TreeMap<String, Head>> heads = sorted.mapPartitions(rows -> List.of(heads(rows)).iterator()).collect();
            TreeMap<String, Head> totals = new TreeMap<>();
            heads.forEach(part -> part.forEach((what, head) -> totals.merge(what, head, SortedDistance::plus)));
            List<TreeMap<String, Bounds>> bounds = bounds(heads);
            List<TreeMap<String, Part>> parts = sorted.mapPartitionsWithIndex((index, rows) ->
                List.of(parts(rows, bounds.get(index), totals)).iterator(), true).collect();
            Map<String, DistributionDistances.Distance> found = new LinkedHashMap<>();
            totals.forEach((what, total) -> found.put(what, combined(parts.stream().filter(part -> part.containsKey(what))
                .map(part -> part.get(what)).toList(), total.one())));
            return found;
        } finally {
            sorted.unpersist();
        }
    }

    private static Head plus(Head one, Head other) {
        return new Head(one.one() + other.one(), one.other() + other.other(), one.lowest());
    }

    private static TreeMap<String, Head> heads(Iterator<Row> rows) {
        TreeMap<String, Head> heads = new TreeMap<>();
        while (rows.hasNext()) {
            Row row = rows.next();
            heads.merge(row.getString(0), new Head(row.getLong(2), row.getLong(3), row.getDouble(1)), SortedDistance::plus);
        }
        return heads;
    }

    private static List<TreeMap<String, Bounds>> bounds(List<TreeMap<String, Head>> heads) {
        List<TreeMap<String, Bounds>> bounds = new ArrayList<>();
        Map<String, Head> before = new HashMap<>();
        for (TreeMap<String, Head> part : heads) {
            TreeMap<String, Bounds> own = new TreeMap<>();
            part.forEach((what, head) -> {
                Head known = before.getOrDefault(what, new Head(0, 0, Double.NaN));
                own.put(what, new Bounds(known.one(), known.other(), Double.NaN));
                before.put(what, plus(known, head));
            });
            bounds.add(own);
        }
        Map<String, Double> next = new HashMap<>();
        for (int k = heads.size() - 1; k >= 0; k--) {
            TreeMap<String, Bounds> own = bounds.get(k);
            heads.get(k).forEach((what, head) -> {
                own.computeIfPresent(what, (name, known) ->
                    new Bounds(known.one(), known.other(), next.getOrDefault(what, Double.NaN)));
                next.put(what, head.lowest());
            });
        }
        return bounds;
    }

    private static TreeMap<String, Part> parts(Iterator<Row> rows, Map<String, Bounds> bounds, Map<String, Head> totals) {
        TreeMap<String, Part> parts = new TreeMap<>();
        Row row = rows.hasNext() ? rows.next() : null;
        while (row != null) {
            String what = row.getString(0);
            double n = totals.get(what).one();
            double m = totals.get(what).other();
            double a = bounds.get(what).one();
            double b = bounds.get(what).other();
            double distance = 0;
            double signs = 0;
            double shares = 0;
            double graphs = 0;
            // Of the values so far: ∫ s from each to here is signs − (∫ s up to it).
            double starts = 0;
            double startSquares = 0;
            while (row != null && row.getString(0).equals(what)) {
                a += row.getLong(2);
                b += row.getLong(3);
                starts += row.getLong(2) * signs;
                startSquares += row.getLong(2) * signs * signs;
                graphs += row.getLong(2);
                Row following = rows.hasNext() ? rows.next() : null;
                double end = following != null && following.getString(0).equals(what) ? following.getDouble(1)
                    : bounds.get(what).next();
                double length = Double.isNaN(end) ? 0 : end - row.getDouble(1);
                double difference = a / n - b / m;
                distance += Math.abs(difference) * length;
                signs += Math.signum(difference) * length;
                shares += Math.signum(difference) * a / n * length;
                row = following;
            }
            parts.put(what, new Part(distance, signs, shares, graphs, graphs * signs - starts,
                graphs * signs * signs - 2 * signs * starts + startSquares));
        }
        return parts;
    }

    private static DistributionDistances.Distance combined(List<Part> all, double n) {
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
