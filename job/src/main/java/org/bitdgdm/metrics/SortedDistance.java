package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import java.io.Serializable;
import java.math.BigInteger;
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
 *
 * <p>Values are taken as whole numbers of 10⁻¹², and all sums are of whole numbers: where one partition of a sort ends and the
 * next begins is another place with each number of tasks, and doubles are rounded at each addition.
 */
final class SortedDistance {
    /** Of 1. */
    private static final double UNITS = 1e12;
    /** Values below it have units enough for their sums. */
    private static final double MOST = 1e6;

    private SortedDistance() {
    }

    /**
     * A partition's part of the integrals of a number, from its first value to the first of the next; n values are of the
     * first set, m of the second.
     *
     * @param distance ∫ |F − G| · n · m
     * @param signs    ∫ s, s the sign of F − G
     * @param shares   ∫ s F · n
     * @param graphs   values of the first set
     * @param sums     over them of ∫ s from the value to the end of the partition
     * @param squares  over them of its square
     */
    private record Part(BigInteger distance, long signs, BigInteger shares, long graphs, BigInteger sums, BigInteger squares)
        implements Serializable {
    }

    /**
     * How many values of a number a partition has.
     *
     * @param one    of the first set
     * @param other  of the second
     * @param lowest of both
     */
    private record Head(long one, long other, long lowest) implements Serializable {
    }

    /**
     * What a partition must know of the others.
     *
     * @param one   values of the first set in those before it
     * @param other of the second
     * @param next  the first value in those after it; null where there is none
     */
    private record Bounds(long one, long other, Long next) implements Serializable {
    }

    /**
     * The distance of each number.
     *
     * @param one   columns what, the number's name, value, less than 10⁶ in size, and times, at least one row of each
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
                .map(part -> part.get(what)).toList(), total)));
            return found;
        } finally {
            sorted.unpersist();
        }
    }

    private static Head plus(Head one, Head other) {
        return new Head(one.one() + other.one(), one.other() + other.other(), one.lowest());
    }

    private static long units(Row row) {
        double value = row.getDouble(1);
        if (!(Math.abs(value) < MOST)) {
            throw new ArithmeticException(row.getString(0) + " must be less than " + MOST + " in size, found " + value);
        }
        return Math.round(value * UNITS);
    }

    private static TreeMap<String, Head> heads(Iterator<Row> rows) {
        TreeMap<String, Head> heads = new TreeMap<>();
        while (rows.hasNext()) {
            Row row = rows.next();
            heads.merge(row.getString(0), new Head(row.getLong(2), row.getLong(3), units(row)), SortedDistance::plus);
        }
        return heads;
    }

    private static List<TreeMap<String, Bounds>> bounds(List<TreeMap<String, Head>> heads) {
        List<TreeMap<String, Bounds>> bounds = new ArrayList<>();
        Map<String, Head> before = new HashMap<>();
        for (TreeMap<String, Head> part : heads) {
            TreeMap<String, Bounds> own = new TreeMap<>();
            part.forEach((what, head) -> {
                Head known = before.getOrDefault(what, new Head(0, 0, 0));
                own.put(what, new Bounds(known.one(), known.other(), null));
                before.put(what, plus(known, head));
            });
            bounds.add(own);
        }
        Map<String, Long> next = new HashMap<>();
        for (int k = heads.size() - 1; k >= 0; k--) {
            TreeMap<String, Bounds> own = bounds.get(k);
            heads.get(k).forEach((what, head) -> {
                own.computeIfPresent(what, (name, known) ->
                    new Bounds(known.one(), known.other(), next.get(what)));
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
            long n = totals.get(what).one();
            long m = totals.get(what).other();
            long a = bounds.get(what).one();
            long b = bounds.get(what).other();
            BigInteger distance = BigInteger.ZERO;
            long signs = 0;
            BigInteger shares = BigInteger.ZERO;
            long graphs = 0;
            // Of the values so far: ∫ s from each to here is signs − (∫ s up to it).
            BigInteger starts = BigInteger.ZERO;
            BigInteger startSquares = BigInteger.ZERO;
            while (row != null && row.getString(0).equals(what)) {
                a += row.getLong(2);
                b += row.getLong(3);
                BigInteger start = BigInteger.valueOf(signs).multiply(BigInteger.valueOf(row.getLong(2)));
                starts = starts.add(start);
                startSquares = startSquares.add(start.multiply(BigInteger.valueOf(signs)));
                graphs += row.getLong(2);
                Row following = rows.hasNext() ? rows.next() : null;
                Long end = following != null && following.getString(0).equals(what) ? Long.valueOf(units(following))
                    : bounds.get(what).next();
                long length = end == null ? 0 : end - units(row);
                long difference = Math.subtractExact(Math.multiplyExact(a, m), Math.multiplyExact(b, n));
                distance = distance.add(BigInteger.valueOf(Math.abs(difference)).multiply(BigInteger.valueOf(length)));
                long signed = Long.signum(difference) * length;
                signs += signed;
                shares = shares.add(BigInteger.valueOf(a).multiply(BigInteger.valueOf(signed)));
                row = following;
            }
            BigInteger whole = BigInteger.valueOf(signs);
            BigInteger all = BigInteger.valueOf(graphs).multiply(whole);
            parts.put(what, new Part(distance, signs, shares, graphs, all.subtract(starts),
                all.multiply(whole).subtract(whole.multiply(starts).shiftLeft(1)).add(startSquares)));
        }
        return parts;
    }

    private static DistributionDistances.Distance combined(List<Part> all, Head total) {
        BigInteger distance = BigInteger.ZERO;
        BigInteger shares = BigInteger.ZERO;
        BigInteger squares = BigInteger.ZERO;
        BigInteger behind = BigInteger.ZERO;
        for (int k = all.size() - 1; k >= 0; k--) {
            Part part = all.get(k);
            distance = distance.add(part.distance());
            shares = shares.add(part.shares());
            squares = squares.add(part.squares()).add(behind.multiply(part.sums()).shiftLeft(1))
                .add(behind.multiply(behind).multiply(BigInteger.valueOf(part.graphs())));
            behind = behind.add(BigInteger.valueOf(part.signs()));
        }
        double n = total.one();
        // ∫ s from each value on, summed over the values, is ∫ s F · n: n times the sum of squares around the mean.
        BigInteger around = squares.multiply(BigInteger.valueOf(total.one())).subtract(shares.multiply(shares));
        return new DistributionDistances.Distance(distance.doubleValue() / n / total.other() / UNITS,
            around.signum() == 0 ? null : Math.sqrt(around.doubleValue() / (n * n * (n - 1))) / UNITS);
    }
}
