package org.bitdgdm.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitdgdm.conf.GateException;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Nearest;
import org.bitdgdm.conf.Requirement;

/**
 * All numbers of a run of sequences. Written as {@code metrics.json}.
 *
 * @param rows      of the run
 * @param chains    that have sequences
 * @param refused   rows with a reason, by its kind
 * @param metrics   in the order of {@link #NAMES}, those without a value too
 * @param absent    name of a metric without a value to the reason
 * @param byState   recovery by secondary structure of the residue, of single samples as all below
 * @param byLength  by length of the chain
 * @param byPart    along the chain
 * @param confusion (20, 20) native by designed residues
 */
public record DesignReport(long rows, long chains, Map<String, Long> refused, List<Metric> metrics, Map<String, String> absent,
                           List<Rate> byState, List<Rate> byLength, List<Rate> byPart, List<List<Long>> confusion) {
    /** Names of the metrics, in order. */
    public static final List<String> NAMES = List.of("recovery", "perplexity", "median_recovery", "ensemble_recovery",
        "ensemble_perplexity", "ensemble_median_recovery");

    /** Recovered residues of a kind. */
    public record Rate(String kind, long residues, long recovered) {
    }

    public DesignReport {
        metrics = List.copyOf(metrics);
    }

    /** The metric of a name. */
    public Optional<Metric> metric(String name) {
        return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
    }

    /** The content of {@code metrics.json}. */
    public ObjectNode toJson() {
        return MetricReport.JSON.valueToTree(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException where the text is something else
     */
    public static DesignReport parse(String json) {
        try {
            return MetricReport.JSON.readValue(json, DesignReport.class);
        } catch (JsonProcessingException e) {
            throw new InputException("metrics.json is not a report of sequences: "
                + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
    }

    /**
     * Refuses bounds on metrics that a run of sequences cannot have.
     *
     * @throws InputException naming the metric and the nearest known one
     */
    public static void check(List<Requirement> required) {
        for (Requirement requirement : required) {
            if (!NAMES.contains(requirement.metric())) {
                throw new InputException("--require " + requirement + ": a run of sequences has no metric "
                    + requirement.metric() + ", did you mean " + Nearest.of(requirement.metric(), NAMES) + "?");
            }
        }
    }

    /**
     * Judges the run. A metric without a value fails.
     *
     * @throws GateException naming every bound that does not hold
     */
    public void judge(List<Requirement> required) {
        List<String> failures = required.stream().filter(bound -> metric(bound.metric()).map(Metric::value)
            .map(value -> !bound.holds(value)).orElse(true)).map(bound -> bound.metric() + " must be " + bound.comparison()
                + " " + bound.bound() + ", found " + metric(bound.metric()).map(Metric::value)
                    .map(value -> String.format(Locale.ROOT, "%.6f", value)).orElse("none")).toList();
        if (!failures.isEmpty()) {
            throw new GateException("the run does not meet --require: " + String.join("; ", failures));
        }
    }
}
