package org.bitdgdm.metrics;

import java.util.List;
import java.util.Locale;
import org.bitdgdm.conf.GateException;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Nearest;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;

/** The bounds that {@code --require} sets for the metrics of a run. */
public final class MetricGate {
    private MetricGate() {
    }

    /**
     * Refuses bounds on metrics that the run cannot have, before it starts.
     *
     * @param names         of the metrics that such a run can have
     * @param hasReference  whether a training set is known
     * @param hasFidelity   whether models are compared
     * @param hasOther      whether another run is given to compare with
     * @param hasLikelihood whether molecules are given whose likelihood is asked
     * @throws InputException naming the metric and the nearest known one, or what it lacks
     */
    public static void check(List<Requirement> required, MetricNames names, boolean hasReference,
                             boolean hasFidelity, boolean hasLikelihood, boolean hasOther) {
        for (Requirement requirement : required) {
            String name = requirement.metric();
            if (FidelityReport.METRICS.contains(name)) {
                if (!hasFidelity) {
                    throw new InputException("--require " + requirement + ": " + name + " is a comparison with the"
                        + " full-precision model; --fidelity N makes it");
                }
                continue;
            }
            if (names.differences().contains(name)) {
                if (!hasOther) {
                    throw new InputException("--require " + requirement + ": " + name + " is a difference from another run;"
                        + " evaluate measures it with --against RUN");
                }
                continue;
            }
            if (LikelihoodReport.METRICS.contains(name)) {
                if (!hasLikelihood) {
                    throw new InputException("--require " + requirement + ": " + name + " is the likelihood of given"
                        + " molecules; --likelihood FILE measures it");
                }
                continue;
            }
            if (!names.all().contains(name)) {
                throw new InputException("--require " + requirement + ": " + names.whose() + " has no metric " + name
                    + ", did you mean " + Nearest.of(name, names.all()) + "?");
            }
            if (!hasReference && names.needsReference().contains(name)) {
                throw new InputException("--require " + requirement + ": " + name + " needs a training set, and neither the"
                    + " model nor --reference gives one");
            }
        }
    }

    /**
     * Judges a finished run. A metric without a value fails.
     *
     * @throws GateException naming every bound that does not hold, with the value found
     */
    public static void judge(List<Requirement> required, MetricReport report) {
        List<String> failures = required.stream().filter(requirement -> !holds(requirement, report))
            .map(requirement -> failure(requirement, report)).toList();
        if (!failures.isEmpty()) {
            throw new GateException("the run does not meet --require: " + String.join("; ", failures));
        }
    }

    private static boolean holds(Requirement requirement, MetricReport report) {
        return report.metric(requirement.metric()).filter(metric -> metric.value() != null)
            .map(metric -> requirement.holds(metric.value())).orElse(false);
    }

    private static String failure(Requirement requirement, MetricReport report) {
        Double value = report.metric(requirement.metric()).map(Metric::value).orElse(null);
        return value == null
            ? requirement.metric() + " must be " + requirement.comparison() + " " + requirement.bound() + " but is absent ("
                + report.absent().getOrDefault(requirement.metric(), "no such metric") + ")"
            : requirement.metric() + " must be " + requirement.comparison() + " " + requirement.bound() + ", found "
                + String.format(Locale.ROOT, "%.6f", value);
    }
}
