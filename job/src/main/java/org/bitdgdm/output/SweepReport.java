package org.bitdgdm.output;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricDefinition;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.output.SweepCharts.Point;

/** {@code sweep.html}: the cells of a sweep in one table, quality against cost, and curves, on a page that opens offline. */
public final class SweepReport {
    private static final Template PAGE = Mustache.compiler().escapeHTML(true).strictSections(true)
        .withLoader(SweepReport::resource).loadTemplate("sweep.mustache");
    /** Settings that make a curve where cells differ in nothing else. */
    private static final Map<String, String> CURVES = curves();

    private final List<SweepEntry> entries;
    private final MetricRegistry names;
    /** What graphs are judged by. */
    private final String quality;
    /** What pages call it. */
    private final String qualityLabel;
    private final SweepFront front;
    /** Whether quality is the divergence. */
    private final boolean diverges;

    private SweepReport(List<SweepEntry> entries, MetricRegistry names) {
        this.entries = entries;
        this.names = names;
        this.quality = names.quality().name();
        this.qualityLabel = names.quality().label();
        this.front = SweepFront.of(entries, names);
        this.diverges = front.diverges();
    }

    private static Map<String, String> curves() {
        Map<String, String> curves = new LinkedHashMap<>();
        curves.put("rank", "rank");
        curves.put("weight_bits", "bits of a weight");
        curves.put("activation_bits", "bits of an activation");
        curves.put("alpha", "α");
        curves.put("percentile", "percentile of the threshold");
        curves.put("budget", "budget of the recipe");
        curves.put("residual", "bits of the residual");
        curves.put("threshold_buckets", "ranges of steps with thresholds of their own");
        curves.put("steps", "denoising steps");
        return curves;
    }

    private static Reader resource(String name) {
        return new InputStreamReader(Objects.requireNonNull(SweepReport.class.getResourceAsStream(name), name),
            StandardCharsets.UTF_8);
    }

    /**
     * The page, to be written as UTF-8.
     *
     * @param model   name of the model
     * @param backend what computed
     * @param cells   of the whole sweep
     * @param entries those that have run so far, in order; at least one
     * @param names   of the metrics of their graphs
     */
    public static String render(String model, String backend, int cells, List<SweepEntry> entries, MetricRegistry names) {
        return PAGE.execute(new SweepReport(entries, names).page(model, backend, cells));
    }

