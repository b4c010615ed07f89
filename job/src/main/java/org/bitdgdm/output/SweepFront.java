package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.bitdgdm.metrics.MetricRegistry;

/**
 * Cells of a sweep that no other one beats in quality and in speed, or in quality and in bytes.
 *
 * @param diverges whether quality is the divergence from FP32, which is measured and comparable; otherwise it is the share that
 *                 the metrics call quality
 * @param fast     (cells) those on the front of quality against graphs per second
 * @param small    (cells) those on the front of quality against bytes of the model
 */
record SweepFront(boolean diverges, boolean[] fast, boolean[] small) {

    static SweepFront of(List<SweepEntry> entries, MetricRegistry names) {
        boolean diverges = entries.stream().anyMatch(entry -> entry.metric(names.divergence()).isPresent())
            && SweepEntry.sameTimes(entries);
        String judged = diverges ? names.divergence() : names.quality().name();
        List<Double> losses = values(entries, entry -> entry.metric(judged)
            .map(metric -> diverges ? metric.value() : -metric.value()).orElse(Double.NaN));
        return new SweepFront(diverges, front(values(entries, entry -> 1 / entry.graphsPerSecond()), losses),
            front(values(entries, entry -> entry.bytes() == 0 ? Double.NaN : entry.bytes()), losses));
    }

    private static List<Double> values(List<SweepEntry> entries, ToDoubleFunction<SweepEntry> value) {
        List<Double> values = new ArrayList<>();
        entries.forEach(entry -> values.add(value.applyAsDouble(entry)));
        return values;
    }

    /** What a cell is best in; empty where another one beats it in both. */
    String best(int cell) {
        return fast[cell] && small[cell] ? "speed, bytes" : fast[cell] ? "speed" : small[cell] ? "bytes" : "";
    }

    /** What the marks mean. */
    String meaning(MetricRegistry names) {
        return "Best: no other cell is both " + (diverges ? "closer to FP32" : names.words().better())
            + " and faster, or smaller.";
    }

    /**
     * Which of several points are not beaten by another one in both coordinates.
     *
     * @param cost smaller is better; points that are not finite in either coordinate are on no front
     * @param loss smaller is better
     */
    static boolean[] front(List<Double> cost, List<Double> loss) {
        boolean[] front = new boolean[cost.size()];
        for (int i = 0; i < front.length; i++) {
            front[i] = Double.isFinite(cost.get(i)) && Double.isFinite(loss.get(i));
            for (int j = 0; front[i] && j < front.length; j++) {
                boolean noWorse = cost.get(j) <= cost.get(i) && loss.get(j) <= loss.get(i);
                front[i] = !noWorse || cost.get(j).equals(cost.get(i)) && loss.get(j).equals(loss.get(i));
            }
        }
        return front;
    }
}
