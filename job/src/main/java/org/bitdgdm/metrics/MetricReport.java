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
    Protocol protocol, MetricCounts counts, List<Metric> metrics, Map<String, String> absent, Distributions distributions,
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
        Ratios ratios = new Ratios(counts);
        ratios.share("validity", counts.valid());
        ratios.share("relaxed_validity", counts.relaxedValid());
        boolean perRequest = protocol == Protocol.GUACAMOL;
        ratios.uniqueness("uniqueness", counts.distinct(), counts.once(),
            perRequest ? counts.graphs() : counts.relaxedValid(), perRequest ? "no graphs" : "no valid molecule");
        if (perRequest) {
            ratios.novelPerGraph("novelty");
        } else {
            ratios.novelty("novelty");
        }
        ratios.novelPerGraph("vun");
        ratios.share("connected", counts.connected());
        ratios.mean("mean_fragments", counts.fragments());
        for (int prefix : protocol.prefixes()) {
            ratios.prefix("unique@" + prefix, prefix);
        }
        for (String name : DistributionDistances.METRICS) {
            ratios.distance(name, distances.flatMap(found -> found.of(name)), distances.isPresent() ? "nothing to compare"
                : "no training set is known");
        }
        return new MetricReport(protocol, counts, ratios.metrics, ratios.absent, distributions, null, null);
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
        List<Metric> all = new ArrayList<>(metrics);
        all.addAll(differences);
        Map<String, String> reasons = new LinkedHashMap<>(absent);
        differences.stream().filter(metric -> metric.value() == null)
            .forEach(metric -> reasons.put(metric.name(), "no graph is a molecule in both runs"));
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

    /** Turns counts into metrics one after another, and keeps the reasons of those that have no value. */
    private static final class Ratios {
        private final MetricCounts counts;
        private final List<Metric> metrics = new ArrayList<>();
        private final Map<String, String> absent = new LinkedHashMap<>();

        Ratios(MetricCounts counts) {
            this.counts = counts;
        }

        void share(String name, long graphs) {
            if (counts.graphs() == 0) {
                leaveOut(name, graphs, 0L, "no graphs");
            } else {
                add(name, graphs, counts.graphs(), Interval.wilson(graphs, counts.graphs()));
            }
        }

        void mean(String name, long sum) {
            if (counts.graphs() == 0) {
                leaveOut(name, sum, 0L, "no graphs");
            } else {
                add(name, sum, counts.graphs(), null);
            }
        }

        void uniqueness(String name, long distinct, long once, long among, String reason) {
            if (among == 0) {
                leaveOut(name, distinct, among, reason);
            } else {
                add(name, distinct, among, Interval.jackknife(distinct, once, among));
            }
        }

        void novelty(String name) {
            if (counts.novel() == null) {
                leaveOut(name, null, counts.distinct(), "no training set is known");
            } else if (counts.distinct() == 0) {
                leaveOut(name, 0L, 0L, "no valid molecule");
            } else {
                add(name, counts.novel(), counts.distinct(), Interval.jackknifeOfNovelty(counts.novel(), counts.distinct(),
                    counts.novelOnce(), counts.once(), counts.relaxedValid()));
            }
        }

        void novelPerGraph(String name) {
            if (counts.novel() == null) {
                leaveOut(name, null, counts.graphs(), "no training set is known");
            } else if (counts.graphs() == 0) {
                leaveOut(name, 0L, 0L, "no graphs");
            } else {
                add(name, counts.novel(), counts.graphs(),
                    Interval.jackknife(counts.novel(), counts.novelOnce(), counts.graphs()));
            }
        }

        void prefix(String name, int prefix) {
            MetricCounts.PrefixCounts found = counts.prefixes().get(prefix);
            if (found == null) {
                leaveOut(name, null, (long) prefix, "fewer than " + prefix + " molecules");
            } else {
                add(name, found.distinct(), prefix, Interval.jackknife(found.distinct(), found.once(), prefix));
            }
        }

        void distance(String name, Optional<DistributionDistances.Distance> distance, String reason) {
            if (distance.isEmpty()) {
                leaveOut(name, null, counts.graphs(), reason);
                return;
            }
            double value = distance.get().value();
            Double error = distance.get().standardError();
            metrics.add(new Metric(name, value, null, counts.graphs(),
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
}
