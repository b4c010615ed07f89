package org.bitdgdm.output;

import com.fasterxml.jackson.databind.JsonNode;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.family.ResultFamily;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.metrics.BesideSet;
import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricDefinition;
import org.bitdgdm.metrics.MetricDefinition.Form;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.PublishedValues;
import org.bitdgdm.quantize.LayerReport;

/**
 * {@code report.html}: the run on one page that opens without a network. Text goes through a template that escapes it; the
 * only markup that enters as it is are drawings made here. The same input gives the same page.
 */
public final class RunReport {
    private static final String NOT_AVAILABLE = "not available";
    private static final String TIMING_SUFFIX = "_seconds";
    private static final String INTERVAL = "95% interval";

    private static final Template PAGE = Mustache.compiler().escapeHTML(true).strictSections(true)
        .withLoader(RunReport::resource).loadTemplate("report.mustache");

    private final Input input;
    private final Drawer drawer;
    private final GraphFamily.Words words;
    private final MetricRegistry registry;

    private RunReport(Input input, Drawer drawer) {
        this.input = input;
        this.drawer = drawer;
        this.words = input.family().words(input.metrics().protocol());
        this.registry = input.family().registry(input.metrics().protocol());
    }

    /** Where examples get their drawing from. */
    @FunctionalInterface
    public interface Drawer {
        /** Markup of one example. */
        String draw(String drawn) throws Exception;
    }

    /** The page, to be written as UTF-8. */
    public static String render(Input input) {
        return render(input, input.family()::draw);
    }

    /** The page with drawings of somebody's. */
    public static String render(Input input, Drawer drawer) {
        return PAGE.execute(new RunReport(input, drawer).page());
    }

    private static Reader resource(String name) {
        InputStream stream = RunReport.class.getResourceAsStream(name);
        if (stream == null) {
            throw new IllegalStateException("the jar lacks " + name + " of " + RunReport.class.getPackageName());
        }
        return new InputStreamReader(stream, StandardCharsets.UTF_8);
    }

    private ReportPage page() {
        boolean evaluated = input.run().path("command").asText().equals("evaluate");
        List<ReportPage.Drawing> drawings = input.examples().shown().stream().map(this::drawing).toList();
        LayerSection layers = new LayerSection(input.layers());
        List<ReportPage.Timing> timings = timings();
        List<ResultFamily.Picture> pictures = input.family().pictures(input.metrics());
        String unit = registry.unit();
        return new ReportPage(
            input.title(), kicker(), input.subtitle(), headline(),
            words.introduction()
                + " The interval says how far chance alone may have moved a ratio of this many " + unit + ".",
            input.metrics().notes(),
            input.metrics().metrics().stream().map(this::metricRow).toList(), published(),
            registry.divergences().stream().map(one -> titled("per " + MetricRegistry.part(one))).toList(),
            divergences(input.metrics().fidelity()), input.metrics().fidelity() != null,
            divergenceNote(input.metrics().fidelity()),
            DistributionSection.figures(input.metrics().distributions(), input.reference(), input.metrics().beside(),
                registry.distributions()),
            input.reference().isPresent() || input.metrics().beside() != null, referenceLegend(),
            evaluated ? words.many() + " of the input" : "generated " + words.many(),
            evaluated ? "Input" : "Generated",
            pictures, !pictures.isEmpty(), unit, titled(unit.substring(0, unit.length() - 1)),
            input.family().folder(),
            titled(words.many()), words.none(), drawings, !drawings.isEmpty(),
            Numbers.count(drawings.size()) + " " + words.shown(), neighbours(),
            input.noDrawings().map(List::of).orElse(List.of()),
            words.refused(), words.kept().isEmpty() ? List.of() : List.of(words.kept()),
            input.examples().refused().stream().map(this::refusedRow).toList(), !input.examples().refused().isEmpty(),
            words.refusedNote(),
            layers.rows(), !layers.isEmpty(), layers.isEmpty() ? "" : layers.summary(),
            Numbers.count(input.layers().size()), layers.columns(), layers.isEmpty() ? List.of() : layers.figures(),
            evaluated ? "Nothing was sampled or quantized: these " + unit + " existed before."
                : "No layer was quantized: the model ran in full precision.",
            timings, !timings.isEmpty(), tables(), definitions(), footer());
    }

    private String kicker() {
        JsonNode run = input.run();
        String moment = run.path("finished").asText(run.path("started").asText());
        // Minutes of "2026-11-20T11:26:00.001Z" are enough.
        String minute = moment.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:.*Z")
            ? moment.substring(0, 10) + " " + moment.substring(11, 16) + " UTC" : moment;
        return Stream.of("Bit-DGDM", run.path("command").asText(), minute).filter(word -> !word.isEmpty())
            .collect(Collectors.joining(" · "));
    }

