package org.bitdgdm.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.family.ResultFamily;
import org.bitdgdm.metrics.Alongside;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.RunReport;
import org.bitdgdm.quantize.LayerReport;

/** From the finished rows of a run to its metrics, report and last lines on the console. */
public final class Results {
    /** Name and what comes before its value. */
    private static final String LINE = "%-27s ";
    private static final double NANOS = 1e-9;

    private final SparkSession spark;
    private final OutputFolder folder;
    private final ResultFamily family;
    private final Optional<ReferenceSet> reference;
    private final BenchmarkFiles files;
    private final Protocol protocol;
    private final Measures.Found comparison;

    public Results(SparkSession spark, OutputFolder folder, ResultFamily family, Optional<ReferenceSet> reference,
                   BenchmarkFiles files, Protocol protocol, Measures.Found comparison) {
        this.spark = spark;
        this.folder = folder;
        this.family = family;
        this.reference = reference;
        this.files = files;
        this.protocol = protocol;
        this.comparison = comparison;
    }

    /**
     * Computes metrics and writes {@code metrics/}, {@code metrics.json}, {@code report.html} and {@code run.json}.
     *
     * @param graphs of the run
     * @throws StoppedException if {@code molecules/} holds another number of them
     */
    public MetricReport publish(long graphs, RunRecord record, long startNanos, String title, String subtitle,
                         List<LayerReport> layers, Optional<String> noDrawings) throws IOException {
        long start = System.nanoTime();
        Dataset<Row> rows = ParquetFolder.read(spark, folder.molecules().toString());
        Alongside<Drawn> examples = Alongside.begin("examples", () -> Drawn.of(family, rows, noDrawings.isEmpty()));
        MetricReport ratios = family.metrics(rows, graphs, reference, files, protocol);
        if (ratios.counts().graphs() != graphs) {
            throw new StoppedException("--out " + folder + " holds " + ratios.counts().graphs() + " rows in "
                + family.folder() + " where the run has " + graphs + "; the same command makes what is missing");
        }
        MetricRegistry registry = family.registry(protocol);
        MetricReport compared = comparison.fidelity().map(found -> registry.with(ratios, found)).orElse(ratios);
        MetricReport likely = comparison.likelihood().map(compared::with).orElse(compared);
        MetricReport report = comparison.other().map(other ->
            registry.withDifferences(likely, rows, other)).orElse(likely);
        folder.publishTable(RunFiles.METRICS, report.rows(spark));
        folder.publish(RunFiles.METRICS_JSON, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(report.toJson()));
        for (var text : family.texts().entrySet()) {
            folder.publishText(text.getKey(), text.getValue().apply(rows));
        }
        record.timing("metrics", (System.nanoTime() - start) * NANOS);
        // Without the page itself, which shows it.
        record.timing("total", (System.nanoTime() - startNanos) * NANOS);
        Drawn drawn = examples.result();
        RunReport.Input input = new RunReport.Input(title, subtitle, record.json(), report,
            reference.map(ReferenceSet::distributions), family, drawn.examples, layers, noDrawings);
        folder.publish(RunFiles.REPORT, RunReport.render(input, drawn.by(family)).getBytes(StandardCharsets.UTF_8));
        folder.publish(RunFiles.RUN_JSON, record.toBytes());
        return report;
    }

    /**
     * Examples for the page, drawn beside the metrics.
     *
     * @param drawings of those that can be drawn
     */
    private record Drawn(GraphFamily.Examples examples, Map<String, String> drawings) {
        static Drawn of(ResultFamily family, Dataset<Row> rows, boolean drawing) {
            GraphFamily.Examples examples = family.examples(rows);
            Map<String, String> drawings = new HashMap<>();
            for (GraphFamily.Examples.Example shown : drawing ? examples.shown() : List.<GraphFamily.Examples.Example>of()) {
                try {
                    drawings.put(shown.drawn(), family.draw(shown.drawn()));
                } catch (Exception cannot) {
                    // The page draws what is not here, and says why it cannot.
                }
            }
            return new Drawn(examples, drawings);
        }

