package org.bitdgdm.metrics;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Nearest;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.metrics.MetricDefinition.Need;

/**
 * Every metric that a run of some graphs can have, and every distribution that they are counted by. Gates, pages, tables of
 * sweeps, help and {@code docs/metrics.md} take them from here.
 */
public final class MetricRegistry {
    private static final String DIVERGENCE = "kl_";

    private final String whose;
    private final List<Distribution> distributions;
    private final List<? extends MetricDefinition<?>> own;
    private final List<MetricDefinition<RunDifference>> differences;
    private final List<MetricDefinition<FidelityReport>> fidelity;
    private final List<MetricDefinition<LikelihoodReport>> likelihood;
    private final Words words;

    /**
     * Words of what is sampled, for tables of sweeps.
     *
     * @param unit    what is sampled, as consoles and pages count it
     * @param whole   one of what the divergence is summed over
     * @param entries what a step draws
     * @param better  what a higher quality is
     * @param beside  names of metrics shown beside the first
     * @param bounds  what is said of intervals, after "95% intervals"
     */
    public record Words(String unit, String whole, String entries, String better, List<String> beside, String bounds) {
    }

    /**
     * A registry of graphs.
     *
     * @param better what a higher quality is
     */
    MetricRegistry(String whose, List<Distribution> distributions, List<? extends MetricDefinition<?>> own,
                   List<MetricDefinition<RunDifference>> differences, String better) {
        this(whose, distributions, own, differences, ModelMetrics.FIDELITY, ModelMetrics.LIKELIHOOD,
            new Words("graphs", "graph", "entries", better, List.of("uniqueness", "novelty"),
                " (of uniqueness and novelty at 0 or 100% one-sided bounds)"));
    }

    /**
     * A registry.
     *
     * @param whose         what defines the metrics, for messages
     * @param distributions in the order of the report
     * @param own           those of the graphs alone, in the order of the report; the first is the one by which runs are told
     *                      apart
     * @param differences   those from another run, likewise
     * @param fidelity      those of a comparison with the full-precision original, a divergence from it by {@code kl_} and of
     *                      what; of these the last is of a whole
     * @param likelihood    those of likelihoods of given graphs
     * @param words         of what is sampled
     */
    MetricRegistry(String whose, List<Distribution> distributions, List<? extends MetricDefinition<?>> own,
                   List<MetricDefinition<RunDifference>> differences, List<MetricDefinition<FidelityReport>> fidelity,
                   List<MetricDefinition<LikelihoodReport>> likelihood, Words words) {
        this.whose = whose;
        this.distributions = distributions;
        this.own = own;
        this.differences = differences;
        this.fidelity = fidelity;
        this.likelihood = likelihood;
        this.words = words;
    }

    /** What is sampled, as consoles and pages count it: graphs, or sequences. */
    public String unit() {
        return words.unit();
    }

    /** Words of what is sampled. */
    public Words words() {
        return words;
    }

    /** The divergences from full precision: of parts, then of a whole. */
    public List<MetricDefinition<?>> divergences() {
        return fidelity.stream().<MetricDefinition<?>>map(definition -> definition)
            .filter(definition -> definition.name().startsWith(DIVERGENCE)).toList();
    }

    /** Name of the divergence of a whole, by which quantized models are told apart. */
    public String divergence() {
        List<MetricDefinition<?>> all = divergences();
        return all.get(all.size() - 1).name();
    }

    /** How a divergence is called as a column beside others, such as {@code KL node}. */
    public static String column(MetricDefinition<?> divergence) {
        return "KL " + part(divergence);
    }

    /** What a divergence is of, by its name: {@code node} of {@code kl_node}. */
    public static String part(MetricDefinition<?> divergence) {
        return divergence.name().substring(DIVERGENCE.length());
    }

    /** The other numbers of a comparison with full precision, which are shares. */
    public List<MetricDefinition<?>> agreements() {
        return fidelity.stream().<MetricDefinition<?>>map(definition -> definition)
            .filter(definition -> !definition.name().startsWith(DIVERGENCE)).toList();
    }

