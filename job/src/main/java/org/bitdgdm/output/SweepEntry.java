package org.bitdgdm.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.SweepCell;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricDefinition;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;

/**
 * What became of one cell of a sweep.
 *
 * @param cell        the run
 * @param metrics     its numbers; null if it has failed
 * @param run         its {@code run.json}; missing if it has failed
 * @param differences from the FP32 cell of the same steps and seed, those of the {@link MetricRegistry}; empty where there is
 *                    none
 * @param error       why it has failed; empty if it has not
 */
public record SweepEntry(SweepCell cell, MetricReport metrics, JsonNode run, List<Metric> differences,
                         String error) {

    /** A cell that has failed. */
    public static SweepEntry failed(SweepCell cell, String error) {
        return new SweepEntry(cell, null, MissingNode.getInstance(), List.of(), error);
    }

    /** Whether there are numbers. */
    public boolean done() {
        return metrics != null;
    }

    /** The metric of a name where it has a value. */
    Optional<Metric> metric(String name) {
        return done() ? metrics.metric(name).filter(metric -> metric.value() != null) : Optional.empty();
    }

    /** A difference from FP32 where it has a value. */
    Optional<Metric> difference(String name) {
        return differences.stream().filter(metric -> metric.name().equals(name) && metric.value() != null).findFirst();
    }

    /** A divergence from full precision with its standard error, where it was measured and has a value. */
    Optional<Estimate> divergence(MetricDefinition<?> divergence) {
        return Optional.ofNullable(done() ? metrics.fidelity() : null)
            .map(found -> found.divergence().per(MetricRegistry.part(divergence))).filter(estimate -> estimate.value() != null);
    }

    /** A mean with its standard error, where it has one. */
    static String text(Estimate estimate) {
        String value = Numbers.significant(estimate.value(), 3);
        return estimate.standardError() == null || estimate.value() == 0 ? value
            : value + " ± " + Numbers.significant(estimate.standardError(), 2);
    }

    /**
     * A mean that may be negative, with its standard error where it has one; empty where there is none.
     *
     * @param plus sign of one that is not negative
     */
    static String signed(Estimate estimate, String plus) {
        if (estimate == null) {
            return "";
        }
        String value = (estimate.value() < 0 ? "-" : plus) + Numbers.significant(Math.abs(estimate.value()), 4);
        return estimate.standardError() == null ? value : value + " ± " + Numbers.significant(estimate.standardError(), 2);
    }

    /** The paired difference of a share from FP32 in percentage points, with its interval where it has one. */
    Optional<String> differenceInPoints(String quality) {
        return difference(quality + "_difference").map(metric -> String.format(Locale.ROOT, "%+.2f", 100 * metric.value())
            + (metric.low() == null ? "" : String.format(Locale.ROOT, " [%+.2f to %+.2f]", 100 * metric.low(),
                100 * metric.high())));
    }

    /** What a cell samples, as the first one that is done has it. */
    static String amount(List<SweepEntry> entries, MetricRegistry names) {
        long asked = entries.get(0).cell().conf().sample().count();
        long count = entries.stream().map(entry -> entry.run().at("/graphs/count")).filter(JsonNode::isNumber)
            .mapToLong(JsonNode::asLong).findFirst().orElse(asked);
        return Numbers.count(count) + " " + names.unit();
    }

    /** How many cells there are, and how many of them are still to run. */
    static String soFar(int cells, List<SweepEntry> entries) {
        return entries.size() == cells ? Amount.of(cells, "cell")
            : "So far " + Numbers.count(entries.size()) + " of " + Amount.of(cells, "cell");
    }

    /** Whether all cells take the same times, so that the divergence, which says nothing of these, can tell them apart. */
    static boolean sameTimes(List<SweepEntry> entries) {
        return entries.stream().map(entry -> List.of(entry.cell().conf().sample().steps(),
            entry.cell().conf().sample().schedule(), entry.cell().conf().sample().sampler())).distinct().count() <= 1;
    }

    /** Along what divergence and agreement were measured; empty where they were not. */
    static String trajectories(List<SweepEntry> entries, MetricRegistry names) {
        List<FidelityReport> found = entries.stream().filter(SweepEntry::done).map(entry -> entry.metrics().fidelity())
            .filter(Objects::nonNull).toList();
        if (found.isEmpty()) {
            return "";
        }
        String along = "along " + Numbers.count(found.get(0).graphs()) + " full-precision " + names.unit() + " of ";
        if (found.stream().mapToInt(FidelityReport::steps).distinct().count() > 1) {
            return along + "as many steps as the cell has, by its own sampler and schedule";
        }
        return along + Amount.of(found.get(0).steps(), "step") + (sameTimes(entries) ? ""
            : " by the cell's own sampler and schedule, whatever its own number of steps");
    }

    /** Seconds of one phase of the cell, as its {@code run.json} has them; 0 if not known. */
    double seconds(String phase) {
        return run.path("timings").path(phase + "_seconds").asDouble();
    }

    /** Graphs per second while sampling; NaN if not known. */
    double graphsPerSecond() {
        return run.path("graphs_per_second").asDouble(Double.NaN);
    }

    /** Seconds of processors that a million graphs take while sampling; NaN if not known. */
    double coreSecondsPerMillion() {
        return run.path("core_seconds_per_million_graphs").asDouble(Double.NaN);
    }

    /** Most cells that were sampled at once; 1 where each was alone. */
    static int atOnce(List<SweepEntry> entries) {
        return entries.stream().mapToInt(entry -> entry.run().path("runs_at_once").asInt(1)).max().orElse(1);
    }

    /** Bytes of the parameters as sampled; 0 if not known. */
    long bytes() {
        return run.path("model_bytes").path("after").asLong();
    }

    /** Bytes of the parameters in full precision; 0 if not known. */
    long bytesBefore() {
        return run.path("model_bytes").path("before").asLong();
    }
}
