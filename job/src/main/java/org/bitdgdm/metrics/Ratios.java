package org.bitdgdm.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns counts into metrics one after another, and keeps the reasons of those that have no value. */
final class Ratios {
    private final long graphs;
    private final List<Metric> metrics = new ArrayList<>();
    private final Map<String, String> absent = new LinkedHashMap<>();

    /** @param graphs rows */
    Ratios(long graphs) {
        this.graphs = graphs;
    }

    /** The report of all metrics so far. */
    MetricReport report(Protocol protocol, Counts counts, Distributions distributions) {
        return new MetricReport(protocol, counts, metrics, absent, distributions, null, null);
    }

    void share(String name, long counted) {
        if (graphs == 0) {
            leaveOut(name, counted, 0L, "no graphs");
        } else {
            add(name, counted, graphs, Interval.wilson(counted, graphs));
        }
    }

    void mean(String name, long sum) {
        if (graphs == 0) {
            leaveOut(name, sum, 0L, "no graphs");
        } else {
            add(name, sum, graphs, null);
        }
    }

    void uniqueness(String name, long distinct, long once, long among, String reason) {
        if (among == 0) {
            leaveOut(name, distinct, among, reason);
        } else {
            add(name, distinct, among, Interval.jackknife(distinct, once, among));
        }
    }

    void novelty(String name, Long novel, Long novelOnce, long distinct, long once, long among, String reason) {
        if (novel == null) {
            leaveOut(name, null, distinct, "no training set is known");
        } else if (distinct == 0) {
            leaveOut(name, 0L, 0L, reason);
        } else {
            add(name, novel, distinct, Interval.jackknifeOfNovelty(novel, distinct, novelOnce, once, among));
        }
    }

    void novelPerGraph(String name, Long novel, Long novelOnce) {
        if (novel == null) {
            leaveOut(name, null, graphs, "no training set is known");
        } else if (graphs == 0) {
            leaveOut(name, 0L, 0L, "no graphs");
        } else {
            add(name, novel, graphs, Interval.jackknife(novel, novelOnce, graphs));
        }
    }

    void prefix(String name, int prefix, MetricCounts.PrefixCounts found) {
        if (found == null) {
            leaveOut(name, null, (long) prefix, "fewer than " + prefix + " molecules");
        } else {
            add(name, found.distinct(), prefix, Interval.jackknife(found.distinct(), found.once(), prefix));
        }
    }

    /** The mean over graphs of a property, from its sum and the sum of its squares over {@code among} of them. */
    void average(String name, double sum, double squares, long among) {
        if (among == 0) {
            leaveOut(name, null, 0L, "no graphs");
            return;
        }
        double mean = sum / among;
        Double half = among < 2 ? null
            : Interval.Z * Math.sqrt(Math.max(0, squares / among - mean * mean) / (among - 1));
        metrics.add(new Metric(name, mean, null, among, half == null ? null : mean - half,
            half == null ? null : mean + half));
    }

    void distance(String name, Optional<DistributionDistances.Distance> distance, String reason) {
        if (distance.isEmpty()) {
            leaveOut(name, null, graphs, reason);
            return;
        }
        double value = distance.get().value();
        Double error = distance.get().standardError();
        metrics.add(new Metric(name, value, null, graphs,
            error == null ? null : Math.max(0, value - Interval.Z * error),
            error == null ? null : Math.min(name.startsWith("js_") ? 1 : Double.POSITIVE_INFINITY,
                value + Interval.Z * error)));
    }

    private void add(String name, long numerator, long denominator, Interval interval) {
        metrics.add(new Metric(name, numerator / (double) denominator, numerator, denominator,
            interval == null ? null : interval.low(), interval == null ? null : interval.high()));
    }

    private void leaveOut(String name, Long numerator, Long denominator, String reason) {
        metrics.add(new Metric(name, null, numerator, denominator, null, null));
        absent.put(name, reason);
    }
}