    private String referenceLegend() {
        BesideSet beside = input.metrics().beside();
        return beside == null ? "reference set" : input.reference().isEmpty() ? beside.set()
            : "reference set, or " + beside.set() + " where a caption says so";
    }

    /** What others have published under the benchmark of this run, as far as it has the metric. */
    private ReportPage.PublishedTable published() {
        String benchmark = words.many().equals("molecules") ? input.metrics().protocol().label() : input.family().folder();
        List<PublishedValues> others = PublishedValues.of(benchmark);
        Map<String, String> names = new LinkedHashMap<>();
        input.metrics().metrics().stream().filter(metric -> metric.value() != null)
            .forEach(metric -> names.put(metric.name(), value(metric)));
        Set<String> known = Set.copyOf(registry.own());
        others.stream().flatMap(other -> other.values().keySet().stream()).filter(name -> !known.contains(name))
            .forEach(name -> names.put(name, "not computed"));
        List<ReportPage.PublishedRow> rows = names.entrySet().stream()
            .filter(name -> others.stream().anyMatch(other -> other.values().containsKey(name.getKey())))
            .map(name -> new ReportPage.PublishedRow(label(name.getKey()), name.getValue(),
                others.stream().map(other -> other.values().getOrDefault(name.getKey(), "")).toList())).toList();
        return new ReportPage.PublishedTable(others.stream().map(PublishedValues::model).toList(), rows,
            others.stream().map(other -> other.model() + ": " + other.source() + ".").toList());
    }

    /** Molecules of the run beside the nearest ones of the set that it is compared with. */
    private List<ReportPage.Neighbours> neighbours() {
        BesideSet beside = input.metrics().beside();
        if (beside == null || beside.nearest().isEmpty() || input.noDrawings().isPresent()) {
            return List.of();
        }
        List<ReportPage.Drawing> pairs = beside.nearest().stream().flatMap(pair -> Stream.of(
            new GraphFamily.Examples.Example(pair.graphId(), "graph " + pair.graphId() + ": " + pair.smiles(), pair.smiles()),
            new GraphFamily.Examples.Example(pair.graphId(), "nearest, " + Numbers.significant(pair.similarity(), 2) + ": "
                + pair.nearest(), pair.nearest()))).map(this::drawing).toList();
        return List.of(new ReportPage.Neighbours("Nearest of the " + beside.set(), "The first molecules by graph id, each followed"
            + " by the one of the " + beside.set() + " that is most like it, with their Tanimoto similarity by Morgan fingerprints"
            + " of radius 2 and 1,024 bits.", pairs));
    }

    private List<ReportPage.Tile> headline() {
        List<ReportPage.Tile> tiles = new ArrayList<>();
        for (String name : registry.headline()) {
            String label = label(name);
            tiles.add(input.metrics().metric(name).filter(metric -> metric.value() != null)
                .map(metric -> ReportPage.Tile.of(label, value(metric), detail(metric)))
                .orElseGet(() -> ReportPage.Tile.absent(label, input.metrics().absent().getOrDefault(name, ""))));
        }
        JsonNode run = input.run();
        long kept = run.path("graphs").path("kept").asLong();
        tiles.add(ReportPage.Tile.of(titled(registry.unit()), Numbers.count(input.metrics().counts().graphs()),
            kept > 0 ? Numbers.count(kept) + " of them from an earlier start of this run" : ""));
        double rate = run.path("graphs_per_second").asDouble(Double.NaN);
        if (Double.isFinite(rate)) {
            tiles.add(ReportPage.Tile.of(titled(registry.unit()) + " per second",
                Numbers.significant(rate, 3), "while sampling"));
        }
        double cost = run.path("core_seconds_per_million_graphs").asDouble(Double.NaN);
        if (Double.isFinite(cost)) {
            double joules = run.path("joules_per_million_graphs").asDouble(Double.NaN);
            tiles.add(ReportPage.Tile.of("Cost of a million", Numbers.significant(cost, 3) + " core-seconds",
                Double.isFinite(joules) ? Numbers.significant(joules / 1e3, 3) + " kJ, all that the processors use" : ""));
        }
        double total = run.path("timings").path("total_seconds").asDouble(Double.NaN);
        double sampling = run.path("timings").path("sampling_seconds").asDouble(Double.NaN);
        if (Double.isFinite(total) || Double.isFinite(sampling)) {
            tiles.add(ReportPage.Tile.of(Double.isFinite(total) ? "Time" : "Time of sampling",
                Numbers.duration(Double.isFinite(total) ? total : sampling),
                Double.isFinite(total) && Double.isFinite(sampling) ? Numbers.duration(sampling) + " of it sampling" : ""));
        }
        long before = run.path("model_bytes").path("before").asLong();
        long after = run.path("model_bytes").path("after").asLong();
        if (before > 0 && after > 0) {
            tiles.add(ReportPage.Tile.of("Model size", Numbers.bytesChange(before, after),
                "FP32 → as sampled, " + Numbers.significant((double) before / after, 2) + " times smaller"));
        }
        return tiles;
    }

