package org.bitdgdm.metrics;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

/**
 * How often something was seen, for a chart.
 *
 * @param name     what is counted
 * @param unit     unit of the labels; empty for classes and counts
 * @param binWidth width of a bin whose label is its lower end; 0 where labels are classes
 * @param counts   label to count, in the order of the axis; bins between the first and the last that are empty are left
 *                 out
 */
public record Histogram(String name, String unit, double binWidth, Map<String, Long> counts) {

    /** Labels have this many decimals at most. */
    private static final double LABEL_DIGITS = 1e6;

    public Histogram {
        Objects.requireNonNull(name, "a histogram must have a name");
        counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
    }

    /** Sum of all counts. */
    public long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Share of a label among all, 0…1; 0 for a label never seen and for an empty histogram. */
    public double share(String label) {
        long total = total();
        return total == 0 ? 0 : counts.getOrDefault(label, 0L) / (double) total;
    }

    /**
     * Labels of this and another histogram of the same kind, in the order of the axis; bins without gaps.
     *
     * @throws IllegalArgumentException for another bin width
     */
    public List<String> labelsWith(Histogram other) {
        if (binWidth != other.binWidth) {
            throw new IllegalArgumentException("bins of " + name + " are " + binWidth + " and " + other.binWidth
                + " wide and cannot share an axis");
        }
        LinkedHashSet<String> labels = new LinkedHashSet<>(counts.keySet());
        labels.addAll(other.counts.keySet());
        if (binWidth == 0 || labels.isEmpty()) {
            return List.copyOf(labels);
        }
        long[] bins = labels.stream().mapToLong(label -> Math.round(Double.parseDouble(label) / binWidth)).sorted()
            .toArray();
        return LongStream.rangeClosed(bins[0], bins[bins.length - 1])
            .mapToObj(bin -> label(bin, binWidth)).toList();
    }

    /** Label of a bin: its lower end, without needless decimals. */
    static String label(long bin, double binWidth) {
        // Multiples of 0.01 are not exact: 57 of them are 0.57, not 0.5700000000000001.
        double low = Math.rint(bin * binWidth * LABEL_DIGITS) / LABEL_DIGITS;
        return low == Math.rint(low) ? Long.toString((long) low) : Double.toString(low);
    }
}
