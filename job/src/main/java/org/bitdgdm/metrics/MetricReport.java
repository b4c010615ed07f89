package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;

/**
 * All numbers of a run: raw counts, the metrics that a protocol makes of them, distributions. Written as
 * {@code metrics.json}.
 *
 * @param protocol      what was divided by what
 * @param counts        raw counts, the same whatever the protocol
 * @param metrics       in the order of {@link Protocol#metricNames}, then those of {@code fidelity} in the order of
 *                      {@link FidelityReport#METRICS} and {@link LikelihoodReport#METRICS}; those without a value too
 * @param absent        name of a metric without a value to the reason
 * @param distributions of the graphs of the run
 * @param fidelity      the comparison with the full-precision model; null where it was not made
 * @param likelihood    of given molecules; null where it was not asked
 */
public record MetricReport(
    Protocol protocol, Counts counts, List<Metric> metrics, Map<String, String> absent, Distributions distributions,
    @JsonInclude(JsonInclude.Include.NON_NULL) FidelityReport fidelity,
    @JsonInclude(JsonInclude.Include.NON_NULL) LikelihoodReport likelihood) {

    public MetricReport {
        Objects.requireNonNull(protocol, "a report must name its protocol");
        Objects.requireNonNull(counts, "a report must have raw counts");
        Objects.requireNonNull(distributions, "a report must have distributions");
        metrics = List.copyOf(Objects.requireNonNull(metrics, "a report must have metrics"));
        absent = Collections.unmodifiableMap(new LinkedHashMap<>(
            Objects.requireNonNull(absent, "a report must say which metrics are absent")));
    }

    /** The metrics of a protocol from raw counts, and distances from the training set where one is known. */
    public static MetricReport of(Protocol protocol, MetricCounts counts, Distributions distributions,
                                  Optional<DistributionDistances> distances) {
        Ratios ratios = new Ratios(counts.graphs());
        ratios.share("validity", counts.valid());
        ratios.share("relaxed_validity", counts.relaxedValid());
        boolean perRequest = protocol == Protocol.GUACAMOL;
        ratios.uniqueness("uniqueness", counts.distinct(), counts.once(),
            perRequest ? counts.graphs() : counts.relaxedValid(), perRequest ? "no graphs" : "no valid molecule");
        if (perRequest) {
            ratios.novelPerGraph("novelty", counts.novel(), counts.novelOnce());
        } else {
            ratios.novelty("novelty", counts.novel(), counts.novelOnce(), counts.distinct(), counts.once(),
                counts.relaxedValid(), "no valid molecule");
        }
        ratios.novelPerGraph("vun", counts.novel(), counts.novelOnce());
        ratios.share("connected", counts.connected());
        ratios.mean("mean_fragments", counts.fragments());
        for (int prefix : protocol.prefixes()) {
            ratios.prefix("unique@" + prefix, prefix, counts.prefixes().get(prefix));
        }
        for (String name : DistributionDistances.METRICS) {
            ratios.distance(name, distances.flatMap(found -> found.of(name)), distances.isPresent() ? "nothing to compare"
                : "no training set is known");
        }
        return ratios.report(protocol, counts, distributions);
    }

    /** The same report with a comparison of models, whose numbers become metrics too. */
    public MetricReport with(FidelityReport found) {
        Divergence divergence = found.divergence();
        Estimate changed = found.changedEntries();
        Interval identical = Interval.wilson(found.identicalGraphs(), found.graphs());
        List<Metric> all = new ArrayList<>(metrics);
        all.add(mean("kl_node", divergence.node(), null));
        all.add(mean("kl_edge", divergence.edge(), null));
        all.add(mean("kl_graph", divergence.graph(), null));
        all.add(mean("changed_entries", changed, Math.round(changed.value() * changed.count())));
        all.add(new Metric("identical_graphs", found.identicalGraphs() / (double) found.graphs(), found.identicalGraphs(),
            (long) found.graphs(), identical.low(), identical.high()));
        Map<String, String> reasons = new LinkedHashMap<>(absent);
        if (divergence.edge().value() == null) {
            reasons.put("kl_edge", "no edges");
        }
        return new MetricReport(protocol, counts, all, reasons, distributions, found, likelihood);
    }

    /** The same report with the likelihood of given molecules, whose numbers become metrics too. */
    public MetricReport with(LikelihoodReport found) {
        List<Metric> all = new ArrayList<>(metrics);
        all.add(signed("nll", found.nll()));
        all.add(signed("nll_pairs", found.nllPairs()));
        if (found.difference() != null) {
            all.add(signed("nll_difference", found.difference()));
            all.add(signed("nll_pairs_difference", found.pairsDifference()));
        }
        return new MetricReport(protocol, counts, all, absent, distributions, fidelity, found);
    }

    /**
     * The same report with differences from another run, which become metrics too.
     *
     * @param differences see {@link RunDifference}
     */
    public MetricReport with(List<Metric> differences) {
        return with(differences, "no graph is a molecule in both runs");
    }

    /**
     * The same report with more metrics.
     *
     * @param more   metrics
     * @param reason why those without a value have none
     */
    public MetricReport with(List<Metric> more, String reason) {
        List<Metric> all = new ArrayList<>(metrics);
        all.addAll(more);
        Map<String, String> reasons = new LinkedHashMap<>(absent);
        more.stream().filter(metric -> metric.value() == null).forEach(metric -> reasons.put(metric.name(), reason));
        return new MetricReport(protocol, counts, all, reasons, distributions, fidelity, likelihood);
    }

    /** A mean that may be negative. */
    private static Metric signed(String name, Estimate estimate) {
        Double half = estimate.standardError() == null ? null : Interval.Z * estimate.standardError();
        return new Metric(name, estimate.value(), null, estimate.count(), half == null ? null : estimate.value() - half,
            half == null ? null : estimate.value() + half);
    }

    private static Metric mean(String name, Estimate estimate, Long numerator) {
        if (estimate.standardError() == null) {
            return new Metric(name, estimate.value(), numerator, estimate.count(), null, null);
        }
        double half = Interval.Z * estimate.standardError();
        return new Metric(name, estimate.value(), numerator, estimate.count(), Math.max(0, estimate.value() - half),
            estimate.value() + half);
    }

    /** The metric of a name, absent ones too; empty where the protocol has none of that name. */
    public Optional<Metric> metric(String name) {
        return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
    }

    /** The content of {@code metrics.json}. */
    public ObjectNode toJson() {
        return MetricJson.MAPPER.valueToTree(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException where the text is something else
     */
    public static MetricReport parse(String json) {
        try {
            return MetricJson.MAPPER.readValue(json, MetricReport.class);
        } catch (JsonProcessingException e) {
            throw new InputException("metrics.json is not a report of metrics: "
                + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
    }
}