    private String label(String metric) {
        return registry.find(metric).map(MetricDefinition::label).orElse(metric);
    }

    private Form form(Metric metric) {
        return registry.find(metric.name()).map(MetricDefinition::form).orElse(Form.NUMBER);
    }

    private String value(Metric metric) {
        if (form(metric) != Form.SHARE) {
            return Numbers.significant(metric.value(), 4);
        }
        return Numbers.percent(metric.value(), metric.low() == null ? Double.NaN : metric.high() - metric.low());
    }

    private String interval(Metric metric) {
        if (metric.low() == null) {
            return "";
        }
        return form(metric) != Form.SHARE
            ? Numbers.significant(metric.low(), 3) + "–" + Numbers.significant(metric.high(), 3)
            : Numbers.percentInterval(metric.low(), metric.high());
    }

    private String detail(Metric metric) {
        String counts = (metric.numerator() == null ? "over " : Numbers.count(metric.numerator()) + " of ")
            + Numbers.count(metric.denominator());
        return metric.low() == null ? counts : interval(metric) + ", " + counts;
    }

    private ReportPage.MetricRow metricRow(Metric metric) {
        String label = label(metric.name());
        String meaning = registry.find(metric.name()).map(MetricDefinition::meaning).orElse("");
        if (metric.value() == null) {
            String why = input.metrics().absent().get(metric.name());
            return new ReportPage.MetricRow(label, NOT_AVAILABLE, "", "", why == null ? meaning : meaning + "; " + why);
        }
        return new ReportPage.MetricRow(label, value(metric), interval(metric),
            (metric.numerator() != null ? Numbers.count(metric.numerator()) + " / "
                : form(metric) == Form.DISTANCE ? "of " : form(metric) == Form.SHARE ? "over " : "mean of ")
                + Numbers.count(metric.denominator()), meaning);
    }

    private ReportPage.Drawing drawing(GraphFamily.Examples.Example example) {
        if (input.noDrawings().isPresent()) {
            return new ReportPage.Drawing(example.caption(), "", List.of());
        }
        try {
            return new ReportPage.Drawing(example.caption(), drawer.draw(example.drawn()), List.of());
        } catch (Exception e) {
            // A picture that the toolkit cannot make must not cost the page.
            return new ReportPage.Drawing(example.caption(), "", List.of("not drawn: " + e.getMessage()));
        }
    }

    private ReportPage.RefusedRow refusedRow(GraphFamily.Examples.Refused refused) {
        return new ReportPage.RefusedRow(Numbers.count(refused.graphId()), refused.reason(),
            words.kept().isEmpty() ? List.of() : List.of(refused.kept() == null ? "" : refused.kept()));
    }

    private List<ReportPage.Timing> timings() {
        double longest = 0;
        for (JsonNode seconds : input.run().path("timings")) {
            longest = Math.max(longest, seconds.asDouble());
        }
        List<ReportPage.Timing> rows = new ArrayList<>();
        for (var phase : input.run().path("timings").properties()) {
            String name = phase.getKey().endsWith(TIMING_SUFFIX)
                ? phase.getKey().substring(0, phase.getKey().length() - TIMING_SUFFIX.length()) : phase.getKey();
            double seconds = phase.getValue().asDouble(Double.NaN);
            rows.add(new ReportPage.Timing(titled(name), Numbers.duration(seconds),
                Numbers.fixed(longest > 0 ? 100 * seconds / longest : 0, 1)));
        }
        return rows;
    }

    private List<ReportPage.Table> tables() {
        List<ReportPage.Table> tables = new ArrayList<>();
        List<ReportPage.KeyValue> facts = new ArrayList<>();
        for (var fact : input.run().properties()) {
            if (fact.getValue().isValueNode() && !fact.getKey().equals("format")) {
                facts.add(new ReportPage.KeyValue(fact.getKey(), fact.getValue().asText()));
            }
        }
        tables.add(new ReportPage.Table("Run", facts));
        for (String part : List.of("configuration", "versions", "hashes", "fingerprint")) {
            List<ReportPage.KeyValue> rows = new ArrayList<>();
            flatten("", input.run().path(part), rows);
            if (!rows.isEmpty()) {
                tables.add(new ReportPage.Table(titled(part), rows));
            }
        }
        return tables;
    }

