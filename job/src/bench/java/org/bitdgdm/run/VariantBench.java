package org.bitdgdm.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.LaterInputs;
import org.bitdgdm.quantize.LogitShift;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.SharedFactors;

/**
 * What the method might do besides, and what that changes: {@code ./submit.sh bench variants MODEL RESULTS}. A JSON line for
 * each goes to RESULTS, and the tables made of them to the console; what RESULTS has already is not measured again. All are
 * compared with full precision along the graphs and steps of {@code --fidelity 64x50}, which nothing is fitted to.
 */
public final class VariantBench {
    private static final int GRAPHS = 64;
    private static final int STEPS = 50;
    /** Of the runs that temperatures and offsets are fitted to. */
    private static final long FITTING_SEED = 0x4F6666_73657473L;
    private static final int[] RANGES = {1, 5, 10};
    /** Columns of layers with factors of their own. */
    private static final int[] OWN_RANKS = {24, 28, 32};
    /** The first layers of those that read one input: of nodes, of pairs, of the graph. */
    private static final List<String> FIRST = List.of("self_attn.q", "self_attn.e_add", "self_attn.y_e_mul");
    /** Columns of one first factor for each of these, 0 for factors of their own, and of all others. */
    private static final int[][] SHARED_RANKS = {{48, 32, 24, 24}, {64, 40, 32, 32}, {35, 0, 0, 32}};
    /** What layers that are fitted in order are to give. */
    private static final Map<LaterInputs.Target, String> TARGETS = new EnumMap<>(Map.of(
        LaterInputs.Target.SAME_INPUT, "what they give for these inputs in full precision",
        LaterInputs.Target.MEAN, "the same, and its mean as behind layers in full precision",
        LaterInputs.Target.OUTPUT, "what they give behind layers in full precision"));
    private static final String FOUR_BITS = "W4A4, rank 16, percentile 99";
    private static final double MILLION = 1e6;
    private static final JsonMapper JSON = new JsonMapper();

    private final PackedModel full;
    private final Path results;
    private final Calibrations calibrations;
    private final Course judging;
    private final Map<QuantizeConf, PackedModel> quantized = new HashMap<>();