        RunReport.Drawer by(ResultFamily family) {
            return drawn -> drawings.containsKey(drawn) ? drawings.get(drawn) : family.draw(drawn);
        }
    }

    /** Prints the headline of a finished run, and a benchmark's numbers, from its files. */
    public static MetricReport print(OutputFolder folder, ResultFamily family, PrintStream console) throws IOException {
        MetricReport report = MetricReport.parse(new String(folder.read(RunFiles.METRICS_JSON), StandardCharsets.UTF_8));
        JsonNode run = record(folder);
        MetricRegistry registry = family.registry(report.protocol());
        // Of a benchmark's metrics only what there was a file for: the others would be a dozen lines that say so.
        Stream<String> benchmark = registry.benchmark().stream()
            .filter(name -> report.metric(name).filter(metric -> metric.value() != null).isPresent());
        Stream.of(registry.headline().stream(), benchmark, registry.comparisons().stream(), registry.differences().stream())
            .flatMap(names -> names).forEach(name -> report.metric(name).ifPresent(metric ->
                console.printf(LINE + "%s%n", name.replace('_', ' '), text(metric, report, registry))));
        report.notes().forEach(note -> console.printf(LINE + "%s%n", "note", note));
        JsonNode rate = run.path("graphs_per_second");
        if (rate.isNumber()) {
            console.printf(Locale.ROOT, LINE + "%.1f (%,d %s in %.1f s of sampling)%n", registry.unit() + "/s", rate.asDouble(),
                run.at("/graphs/sampled").asLong(), registry.unit(), run.at("/timings/sampling_seconds").asDouble());
        }
        JsonNode bytes = run.path("model_bytes");
        if (bytes.has("before")) {
            long before = bytes.path("before").asLong();
            long after = bytes.path("after").asLong();
            console.printf(Locale.ROOT, LINE + "%,d → %,d (÷ %.2f)%n", "model bytes", before, after, before / (double) after);
        }
        Stream.of(Stream.of(family.folder()), family.texts().keySet().stream(),
                Stream.of(RunFiles.METRICS_JSON, RunFiles.REPORT))
            .flatMap(names -> names).forEach(name -> console.printf(LINE + "%s%n", name, folder.path(name)));
        return report;
    }

    private static JsonNode record(OutputFolder folder) throws IOException {
        try {
            return Json.tree(folder.read(RunFiles.RUN_JSON));
        } catch (JsonProcessingException e) {
            throw new InputException(folder.path(RunFiles.RUN_JSON) + " is broken (" + e.getOriginalMessage()
                + "); delete it, the same command makes it again", e);
        }
    }

    private static String text(Metric metric, MetricReport report, MetricRegistry registry) {
        if (metric.value() == null) {
            return "not available (" + report.absent().get(metric.name()) + ")";
        }
        if (metric.numerator() == null && registry.isShare(metric.name())) {
            return String.format(Locale.ROOT, "%.2f%%%s", 100 * metric.value(), metric.low() == null ? ""
                : String.format(Locale.ROOT, " (95%% interval %.2f to %.2f)", 100 * metric.low(), 100 * metric.high()));
        }
        if (metric.numerator() == null) {
            return String.format(Locale.ROOT, "%.3g%s", metric.value(), metric.low() == null ? ""
                : String.format(Locale.ROOT, " (95%% interval %.3g to %.3g)", metric.low(), metric.high()));
        }
        String counts = String.format(Locale.ROOT, "%.2f%% (%,d of %,d", 100 * metric.value(), metric.numerator(),
            metric.denominator());
        return metric.low() == null ? counts + ")"
            : String.format(Locale.ROOT, "%s; 95%% interval %.2f to %.2f)", counts, 100 * metric.low(), 100 * metric.high());
    }
}