    private List<MetricDefinition<?>> ofModels() {
        return Stream.of(fidelity, likelihood).<MetricDefinition<?>>flatMap(List::stream).toList();
    }

    /** A report with a comparison with full precision, whose numbers become metrics too. */
    public MetricReport with(MetricReport report, FidelityReport found) {
        return report.compared(fidelity, found);
    }

    /** What graphs are counted by, in the order of the report. */
    public List<Distribution> distributions() {
        return distributions;
    }

    /** All metrics, in the order of {@code metrics.json}. */
    public List<MetricDefinition<?>> all() {
        return Stream.of(own, ofModels(), differences)
            .<MetricDefinition<?>>flatMap(List::stream).toList();
    }

    /** The metric of a name. */
    public Optional<MetricDefinition<?>> find(String name) {
        return all().stream().filter(definition -> definition.name().equals(name)).findFirst();
    }

    /** Whether a name is that of a ratio of counts, shown in percent. */
    public boolean isShare(String name) {
        return find(name).filter(found -> found.form() == MetricDefinition.Form.SHARE).isPresent();
    }

    /** Names of the metrics of the graphs alone, in order. */
    public List<String> own() {
        return MetricDefinition.names(own);
    }

    /** Of these, those that a page begins with. */
    public List<String> headline() {
        return MetricDefinition.names(own.stream().filter(MetricDefinition::headline).toList());
    }

    /** Of these, those of one benchmark alone that a page does not begin with. */
    public List<String> benchmark() {
        return MetricDefinition.names(own.stream().filter(definition -> !definition.headline()
            && definition.protocols().size() == 1).toList());
    }

    /** Of the graphs' own, all that a page does not begin with. */
    public List<String> details() {
        return MetricDefinition.names(own.stream().filter(definition -> !definition.headline()).toList());
    }

    /** Names of comparisons of models, in order. */
    public List<String> comparisons() {
        return MetricDefinition.names(ofModels());
    }

    /** Names of differences from another run, in order. */
    public List<String> differences() {
        return MetricDefinition.names(differences);
    }

    /** The one by which runs are told apart first: the share of graphs that have or have not something. */
    public MetricDefinition<?> quality() {
        return own.get(0);
    }

    /** Columns of rows that differences from another run are made of. */
    public List<String> comparedColumns() {
        return differences.stream().map(MetricDefinition::column).distinct().toList();
    }

    /**
     * Differences between the rows of two runs at the same ids, here − there, in order.
     *
     * @throws InputException if they have no id in common
     */
    public List<Metric> differences(Dataset<Row> here, Dataset<Row> there) {
        RunDifference runs = new RunDifference(here, there);
        return differences.stream().map(definition -> definition.of(runs).named(definition.name())).toList();
    }

    /**
     * The same report with differences from another run, which become metrics too.
     *
     * @throws InputException if the runs have no id in common
     */
    public MetricReport withDifferences(MetricReport report, Dataset<Row> here, Dataset<Row> there) {
        return report.with(differences, new RunDifference(here, there));
    }

    /**
     * Refuses bounds on metrics that the run cannot have, before it starts.
     *
     * @param given what the run has been given
     * @throws InputException naming the metric and the nearest known one, or what it lacks
     */
    public void check(List<Requirement> required, Set<Need> given) {
        for (Requirement requirement : required) {
            String name = requirement.metric();
            MetricDefinition<?> definition = find(name).orElseThrow(() -> new InputException("--require " + requirement + ": "
                + whose + " has no metric " + name + ", did you mean "
                + Nearest.of(name, all().stream().<String>map(MetricDefinition::name).toList()) + "?"));
            for (Need need : definition.needs()) {
                if (!given.contains(need)) {
                    throw new InputException("--require " + requirement + ": " + name + " " + need.lacking());
                }
            }
        }
    }
}