    private VariantBench(PackedModel full, Path results) {
        this.full = full;
        this.results = results;
        this.calibrations = new Calibrations(full, 0, model -> new CpuDenoiser(model,
            new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null)));
        this.judging = new Course(full, GRAPHS, STEPS, FidelityProbe.SEED);
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("error: bench variants takes the folder of a model and the file of its results, found "
                + arguments.length + " arguments");
            System.exit(2);
        }
        ModelBundle bundle = ModelBundle.load(Path.of(arguments[0]));
        Path results = Path.of(arguments[1]);
        Map<List<String>, Consumer<VariantBench>> missing = new LinkedHashMap<>();
        forms().forEach((form, recipe) -> missing.put(List.of("logits", form), bench -> bench.corrections(form, recipe)));
        forms().forEach((form, recipe) -> TARGETS.forEach((target, variant)
            -> missing.put(List.of("inputs", form, variant), bench -> bench.later(form, recipe, target))));
        codes().forEach((form, recipe) -> missing.put(List.of("shared", form), bench -> bench.shared(form, recipe)));
        for (JsonNode row : rows(results)) {
            missing.remove(List.of(row.path("study").asText(), row.path("form").asText()));
            missing.remove(List.of(row.path("study").asText(), row.path("form").asText(), row.path("variant").asText()));
        }
        if (!missing.isEmpty()) {
            VariantBench bench = new VariantBench(bundle.packed(), results);
            missing.values().forEach(study -> study.accept(bench));
        }
        System.out.print(tables(bundle.name(), rows(results)));
    }

    private static List<JsonNode> rows(Path results) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.exists(results) ? Files.readAllLines(results) : List.<String>of()) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }

    private static QuantizeConf standard() {
        return JobConf.of(Settings.load(Optional.empty(), Map.of(Option.OUT, List.of("out")))).quantize();
    }

    private static Map<String, QuantizeConf> forms() {
        Map<String, QuantizeConf> forms = new LinkedHashMap<>();
        forms.put("the default", standard());
        forms.put(FOUR_BITS, standard().with(Map.of(Option.ACTIVATION_BITS, 4, Option.RANK, 16,
            Option.THRESHOLD_PERCENTILE, 99.0)));
        return forms;
    }

    private static Map<String, QuantizeConf> codes() {
        Map<String, QuantizeConf> codes = new LinkedHashMap<>();
        codes.put("W4A8", standard());
        codes.put("W8A8", standard().with(Map.of(Option.WEIGHT_BITS, 8)));
        codes.put("W4A4", standard().with(Map.of(Option.ACTIVATION_BITS, 4, Option.THRESHOLD_PERCENTILE, 99.0)));
        return codes;
    }

    private static ObjectNode row(String study, String form, String variant, double[] divergences) {
        System.err.printf(Locale.ROOT, "%s, %s, %s: %.5f%n", study, form, variant, Course.mean(divergences));
        return JSON.createObjectNode().put("study", study).put("form", form).put("variant", variant)
            .put("divergence", Course.mean(divergences)).put("error", Course.standardError(divergences));
    }

    private static ObjectNode changed(ObjectNode row, double[] divergences, double[] before) {
        double[] change = new double[before.length];
        for (int g = 0; g < change.length; g++) {
            change[g] = divergences[g] - before[g];
        }
        return row.put("change", Course.mean(change)).put("change_error", Course.standardError(change));
    }

    /** Writes the rows of one study together. */
    private void write(List<ObjectNode> rows) {
        try {
            Files.write(results, rows.stream().map(ObjectNode::toString).toList(), StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Temperatures and offsets of logits, fitted to other runs. */
    private void corrections(String form, QuantizeConf recipe) {
        Course fitting = new Course(full, GRAPHS, STEPS, FITTING_SEED);
        List<Course.Moment> fitted = fitting.of(quantized(recipe));
        List<Course.Moment> judged = judging.of(quantized(recipe));
        double[] before = judging.divergences(judged);
        List<ObjectNode> rows = new ArrayList<>();
        rows.add(changed(row("logits", form, "as they are", before), before, before)
            .put("fitted", Course.mean(fitting.divergences(fitted))));
        for (int ranges : RANGES) {
            for (boolean[] kind : new boolean[][] {{true, false}, {false, true}, {true, true}}) {
                List<LogitShift[]> shifts = shifts(fitting, fitted, ranges, kind[0], kind[1]);
                double[] after = judging.divergences(shifted(judged, shifts));
                String what = (!kind[1] ? "temperature" : kind[0] ? "temperature and offsets" : "offsets")
                    + (ranges == 1 ? "" : " in " + ranges + " ranges of steps");
                rows.add(changed(row("logits", form, what, after), after, before)
                    .put("fitted", Course.mean(fitting.divergences(shifted(fitted, shifts)))));
            }
        }
        write(rows);
    }

    private int range(Course.Moment moment, int ranges) {
        return PackedNetwork.rangeOf(moment.step().at(), ranges, full.diffusion().steps());
    }

    /** Those of nodes and of edges in every range. */
    private List<LogitShift[]> shifts(Course course, List<Course.Moment> quantized, int ranges, boolean temperature,
                                      boolean offsets) {
        List<LogitShift[]> shifts = new ArrayList<>();
        for (int range = 0; range < ranges; range++) {
            List<Course.Moment> p = new ArrayList<>();
            List<Course.Moment> q = new ArrayList<>();
            for (int at = 0; at < quantized.size(); at++) {
                if (range(quantized.get(at), ranges) == range) {
                    p.add(course.moments().get(at));
                    q.add(quantized.get(at));
                }
            }
            LogitShift nodes = new LogitShift(full.architecture().nodeTypes(), temperature, offsets);
            nodes.fit(joined(p.stream().map(Course.Moment::nodes).toList()),
                joined(q.stream().map(Course.Moment::nodes).toList()));
            LogitShift edges = new LogitShift(full.architecture().edgeTypes(), temperature, offsets);
            edges.fit(joined(p.stream().map(this::upper).toList()), joined(q.stream().map(this::upper).toList()));
            shifts.add(new LogitShift[] {nodes, edges});
        }
        return shifts;
    }

    private static float[] joined(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    /** Logits of the pairs i &lt; j. */
    private float[] upper(Course.Moment moment) {
        int batch = moment.state().ids().length;
        int n = moment.state().nodes().length / batch;
        int b = full.architecture().edgeTypes();
        float[] upper = new float[batch * n * (n - 1) / 2 * b];
        int at = 0;
        for (int g = 0; g < batch; g++) {
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    System.arraycopy(moment.edges(), ((g * n + i) * n + j) * b, upper, at, b);
                    at += b;
                }
            }
        }
        return upper;
    }

    private List<Course.Moment> shifted(List<Course.Moment> moments, List<LogitShift[]> shifts) {
        return moments.stream().map(moment -> {
            LogitShift[] both = shifts.get(range(moment, shifts.size()));
            return new Course.Moment(moment.state(), moment.step(), both[0].applied(moment.nodes()),
                both[1].applied(moment.edges()));
        }).toList();
    }

    /** Layers fitted in order. */
    private void later(String form, QuantizeConf recipe, LaterInputs.Target target) {
        PackedModel first = quantized(recipe);
        double[] before = judging.divergences(first);
        double[] after = judging.divergences(LaterInputs.inOrder(full, first, recipe, target));
        write(List.of(changed(row("inputs", form, TARGETS.get(target), after), after, before)
            .put("before", Course.mean(before))));
    }

    private PackedModel quantized(QuantizeConf recipe) {
        return quantized.computeIfAbsent(recipe, absent -> Quantization.quantize(calibrations, recipe).model());
    }

    /** One first factor for layers that read the same input. */
    private void shared(String form, QuantizeConf recipe) {
        List<ObjectNode> rows = new ArrayList<>();
        Map<Integer, SharedFactors> own = new LinkedHashMap<>();
        for (int rank : OWN_RANKS) {
            own.put(rank, SharedFactors.none(calibrations, recipe.with(Map.of(Option.RANK, rank))));
            rows.add(measured(form, "none; " + rank, own.get(rank)));
        }
        for (int[] ranks : SHARED_RANKS) {
            Map<String, Integer> shared = new LinkedHashMap<>();
            for (int kind = 0; kind < FIRST.size(); kind++) {
                if (ranks[kind] > 0) {
                    shared.put(FIRST.get(kind), ranks[kind]);
                }
            }
            int rank = ranks[FIRST.size()];
            rows.add(measured(form, String.format(Locale.ROOT, shared.size() == 1 ? "q k v %d; %4$d"
                : "q k v %d, e_add e_mul %d, five of y %d; %d", ranks[0], ranks[1], ranks[2], rank),
                SharedFactors.of(own.get(rank), calibrations, recipe.with(Map.of(Option.RANK, rank)), shared)));
        }
        write(rows);
    }

    private ObjectNode measured(String form, String factors, SharedFactors made) {
        return row("shared", form, factors, judging.divergences(made.model())).put("bytes", made.bytes())
            .put("multiply_adds", made.multiplyAdds());
    }

    private static String tables(String model, List<JsonNode> rows) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "KL of %s from full precision in nats per graph and"
            + " step, along %d graphs of %d steps that nothing is fitted to; after ± standard errors, of changes those of the"
            + " differences graph by graph.%n%n## Logits%n%nA temperature and an offset for each class that bring the logits of"
            + " the quantized network nearest to full precision's along %d other graphs of %d steps; of the latter is the last"
            + " column.%n%n| network | logits | KL | change | KL where fitted |%n|---|---|---|---|---|%n", model, GRAPHS, STEPS,
            GRAPHS, STEPS));
        of("logits", rows).forEach(row -> text.append(String.format(Locale.ROOT, "| %s | %s | %.4f |%n", names(row),
            figures(row), row.path("fitted").asDouble())));
        text.append(String.format(Locale.ROOT, "%n## Inputs as they will be%n%nLayers fitted one after the other, each to the"
            + " inputs that it has behind those that are quantized already; before: all at once, to the inputs that they have"
            + " in full precision.%n%n| network | what layers are to give | KL before | KL | change |%n|---|---|---|---|---|%n"));
        of("inputs", rows).forEach(row -> text.append(String.format(Locale.ROOT, "| %s | %.4f | %s |%n", names(row),
            row.path("before").asDouble(), figures(row))));
        text.append(String.format(Locale.ROOT, "%n## One first factor for layers that read the same input%n%nColumns of the"
            + " first factors that layers share, and of all others; multiply-adds of all factors of the blocks for a graph of"
            + " most nodes and a step; bytes of the model with shared factors stored once.%n%n"
            + "| codes | shared; others | KL | multiply-adds, million | bytes |%n|---|---|---|---|---|%n"));
        of("shared", rows).forEach(row -> text.append(String.format(Locale.ROOT, "| %s | %.4f ± %.4f | %.2f | %,d |%n",
            names(row), row.path("divergence").asDouble(), row.path("error").asDouble(),
            row.path("multiply_adds").asLong() / MILLION, row.path("bytes").asLong())));
        return text.toString();
    }

    private static List<JsonNode> of(String study, List<JsonNode> rows) {
        return rows.stream().filter(row -> row.path("study").asText().equals(study)).toList();
    }

    private static String names(JsonNode row) {
        return row.path("form").asText() + " | " + row.path("variant").asText();
    }

    private static String figures(JsonNode row) {
        double change = row.path("change").asDouble();
        return String.format(Locale.ROOT, "%.4f ± %.4f | %s", row.path("divergence").asDouble(), row.path("error").asDouble(),
            change == 0 ? "" : String.format(Locale.ROOT, "%+.4f ± %.4f", change, row.path("change_error").asDouble()));
    }
}
