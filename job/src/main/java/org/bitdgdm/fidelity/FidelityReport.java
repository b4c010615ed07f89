package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * How closely a quantized model follows the full-precision one.
 *
 * @param graphs          graphs compared
 * @param steps           denoising steps of each
 * @param seed            key of their random draws
 * @param divergence      over all steps
 * @param ranges          the same for parts of the steps, largest times first
 * @param changedEntries  share of the drawn nodes and edges i &lt; j that differ when both models step from the same z_t
 *                        with the same random numbers
 * @param identicalGraphs graphs that are the same after both models have run alone from the same z_T
 */
public record FidelityReport(int graphs, int steps, long seed, Divergence divergence, List<Divergence> ranges,
                             Estimate changedEntries, long identicalGraphs) {
    /** Ranges that steps are cut into, of equal length as far as possible. */
    private static final int RANGES = 5;

    public FidelityReport {
        ranges = List.copyOf(ranges);
    }

    /** The range of each of so many steps. */
    static int[] rangeOf(int steps) {
        int[] ranges = new int[steps];
        int count = Math.min(RANGES, steps);
        for (int step = 0; step < steps; step++) {
            ranges[step] = (int) ((long) step * count / steps);
        }
        return ranges;
    }

    /**
     * Sums up.
     *
     * @param times (steps) times of T…0 that the steps begin at
     * @param all   in a fixed order, which decides the last digits
     */
    static FidelityReport of(int[] times, long seed, List<OfGraph> all) {
        int steps = times.length;
        int[] rangeOf = rangeOf(steps);
        List<Divergence> ranges = new ArrayList<>();
        for (int first = 0; first < steps;) {
            int last = first;
            while (last + 1 < steps && rangeOf[last + 1] == rangeOf[first]) {
                last++;
            }
            ranges.add(divergence(all, times[first], times[last], rangeOf[first], rangeOf[first] + 1, last - first + 1));
            first = last + 1;
        }
        long identical = all.stream().filter(OfGraph::identical).count();
        return new FidelityReport(all.size(), steps, seed,
            divergence(all, times[0], times[steps - 1], 0, ranges.size(), steps), ranges,
            estimate(all, OfGraph::changed, graph -> steps * (graph.n() + graph.edges())), identical);
    }

    private static Divergence divergence(List<OfGraph> all, int from, int to, int firstRange, int endRange,
                                         int steps) {
        ToDoubleFunction<OfGraph> node = graph -> sum(graph.nodeDivergence(), firstRange, endRange);
        ToDoubleFunction<OfGraph> edge = graph -> sum(graph.edgeDivergence(), firstRange, endRange);
        return new Divergence(from, to, estimate(all, node, graph -> (long) steps * graph.n()),
            estimate(all, edge, graph -> steps * graph.edges()),
            estimate(all, graph -> node.applyAsDouble(graph) + edge.applyAsDouble(graph), graph -> steps));
    }

    private static Estimate estimate(List<OfGraph> all, ToDoubleFunction<OfGraph> sum,
                                     ToLongFunction<OfGraph> count) {
        return Estimate.of(all.stream().mapToDouble(sum).toArray(), all.stream().mapToLong(count).toArray());
    }

    private static double sum(double[] values, int from, int end) {
        double sum = 0;
        for (int range = from; range < end; range++) {
            sum += values[range];
        }
        return sum;
    }

    /**
     * The comparison of two models on one graph.
     *
     * @param id             of the graph
     * @param n              its nodes
     * @param edges          its edges i &lt; j, of any class, where these diffuse
     * @param nodeDivergence (ranges) Σ KL over the nodes and the steps of each range, nats
     * @param edgeDivergence (ranges) the same over edges i &lt; j
     * @param changed        entries, nodes and edges i &lt; j of all steps, that the quantized model draws differently from the
     *                       same state with the same random numbers
     * @param identical      whether the quantized model, left to itself from z_T on, ends at the same graph
     */
    record OfGraph(long id, int n, long edges, double[] nodeDivergence, double[] edgeDivergence, long changed,
                   boolean identical) implements Serializable {
    }
}
