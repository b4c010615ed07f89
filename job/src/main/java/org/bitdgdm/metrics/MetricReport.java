package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;

/**
 * All numbers of a run: raw counts, the metrics that a protocol makes of them, distributions. Written as
 * {@code metrics.json}.
 *
 * @param protocol      what was divided by what
 * @param counts        raw counts, the same whatever the protocol
 * @param metrics       in the order of {@link MetricRegistry}; those without a value too
 * @param absent        name of a metric without a value to the reason
 * @param notes         what a reader must know beside the numbers, a sentence each: what was left out of them, and which of
 *                      them are of too few graphs
 * @param distributions of the graphs of the run
 * @param fidelity      the comparison with the full-precision model; null where it was not made
 * @param likelihood    of given molecules; null where it was not asked
 * @param beside        what a page draws the run beside; null where it is compared with no set
 */
public record MetricReport(
    Protocol protocol, Counts counts, List<Metric> metrics, Map<String, String> absent,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> notes, Distributions distributions,
    @JsonInclude(JsonInclude.Include.NON_NULL) FidelityReport fidelity,
    @JsonInclude(JsonInclude.Include.NON_NULL) LikelihoodReport likelihood,
    @JsonInclude(JsonInclude.Include.NON_NULL) BesideSet beside) {

    /** How records of this package are written: keys in snake_case, nothing unknown, nothing twice. */
    static final JsonMapper JSON = Json.MAPPER.rebuild()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .build();

    /** Columns of {@code metrics/}, in this order. */
    public static final StructType COLUMNS = new StructType()
        .add("name", DataTypes.StringType, false)
        .add("value", DataTypes.DoubleType, true)
        .add("numerator", DataTypes.LongType, true)
        .add("denominator", DataTypes.LongType, true)
        .add("low", DataTypes.DoubleType, true)
        .add("high", DataTypes.DoubleType, true)
        .add("absent", DataTypes.StringType, true)
        .add("protocol", DataTypes.StringType, false);

    public MetricReport {
        Objects.requireNonNull(protocol, "a report must name its protocol");
        Objects.requireNonNull(counts, "a report must have raw counts");
        Objects.requireNonNull(distributions, "a report must have distributions");
        metrics = List.copyOf(Objects.requireNonNull(metrics, "a report must have metrics"));
        // Without any, the file does not name them.
        notes = notes == null ? List.of() : List.copyOf(notes);
        absent = Collections.unmodifiableMap(new LinkedHashMap<>(
            Objects.requireNonNull(absent, "a report must say which metrics are absent")));
    }

    /** A report of all metrics of some definitions, computed of what was counted. */
    static <C> MetricReport of(Protocol protocol, Counts counts, Distributions distributions,
                               List<MetricDefinition<C>> definitions, C counted) {
        return new MetricReport(protocol, counts, List.of(), Map.of(), List.of(), distributions, null, null, null)
            .with(definitions, counted);
    }

    /** The same report with a comparison of models, whose numbers become metrics too. */
    MetricReport compared(List<MetricDefinition<FidelityReport>> definitions, FidelityReport found) {
        MetricReport more = with(definitions, found);
        return new MetricReport(protocol, counts, more.metrics, more.absent, notes, distributions, found, likelihood, beside);
    }

    /** The same report with the likelihood of given molecules, whose numbers become metrics too. */
    public MetricReport with(LikelihoodReport found) {
        MetricReport more = with(ModelMetrics.likelihood(found), found);
        return new MetricReport(protocol, counts, more.metrics, more.absent, notes, distributions, fidelity, found, beside);
    }

    /** The same report with more metrics, computed of what was counted. */
    <C> MetricReport with(List<MetricDefinition<C>> definitions, C counted) {
        List<Metric> all = new ArrayList<>(metrics);
        Map<String, String> reasons = new LinkedHashMap<>(absent);
        for (MetricDefinition<C> definition : definitions) {
            Measured found = definition.of(counted);
            all.add(found.named(definition.name()));
            if (found.value() == null) {
                reasons.put(definition.name(), found.absent());
            }
        }
        return new MetricReport(protocol, counts, all, reasons, notes, distributions, fidelity, likelihood, beside);
    }

    /** The same report with more notes. */
    public MetricReport noting(List<String> more) {
        List<String> all = new ArrayList<>(notes);
        all.addAll(more);
        return new MetricReport(protocol, counts, metrics, absent, all, distributions, fidelity, likelihood, beside);
    }

    /** The same report with what a page draws it beside; null for nothing. */
    public MetricReport beside(BesideSet set) {
        return new MetricReport(protocol, counts, metrics, absent, notes, distributions, fidelity, likelihood, set);
    }

    /** The metric of a name, absent ones too; empty where the protocol has none of that name. */
    public Optional<Metric> metric(String name) {
        return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
    }

    /**
     * Judges a finished run by the bounds that {@code --require} sets. A metric without a value fails.
     *
     * @throws Requirement.Unmet naming every bound that does not hold, with the value found
     */
    public void judge(List<Requirement> required) {
        List<String> failures = required.stream().filter(requirement -> !holds(requirement))
            .map(requirement -> failure(requirement)).toList();
        if (!failures.isEmpty()) {
            throw new Requirement.Unmet("the run does not meet --require: " + String.join("; ", failures));
        }
    }

    private boolean holds(Requirement requirement) {
        return metric(requirement.metric()).filter(metric -> metric.value() != null)
            .map(metric -> requirement.holds(metric.value())).orElse(false);
    }

    private String failure(Requirement requirement) {
        Double value = metric(requirement.metric()).map(Metric::value).orElse(null);
        return value == null
            ? requirement.metric() + " must be " + requirement.comparison() + " " + requirement.bound() + " but is absent ("
                + absent.getOrDefault(requirement.metric(), "no such metric") + ")"
            : requirement.metric() + " must be " + requirement.comparison() + " " + requirement.bound() + ", found "
                + String.format(Locale.ROOT, "%.6f", value);
    }

    /** The content of {@code metrics.json}. */
    public ObjectNode toJson() {
        return JSON.valueToTree(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws InputException where the text is something else
     */
    public static MetricReport parse(String json) {
        try {
            return JSON.readValue(json, MetricReport.class);
        } catch (JsonProcessingException e) {
            throw new InputException("metrics.json is not a report of metrics: "
                + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
    }

    /** The rows of {@code metrics/}, in one partition: those without a value too, {@code absent} says why they have none. */
    public Dataset<Row> rows(SparkSession spark) {
        List<Row> rows = metrics.stream().map(metric -> RowFactory.create(metric.name(), metric.value(), metric.numerator(),
            metric.denominator(), metric.low(), metric.high(), absent.get(metric.name()), protocol.label())).toList();
        return spark.createDataFrame(rows, COLUMNS).coalesce(1);
    }
}