    private Page page(String model, String backend, int cells) {
        List<Page.Row> rows = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            rows.add(row(i));
        }
        List<Page.Figure> figures = new ArrayList<>();
        add(figures, "Quality against speed", names.unit() + " per second to the right", front.fast(), SweepEntry::graphsPerSecond);
        add(figures, "Quality against bytes", "MB of the model to the right", front.small(),
            entry -> entry.bytes() == 0 ? Double.NaN : entry.bytes() / 1e6);
        CURVES.forEach((key, name) -> addCurve(figures, key, name));
        List<Page.Failure> failures = entries.stream().filter(entry -> !entry.done())
            .map(entry -> new Page.Failure(entry.cell().name(), entry.error())).toList();
        return new Page("Sweep of " + model, SweepEntry.soFar(cells, entries) + " of "
            + SweepEntry.amount(entries, names) + ", " + backend, note(), qualityLabel, "Δ " + quality, columns(), rows,
            RunReport.titled(names.unit()) + "/s",
            figures, !figures.isEmpty(), failures, !failures.isEmpty());
    }

    private String note() {
        int atOnce = SweepEntry.atOnce(entries);
        String along = SweepEntry.trajectories(entries, names);
        return "Numbers after ± are standard errors, those in brackets 95% intervals; the table cells/ has all of them. "
            + "Δ " + quality + " is the paired difference from FP32 at the same graph ids, steps and seed, in percentage points. "
            + (along.isEmpty() ? "" : "Divergence is KL(FP32 ‖ quantized) per " + names.words().whole()
                + " and step, in nats, " + along + "; so are changed " + names.words().entries() + " and identical "
                + names.unit() + ". ") + RunReport.titled(names.unit()) + "/s is while sampling, "
            + (atOnce > 1 ? "up to " + atOnce + " cells at once, so that speeds do not compare" : "one cell at a time")
            + ". " + front.meaning(names);
    }

    private Page.Row row(int at) {
        SweepEntry entry = entries.get(at);
        return new Page.Row(Integer.toString(at + 1), entry.cell().name(), quality(entry), difference(entry),
            cells(entry), entry.done() ? number(entry.graphsPerSecond()) : "failed",
            entry.bytes() == 0 ? "–" : Numbers.bytes(entry.bytes()) + " (÷ "
                + Numbers.significant((double) entry.bytesBefore() / entry.bytes(), 3) + ")", front.best(at));
    }

    private String quality(SweepEntry entry) {
        Metric metric = entry.metric(quality).orElse(null);
        return metric == null ? "–" : share(entry, quality) + " [" + Numbers.percentInterval(metric.low(), metric.high())
            + "]";
    }

    private static String share(SweepEntry entry, String name) {
        Metric metric = entry.metric(name).orElse(null);
        return metric == null ? "–"
            : Numbers.percent(metric.value(), metric.low() == null ? Double.NaN : metric.high() - metric.low());
    }

    private String difference(SweepEntry entry) {
        return entry.differenceInPoints(quality).orElse("–");
    }

    private boolean hasFidelity() {
        return entries.stream().anyMatch(entry -> entry.done() && entry.metrics().fidelity() != null);
    }

    private boolean hasLikelihood() {
        return entries.stream().anyMatch(entry -> entry.metric("nll").isPresent());
    }

    /** Heads of the columns between the difference and the speed. */
    private List<String> columns() {
        List<String> columns = new ArrayList<>();
        names.words().beside().forEach(name -> columns.add(names.find(name).map(MetricDefinition::label).orElse(name)));
        if (hasFidelity()) {
            columns.add("Divergence");
            names.agreements().forEach(agreement -> columns.add(agreement.label()));
        }
        if (hasLikelihood()) {
            columns.addAll(List.of("NLL, every edge once", "Δ NLL"));
        }
        return columns;
    }

    private List<String> cells(SweepEntry entry) {
        List<String> cells = new ArrayList<>();
        names.words().beside().forEach(name -> cells.add(
            names.isShare(name) ? share(entry, name)
                : entry.metric(name).map(metric -> Numbers.significant(metric.value(), 4)).orElse("–")));
        if (hasFidelity()) {
            cells.add(entry.divergence(names.find(names.divergence()).orElseThrow()).map(SweepEntry::text).orElse("–"));
            names.agreements().forEach(agreement -> cells.add(share(entry, agreement.name())));
        }
        if (hasLikelihood()) {
            cells.add(likelihood(entry, LikelihoodReport::nllPairs, ""));
            cells.add(likelihood(entry, LikelihoodReport::pairsDifference, "+"));
        }
        return cells;
    }

    private static String likelihood(SweepEntry entry, Function<LikelihoodReport, Estimate> part, String plus) {
        LikelihoodReport found = entry.done() ? entry.metrics().likelihood() : null;
        return found == null || part.apply(found) == null ? "–" : SweepEntry.signed(part.apply(found), plus);
    }

    private static String number(double value) {
        return Double.isFinite(value) ? Numbers.significant(value, 3) : "–";
    }

    /** A cell as a point; null where it has no numbers. */
    private Point point(SweepEntry entry, double x, boolean best, String name) {
        Metric metric = entry.metric(name).orElse(null);
        if (metric == null || !Double.isFinite(x)) {
            return null;
        }
        return new Point(entries.indexOf(entry) + 1, x, metric.value(), metric.low() == null ? metric.value() : metric.low(),
            metric.high() == null ? metric.value() : metric.high(), best);
    }

    private void add(List<Page.Figure> figures, String label, String axis, boolean[] best,
                     ToDoubleFunction<SweepEntry> x) {
        String shown = diverges ? names.divergence() : quality;
        List<List<Point>> points = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Point point = point(entries.get(i), x.applyAsDouble(entries.get(i)), best[i], shown);
            if (point != null) {
                points.add(List.of(point));
            }
        }
        boolean none = diverges && points.stream().flatMap(List::stream).anyMatch(point -> point.y() == 0);
        if (points.size() > 1 && (!diverges || points.stream().flatMap(List::stream).anyMatch(point -> point.y() > 0))) {
            String caption = (diverges ? "Divergence per " + names.words().whole() + " and step upwards, on a logarithmic axis"
                + (none ? "; what does not diverge at all, as FP32, is marked (0) at its lower end" : "")
                : qualityLabel + " upwards")
                + "; " + axis + ". Dark points are the best ones; numbers are rows of the table.";
            figures.add(new Page.Figure(label, SweepCharts.draw(label, caption, points, false, diverges, !diverges),
                caption));
        }
    }

    /** What a cell has of a setting; NaN if its method does not look at it. */
    private static double setting(SweepEntry entry, String key) {
        if (key.equals("threshold_buckets") && entry.cell().used().containsKey("percentile")) {
            return entry.cell().conf().quantize().thresholdBuckets();
        }
        Object value = key.equals("steps") ? (Object) entry.cell().conf().sample().steps() : entry.cell().used().get(key);
        return value instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    private void addCurve(List<Page.Figure> figures, String key, String name) {
        Map<Map<String, Object>, List<SweepEntry>> groups = new LinkedHashMap<>();
        for (SweepEntry entry : entries) {
            if (Double.isFinite(setting(entry, key)) || key.equals("steps")) {
                Map<String, Object> others = new LinkedHashMap<>(entry.cell().used());
                others.put("method", entry.cell().conf().quantize().method().toString());
                others.put("steps", entry.cell().conf().sample().steps());
                others.put("schedule", entry.cell().conf().sample().schedule());
                others.put("sampler", entry.cell().conf().sample().sampler());
                others.put("seed", entry.cell().conf().sample().seed());
                others.remove(key);
                groups.computeIfAbsent(others, absent -> new ArrayList<>()).add(entry);
            }
        }
        for (String shown : List.of(names.divergence(), quality)) {
            List<List<Point>> lines = groups.values().stream().map(group -> group.stream()
                .map(entry -> point(entry, setting(entry, key), false, shown))
                .filter(point -> point != null && (point.y() > 0 || !shown.equals(names.divergence())))
                .sorted(Comparator.comparingDouble(Point::x)).toList()).filter(line -> line.size() > 1).toList();
            if (!lines.isEmpty() && !(key.equals("steps") && shown.equals(names.divergence()))) {
                boolean divergence = shown.equals(names.divergence());
                String label = (divergence ? "Divergence by " : qualityLabel + " by ") + name;
                String caption = "Lines join cells that differ in nothing else; bars are 95% intervals, numbers are rows of "
                    + "the table." + (divergence ? " Per " + names.words().whole() + " and step, logarithmic." : "");
                figures.add(new Page.Figure(label, SweepCharts.draw(label, caption, lines, key.equals("steps"),
                    divergence, !divergence), caption));
            }
        }
    }

    /** The words of {@code sweep.mustache}, already as text; only components called {@code svg} are markup. */
    record Page(String title, String subtitle, String note, String quality, String difference, List<String> columns,
                     List<Row> rows, String speedLabel, List<Figure> figures, boolean hasFigures,
                     List<Failure> failures, boolean hasFailures) {

        /** One cell; {@code best} marks those that no other beats, by speed and by bytes. */
        record Row(String number, String cell, String judged, String gained, List<String> cells, String speed, String bytes,
                   String best) {
        }

        record Figure(String label, String svg, String caption) {
        }

        record Failure(String cell, String error) {
        }
    }
}