    /** Leaves by their path; a list of plain values is one leaf. */
    private static void flatten(String path, JsonNode node, List<ReportPage.KeyValue> rows) {
        if (node.isObject()) {
            for (var entry : node.properties()) {
                flatten(path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), rows);
            }
        } else if (!node.isMissingNode()) {
            rows.add(new ReportPage.KeyValue(path, node.isValueNode() ? node.asText() : node.toString()));
        }
    }

    /** What the whole page counts, in one line each. */
    private List<ReportPage.Definition> definitions() {
        List<ReportPage.Definition> definitions = new ArrayList<>(words.definitions().stream()
            .map(one -> new ReportPage.Definition(one.get(0), one.get(1))).toList());
        if (words.definitions().stream().noneMatch(one -> one.get(0).equals(INTERVAL))) {
            definitions.addAll(ofGraphs());
        }
        definitions.addAll(List.of(
            new ReportPage.Definition(titled(registry.unit()) + " per second",
                titled(registry.unit()) + " ÷ seconds from the start of the first sampling task to the end of the last"
                    + " one."),
            new ReportPage.Definition("Model size",
                "Bytes of all parameters, before and after quantization.")));
        return definitions;
    }

    /** Of families that have no interval of their own. */
    private List<ReportPage.Definition> ofGraphs() {
        return List.of(
            new ReportPage.Definition(INTERVAL,
                "Wilson for ratios over graphs, jackknife for uniqueness, novelty and distances from the training set. Where "
                    + "none of n molecules repeats, uniqueness has a one-sided bound, 1 − 3.81/n, and a novelty of 100% or "
                    + "0% of n different ones one of 3/n. Uniqueness and distances fall as more is generated: compare "
                    + "them at equal numbers only."),
            new ReportPage.Definition("Reference set",
                "Hashes and histograms of the training " + words.many() + ", kept with the model; without one there is no"
                    + " novelty."),
            new ReportPage.Definition("Total variation distance",
                "Half the sum of the absolute differences between two histograms: 0 is equal, 1 is disjoint."));
    }

    /** A word of a file as a title. */
    static String titled(String word) {
        String words = word.replace('_', ' ');
        return words.isEmpty() ? words : words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private String footer() {
        return "The numbers of this page are in metrics.json, quantization.csv and run.json beside it, the "
            + words.many() + " in " + input.family().folder() + "/.";
    }

    /**
     * All that {@link RunReport} shows, as plain values: it reads nothing from Spark or from disk.
     *
     * @param title      what ran, for example the model and its recipe
     * @param subtitle   how it ran: graphs, steps, seed, backend
     * @param run        the tree of {@code run.json}, see {@link RunRecord#json()}; parts that it lacks are left out
     * @param metrics    numbers and distributions of the run
     * @param reference  distributions of the reference set; empty where none is known
     * @param family     of the graphs
     * @param examples   graphs to draw, and some that are refused
     * @param layers     a report for every linear layer; empty where nothing was quantized
     * @param noDrawings what {@link ResultFamily#noDrawings()} said before sampling
     */
    public record Input(
        String title, String subtitle, JsonNode run, MetricReport metrics, Optional<Distributions> reference,
        ResultFamily family, GraphFamily.Examples examples, List<LayerReport> layers, Optional<String> noDrawings) {

        public Input {
            layers = List.copyOf(layers);
        }
    }

    /** How far predictions are from full precision, early and late in the denoising; none where models were not compared. */
    private List<ReportPage.DivergenceRow> divergences(FidelityReport report) {
        return report == null ? List.of() : report.ranges().stream().map(this::divergence).toList();
    }

    private String divergenceNote(FidelityReport report) {
        return report == null ? "" : Numbers.count(report.graphs()) + " " + registry.unit() + " of the full-precision model, "
            + Numbers.count(report.steps()) + " steps by the run's own sampler; mean KL in nats ± standard error. Random"
            + " numbers are the same whatever the run.";
    }

    private ReportPage.DivergenceRow divergence(Divergence range) {
        return new ReportPage.DivergenceRow(range.from() + " to " + range.to(), registry.divergences().stream()
            .map(one -> withError(range.per(MetricRegistry.part(one)))).toList());
    }

    private static String withError(Estimate estimate) {
        if (estimate.value() == null) {
            return "–";
        }
        String value = Numbers.significant(estimate.value(), 3);
        return estimate.standardError() == null ? value : value + " ± " + Numbers.significant(estimate.standardError(), 2);
    }
}
