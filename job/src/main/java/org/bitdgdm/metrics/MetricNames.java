package org.bitdgdm.metrics;

import java.util.List;
import java.util.stream.Stream;

/**
 * Names of the metrics that a run can have, besides comparisons of models.
 *
 * @param whose          what defines them, for messages
 * @param all            in order
 * @param headline       of these, those that a page begins with
 * @param details        of these, those that a table of runs shows after the comparisons
 * @param needsReference of these, those that are absent without a training set
 * @param differences    names of differences from another run
 */
public record MetricNames(
    String whose, List<String> all, List<String> headline, List<String> details, List<String> needsReference,
    List<String> differences) {

    private static final int HEADLINE_OF_GRAPHS = 4;

    /** Those of molecules. */
    public static MetricNames of(Protocol protocol) {
        return new MetricNames("protocol " + protocol.label(), protocol.metricNames(),
            List.of("validity", "relaxed_validity", "uniqueness", "novelty"), DistributionDistances.METRICS,
            Protocol.NEEDS_REFERENCE, RunDifference.MOLECULES.names());
    }

    /** The one that a graph has or has not, by which runs are told apart first. */
    public String quality() {
        return headline.get(0);
    }

    /** The same and more, which need no training set. */
    public MetricNames and(List<String> more) {
        return new MetricNames(whose, Stream.concat(all.stream(), more.stream()).toList(), headline,
            Stream.concat(details.stream(), more.stream()).toList(), needsReference, differences);
    }

    /** Those of plain graphs. */
    public static MetricNames ofGraphs() {
        return new MetricNames("a run of plain graphs", PlainGraphMetrics.METRICS,
            PlainGraphMetrics.METRICS.subList(0, HEADLINE_OF_GRAPHS),
            PlainGraphMetrics.METRICS.subList(HEADLINE_OF_GRAPHS, PlainGraphMetrics.METRICS.size()),
            PlainGraphMetrics.NEEDS_REFERENCE, RunDifference.GRAPHS.names());
    }
}
