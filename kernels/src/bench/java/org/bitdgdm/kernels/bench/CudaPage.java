package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The text of {@code kernels/benchmarks/cuda.md}: the lines of a run on a GPU, if there was one, in the order of reading, the
 * bounds, and what people wrote about them. What the run has not come to says so.
 */
final class CudaPage {
    /** Below this line a page is written by people, and kept. */
    static final String HANDWRITTEN = "## What the kernels do about each term";
    private static final double MICRO = 1e6;
    private static final double MILLI = 1e3;

    private final List<JsonNode> lines;
    private final Markdown text = new Markdown();

    private CudaPage(List<JsonNode> lines) {
        this.lines = lines;
    }

    /** Writes the page of lines over an earlier one, of which the part by hand is kept. */
    static void write(Path page, List<JsonNode> lines) {
        try {
            Files.writeString(page, text(lines, Markdown.from(page, HANDWRITTEN)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the page " + page, e);
        }
    }

    /** @param handwritten from {@link #HANDWRITTEN} on */
    static String text(List<JsonNode> lines, String handwritten) {
        CudaPage page = new CudaPage(lines);
        page.sections();
        return page.text + handwritten;
    }

    private void sections() {
        text.line("# Speed of the cuda backend");
        text.line("");
        text.line("Made of cuda.jsonl, which `./submit.sh bench --backend cuda` wrote. Do not edit above \""
            + HANDWRITTEN.substring(3) + "\".");
        title("## Measured");
        List<JsonNode> begin = ResultLines.of(lines, ResultLines.BEGIN);
        if (begin.isEmpty()) {
            text.line("Not measured on a GPU: none was at hand. With one, this section has device, driver and commit, the table"
                + " of targets, the checks against the reference and the cpu backend, times of whole steps in every setting and"
                + " precision at n = 9, 27 and 64, PyTorch on the same GPU in FP32, BF16 and compiled BF16, times per term"
                + " beside the bounds, and peaks of device memory.");
        } else {
            measured(begin.get(0), ResultLines.of(lines, ResultLines.MODEL));
        }
        Map<String, List<JsonNode>> bounds = new LinkedHashMap<>();
        ResultLines.of(lines, CudaBounds.KIND)
            .forEach(line -> bounds.computeIfAbsent(line.path("model").asText(), model -> new ArrayList<>()).add(line));
        bounds.forEach(this::bounds);
        text.line("");
    }

    private void title(String title) {
        text.line("");
        text.line(title);
        text.line("");
    }

    private void measured(JsonNode begin, List<JsonNode> models) {
        text.line(begin.path("device").asText() + ", commit " + begin.path("commit").asText());
        title("### Targets");
        if (!models.isEmpty()) {
            rates(models.get(0)).targets().forEach(text::line);
        }
        title("### Checks");
        checks();
        for (JsonNode model : models) {
            String name = model.path("name").asText();
            title("### Best batch size of each: " + name);
            rates(model).bests().forEach(text::line);
            title("### Whole steps: " + name);
            steps(begin, model);
            title("### PyTorch on the same GPU: " + name);
            peer(name);
            title("### Time per term: " + name + ", batch " + model.path("terms_batch").asInt());
            terms(begin, name);
            if (model.path("trained").asBoolean()) {
                title("### Whole sampler: " + name);
                sampler(model);
            }
        }
    }

    private CudaRates rates(JsonNode model) {
        return CudaRates.of(lines, model.path("name").asText());
    }

    /** The lines of a kind and model, below a sentence about them; empty, and said to be, where there are none. */
    private List<JsonNode> begin(String kind, String model, String sentence) {
        List<JsonNode> found = ResultLines.of(lines, kind).stream()
            .filter(line -> model == null || line.path("model").asText().equals(model)).toList();
        List<JsonNode> notes = ResultLines.of(lines, CudaBench.NOTE).stream()
            .filter(note -> note.path("of").asText().equals(kind)
                && (model == null || note.path("model").asText().equals(model))).toList();
        if (!found.isEmpty() && sentence != null) {
            text.line(sentence);
            text.line("");
        }
        notes.forEach(note -> {
            text.line(note.path("text").asText());
            text.line("");
        });
        if (found.isEmpty() && notes.isEmpty()) {
            text.line("Not measured: the run has not come to this.");
        }
        return found;
    }

    private void checks() {
        List<JsonNode> checks = begin(CudaChecks.KIND, null, "Logits in full precision against the reference (from n = 27 on"
            + " against the cpu backend), quantized ones against the cpu backend; graphs against the cpu backend's. In FP32 all"
            + " must be within 1e-4 + 1e-4 |value|, in BF16 within 0.15 + 0.05 |value|; of quantized settings at most 20% may"
            + " be beyond FP32's bound, since a code on an edge may flip; in large graphs through many layers some code always"
            + " does, and the distance is only shown.");
        if (checks.isEmpty()) {
            return;
        }
        text.table("model", "setting", "largest distance", "beyond FP32's bound", "beyond BF16's", "products of 4 bits",
            "graphs equal to the cpu backend's", "");
        for (JsonNode check : checks) {
            String verdict = check.path("verdict").asText();
            String bold = verdict.equals(CudaChecks.FAILED) ? "**" + verdict + "**" : verdict;
            if (check.has("failed")) {
                text.row(check.path("model").asText(), check.path("setting").asText(), bold + ": " + cell(check.path("failed")),
                    "", "", "", "", "");
                continue;
            }
            text.row(check.path("model").asText(), check.path("setting").asText(),
                format("%.2g", check.path("largest_distance").asDouble(Double.POSITIVE_INFINITY)),
                format("%.2f%%", 100 * check.path("beyond_fp32").asDouble()),
                format("%.2f%%", 100 * check.path("beyond_bf16").asDouble()),
                !check.has("same_products_of_4_bits") ? "–"
                    : check.path("same_products_of_4_bits").asBoolean() ? "same bits" : "**other bits**",
                !check.has("equal_graphs") ? "–" : format("%.2f%% of %d in %d steps",
                    100 * check.path("equal_graphs").asDouble(), check.path("graphs").asInt(),
                    check.path("steps").asInt()), bold);
        }
    }

    private void steps(JsonNode begin, JsonNode model) {
        int all = model.path("diffusion_steps").asInt();
        List<JsonNode> steps = begin(ResultLines.STEP, model.path("name").asText(), format("Median and range of %d calls of at"
            + " least %.1f s each, or %d steps; bytes: the most that were allocated on the device, model included, context"
            + " not.",
            begin.path("repeats").asInt(), begin.path("seconds").asDouble(), all / 2));
        if (steps.isEmpty()) {
            return;
        }
        text.table("setting", "batch", "ms a step", "range", "graph-steps/s", "graphs/s at " + all + " steps",
            "peak of device bytes");
        for (JsonNode step : steps) {
            if (!failed(step, 5)) {
                Spread seconds = Spread.of(step.path("seconds"));
                CudaRates.Row row = CudaRates.Row.of(step);
                text.row(row.name(), row.batch(), format("%.3f", MILLI * seconds.median()),
                    format("%.3f–%.3f", MILLI * seconds.low(), MILLI * seconds.high()), format("%,.0f", row.rate()),
                    format("%,.1f", row.rate() / all), format("%,d", row.peakBytes()));
            }
        }
    }

    /** The row of a setting that failed, with so many empty cells; false if it did not. */
    private boolean failed(JsonNode line, int emptyCells) {
        if (line.has("failed")) {
            text.line("| " + line.path("setting").asText() + " | **failed**: " + cell(line.path("failed")) + " |"
                + " |".repeat(emptyCells));
        }
        return line.has("failed");
    }

    private void peer(String model) {
        List<JsonNode> peers = begin(ResultLines.PEER, model, null);
        peers.stream().filter(line -> line.has("torch")).forEach(line -> {
            text.line("PyTorch %s, Python %s, on %s; products in FP32 with precision \"%s\". Features, posterior and draws are"
                + " in FP32 in all modes, and not compiled.", line.path("torch").asText(), line.path("python").asText(),
                line.path("device").asText(), line.path("float32_matmul").asText());
            text.line("");
        });
        peers.stream().filter(line -> line.has("check")).forEach(line -> {
            text.line("Against the golden files at most %.0f%% of the tolerance of 1e-5 + 1e-4 |value| is used (%s).",
                100 * line.path("used").asDouble(), line.path("check").asText());
            text.line("");
        });
        List<JsonNode> rows = peers.stream().filter(line -> line.has("mode")).toList();
        if (rows.isEmpty()) {
            return;
        }
        text.table("mode", "batch", "graph-steps/s", "range", "peak of allocated bytes");
        for (JsonNode line : rows) {
            if (line.has("failed")) {
                text.row(line.path("mode").asText(), line.path("batch").asText(), "failed: " + cell(line.path("failed")), "",
                    "");
            } else {
                CudaRates.Row row = CudaRates.Row.of(line);
                Spread rate = Spread.of(line.path("graph_steps_per_second"));
                text.row(row.name(), row.batch(), format("%,.0f", row.rate()), format("%,.0f–%,.0f", rate.low(), rate.high()),
                    format("%,d", row.peakBytes()));
            }
        }
    }

    private void terms(JsonNode begin, String model) {
        Optional<String> gpu = ResultLines.of(lines, CudaTerms.KIND).stream().filter(line -> line.has("gpu")).findFirst()
            .map(line -> line.path("gpu").asText());
        List<JsonNode> found = begin(CudaTerms.KIND, model, format("µs of one graph and step on this device, and after the"
            + " slash the bound for %s; dense has full-precision layers and codes of inputs in it. Each kernel between two"
            + " events, median of %d; sparse: the difference from the same model without S and outliers; dense: what is left of the"
            + " kernels with layers beside the same edges without their products. Memory bounds the sum of all.",
            gpu.orElse("none"), begin.path("repeats").asInt()));
        if (found.isEmpty()) {
            return;
        }
        List<String> columns = new ArrayList<>(List.of("setting"));
        columns.addAll(CudaTerms.BOUNDS.keySet());
        columns.addAll(List.of("sum", "step as captured", "bound of memory"));
        text.table(columns.toArray(String[]::new));
        for (JsonNode line : found) {
            if (failed(line, CudaTerms.BOUNDS.size() + 2)) {
                continue;
            }
            double batch = line.path("batch").asInt();
            double sum = 0;
            List<Object> cells = new ArrayList<>(List.of(line.path("setting").asText()));
            for (String term : CudaTerms.BOUNDS.keySet()) {
                double seconds = line.path("seconds").path(term).asDouble();
                sum += seconds;
                cells.add(format("%.4f / %.4f", MICRO * seconds / batch,
                    MICRO * line.path("bound_seconds").path(term).asDouble()));
            }
            cells.add(format("%.4f", MICRO * sum / batch));
            cells.add(format("%.4f", MICRO * line.path("captured_seconds").asDouble() / batch));
            cells.add(format("%.4f", MICRO * line.path("memory_bound_seconds").asDouble()));
            text.row(cells.toArray());
        }
    }

    private void sampler(JsonNode model) {
        List<JsonNode> found = begin(CudaTimes.SAMPLER, model.path("name").asText(),
            "All " + model.path("diffusion_steps").asInt()
                + " steps, initial draw and copies of ids and graphs included, one call each.");
        if (found.isEmpty()) {
            return;
        }
        text.table("setting", "graphs", "seconds", "graphs/s", "graph-steps/s");
        for (JsonNode line : found) {
            if (!failed(line, 3)) {
                int graphs = line.path("graphs").asInt();
                double seconds = line.path("all_seconds").asDouble();
                text.row(line.path("setting").asText(), graphs, format("%.2f", seconds), format("%,.1f", graphs / seconds),
                    format("%,.0f", graphs * line.path("steps").asInt() / seconds));
            }
        }
    }

    private void bounds(String model, List<JsonNode> bounds) {
        title("## Bounds: " + model);
        text.line("µs of one graph and step, derived from the model's operations and the rates of data sheets, not"
            + " measured; features as %.0f times fewer instructions than one warp for a graph takes. Total: the larger of"
            + " memory and the sum of the others.", CudaBudget.featureOverhead(bounds.get(0).path("nodes").asInt()));
        String gpu = "";
        for (JsonNode bound : bounds) {
            if (!bound.path("gpu").asText().equals(gpu)) {
                gpu = bound.path("gpu").asText();
                text.line("");
                List<String> columns = new ArrayList<>(List.of(gpu));
                columns.addAll(CudaBudget.TERMS);
                columns.addAll(List.of("total", "graph-steps/s at most"));
                text.table(columns.toArray(String[]::new));
            }
            List<Object> cells = new ArrayList<>(List.of(bound.path("setting").asText()));
            CudaBudget.TERMS.forEach(term -> cells.add(format("%.4f", MICRO * bound.path("seconds").path(term).asDouble())));
            double total = bound.path("total_seconds").asDouble();
            cells.add(format("%.4f", MICRO * total));
            cells.add(format("%,.0f", 1 / total));
            text.row(cells.toArray());
        }
    }

    /** Text that ends no cell of a table. */
    private static String cell(JsonNode text) {
        return text.asText().replace('|', '/');
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
