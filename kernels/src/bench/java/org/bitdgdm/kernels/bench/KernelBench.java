package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Variant;

/** The native program kernel_bench: builds it, describes to it what to time, reads what it prints. */
final class KernelBench {
    /** Kinds of lines of results. */
    static final String PEAK = "peak";
    static final String PIECE = "piece";
    /** Peaks and pieces are short; this share of a step's time is enough for each repeat. */
    private static final double SHARE_OF_SECONDS = 1.0 / 40;

    /**
     * One line of its output, see stopwatch.h; seconds are those of a call.
     *
     * @param items what {@code name} counts
     */
    record Measurement(String name, String detail, double floatOperations, double integerOperations, double bytes,
                       double items, Spread seconds) {

        private static Measurement parse(String line) {
            String[] fields = line.split("\t");
            double[] seconds = Arrays.stream(fields[6].split(",")).mapToDouble(Double::parseDouble).toArray();
            return new Measurement(fields[0], fields[1], Double.parseDouble(fields[2]), Double.parseDouble(fields[3]),
                Double.parseDouble(fields[4]), Double.parseDouble(fields[5]), Spread.of(seconds));
        }

        /** From a line of results. */
        static Measurement of(JsonNode line) {
            return new Measurement(line.path("name").asText(), line.path("detail").asText(),
                line.path("float_operations").asDouble(), line.path("integer_operations").asDouble(),
                line.path("bytes").asDouble(), line.path("items").asDouble(), Spread.of(line.path("seconds")));
        }

        /** @param model of which it is a piece; null for a peak */
        ObjectNode line(String model) {
            ObjectNode line = ResultLines.line(model == null ? PEAK : PIECE);
            if (model != null) {
                line.put("model", model);
            }
            line.put("name", name).put("detail", detail).put("float_operations", floatOperations)
                .put("integer_operations", integerOperations).put("bytes", bytes).put("items", items);
            seconds.write(line.putObject("seconds"));
            return line;
        }

        /** Operations of either kind per second. */
        Spread operationsPerSecond() {
            return seconds.rateOf(floatOperations + integerOperations);
        }

        double itemsPerSecond() {
            return items / seconds.median();
        }

        double bytesPerSecond() {
            return bytes / seconds.median();
        }
    }

    private final BenchOptions options;
    private final Path program;

    private KernelBench(BenchOptions options, Path program) {
        this.options = options;
        this.program = program;
    }

    /** Builds the program where its sources have changed. */
    static KernelBench build(BenchOptions options) throws IOException, InterruptedException {
        Path folder = options.home().resolve("kernels/target/bench");
        Programs.output(options.home(), List.of("bash", "kernels/src/bench/cpp/build.sh", folder.toString()), "");
        return new KernelBench(options, folder.resolve("kernel_bench"));
    }

    /** Peaks of 1…threads threads together. */
    Peaks peaks() throws IOException, InterruptedException {
        return new Peaks(run("peaks", ""));
    }

    /** Pieces of one model: those that no setting changes, then the distinct layers of each setting. */
    List<Measurement> pieces(BenchModel model, List<Setting.Packed> settings, List<Map<String, Double>> outlierShares,
                             GraphBatch graphs) throws IOException, InterruptedException {
        PackedModel full = model.full();
        Architecture a = full.architecture();
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "shape %d %d %d %d %d %d %d %d %d %d%n", a.nodeTypes(), a.edgeTypes(),
            a.maxNodes(), a.variant() == Variant.FIXED_BUG ? 1 : 0, a.features().ordinal(),
            a.molecular() ? 1 : 0, a.heads(), full.width(Width.X), full.width(Width.E), full.width(Width.Y)));
        for (int g = 0; g < graphs.size(); g++) {
            text.append(classes(graphs, g)).append('\n');
        }
        for (int s = 0; s < settings.size(); s++) {
            layers(settings.get(s), outlierShares.get(s)).forEach(line -> text.append(line).append('\n'));
        }
        return run("pieces", text.toString());
    }

    private List<Measurement> run(String mode, String description) throws IOException, InterruptedException {
        String head = String.format(Locale.ROOT, "isa %s%nthreads %d%nrepeats %d%nseconds %s%n", options.cpuIsa(),
            options.threads(), options.repeats(), options.seconds() * SHARE_OF_SECONDS);
        String output = Programs.output(options.home(), List.of(program.toString(), mode), head + description);
        return output.lines().filter(line -> !line.startsWith("#")).map(Measurement::parse).toList();
    }

    private static String classes(GraphBatch graphs, int g) {
        int n = graphs.nodeCount();
        StringBuilder nodes = new StringBuilder();
        StringBuilder pairs = new StringBuilder();
        for (int i = 0; i < n; i++) {
            nodes.append((char) ('0' + graphs.nodes()[g * n + i]));
            for (int j = i + 1; j < n; j++) {
                pairs.append((char) ('0' + graphs.edges()[(g * n + i) * n + j]));
            }
        }
        return "graph " + nodes + " " + pairs;
    }

    /** A line for each distinct layer of the blocks, the first of its kind with its own sparse entries and outliers. */
    private static List<String> layers(Setting.Packed packed, Map<String, Double> outlierShares) {
        List<String> lines = new ArrayList<>();
        Set<List<Object>> seen = new LinkedHashSet<>();
        List<PackedLinear> linears = packed.model().linears();
        // The second block: its inputs have passed a layer.
        int block = Math.min(1, packed.model().architecture().layers() - 1);
        for (PackedLinear layer : linears) {
            NetworkSpec.Layer spec = packed.model().spec().layer(layer.name);
            Workload.Rows rows = Workload.Rows.of(spec);
            boolean unsigned = layer.activation.coded() && layer.activation.unsigned();
            if (spec.block() == block && seen.add(List.of(rows, layer.in, layer.out, unsigned))) {
                boolean coded = layer.integerProduct();
                int weightBits = !coded ? 32 : layer.left == null ? layer.residual.bits() : layer.left.bits();
                lines.add(String.format(Locale.ROOT, "layer %s %s %d %d %d %d %d %d %d %.6f %d %d %d",
                    packed.setting().word() + "/" + Workload.module(layer.name), rows.word(), layer.in,
                    layer.out, layer.rank(), weightBits, coded ? layer.activation.bits() : 32,
                    unsigned ? 1 : 0, layer.activation.perRow() ? 1 : 0, outlierShares.getOrDefault(layer.name, 0.0), layer.intermediateBits,
                    layer.residual == null ? 0 : layer.residual.bits(), coded ? layer.sparse.entries() : 0));
            }
        }
        return lines;
    }
}
