package org.bitdgdm.metrics;

import java.util.List;

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

    /** Those of plain graphs. */
    public static MetricNames ofGraphs() {
        return new MetricNames("a run of plain graphs", PlainGraphMetrics.METRICS,
            PlainGraphMetrics.METRICS.subList(0, HEADLINE_OF_GRAPHS),
            PlainGraphMetrics.METRICS.subList(HEADLINE_OF_GRAPHS, PlainGraphMetrics.METRICS.size()),
            PlainGraphMetrics.NEEDS_REFERENCE, RunDifference.GRAPHS.names());
    }
}
