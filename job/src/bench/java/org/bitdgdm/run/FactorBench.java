package org.bitdgdm.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SequenceSampler;
import org.bitdgdm.kernels.SizeGroup;
import org.bitdgdm.kernels.Variant;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.protein.FeatureScales;
import org.bitdgdm.protein.ProteinFeatures;
import org.bitdgdm.protein.StructureFile;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.ProteinCalibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.TinyModel;

/**
 * Factors as published beside those fitted to what layers do, in the same form (bits, rank, α, no residual), on other models
 * than QM9's: {@code ./submit.sh bench factors RESULTS}, from the root of the repository. A JSON line for each quantized model
 * goes to RESULTS, and the table made of them to the console; what RESULTS has already is not measured again.
 *
 * <p>Models are the one for sequences in {@code conf/models/gradeif} on the backbones of {@code conf/structures}, and a network
 * of MOSES's vocabulary, sizes and published widths with random weights and {@value #BLOCKS} of its 12 blocks. What is
 * measured is {@code KL(p_full(x₀ | z_t) ‖ p_quantized(x₀ | z_t))} along runs of the full-precision model that nothing was
 * fitted to: summed over nodes and pairs of a graph, or the mean over residues. Of the model for sequences also what inputs
 * of 4 bits do alone, in the place of which no rank can put less.
 */
public final class FactorBench {
    /** Blocks of the random model. */
    private static final int BLOCKS = 4;
    /** Graphs, and steps of each; samples of each backbone, and evaluations of each. */
    private static final int GRAPHS = 12;
    private static final int STEPS = 20;
    private static final int SAMPLES = 4;
    private static final int EVALUATIONS = 20;
    private static final long SEED = 0x466163746F7273L;
    /** Of the thresholds that 4-bit inputs alone are looked at with. */
    private static final String[] PERCENTILES = {"99", "97", "95", "90"};
    private static final JsonMapper JSON = new JsonMapper();

    /** The form of all layers of the blocks: that of the paper's tables, and that of the default. */
    private static final Map<String, Map<Option, String>> FORMS = new LinkedHashMap<>();
    /** More of the model for sequences: inputs of more bits, and with more entries as they are. */
    private static final Map<String, Map<Option, String>> OF_SEQUENCES = new LinkedHashMap<>();

    static {
        FORMS.put("W4A4, rank 16, α 5%", Map.of(Option.ACTIVATION_BITS, "4", Option.RANK, "16", Option.ALPHA, "0.05",
            Option.THRESHOLD_PERCENTILE, "99"));
        FORMS.put("W4A8, rank 32, α 1%", Map.of(Option.ACTIVATION_BITS, "8", Option.RANK, "32", Option.ALPHA, "0.01",
            Option.THRESHOLD_PERCENTILE, "99.9"));
        OF_SEQUENCES.put("W4A8, rank 16, α 5%", Map.of(Option.ACTIVATION_BITS, "8", Option.RANK, "16", Option.ALPHA, "0.05",
            Option.THRESHOLD_PERCENTILE, "99.9"));
        for (String[] form : new String[][] {{"16", "95"}, {"16", "90"}, {"24", "90"}, {"32", "90"}}) {
            OF_SEQUENCES.put("W4A4, rank " + form[0] + ", α 5%, percentile " + form[1], Map.of(Option.ACTIVATION_BITS, "4",
                Option.RANK, form[0], Option.ALPHA, "0.05", Option.THRESHOLD_PERCENTILE, form[1]));
        }
    }

    /** A full-precision model, and what others are to it. */
    private interface Subject {
        String name();

        QuantizedModel<? extends PackedNetwork> quantize(QuantizeConf recipe);

        /** Nats per graph and step, or per residue and evaluation. */
        double divergence(PackedNetwork quantized);
    }

    private FactorBench() {
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            System.err.println("error: bench factors takes the file of its results, found " + arguments.length + " arguments");
            System.exit(2);
        }
        Path results = Path.of(arguments[0]);
        Subject molecules = new Molecules();
        complete(molecules, FORMS, results);
        Sequences sequences = new Sequences();
        complete(sequences, FORMS, results);
        complete(sequences, OF_SEQUENCES, results);
        if (rows(results).stream().noneMatch(row -> row.has("inputs"))) {
            write(floor(sequences), results);
        }
        System.out.print(table(rows(results)));
    }

    private static List<JsonNode> rows(Path results) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.exists(results) ? Files.readAllLines(results) : List.<String>of()) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }

    private static void write(List<String> lines, Path results) throws IOException {
        Files.write(results, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Measures the forms of a model that the results lack. */
    private static void complete(Subject subject, Map<String, Map<Option, String>> forms, Path results) throws IOException {
        Map<String, Map<Option, String>> missing = new LinkedHashMap<>(forms);
        rows(results).stream().filter(row -> row.path("model").asText().equals(subject.name()))
            .forEach(row -> missing.remove(row.path("form").asText()));
        write(lines(subject, missing), results);
    }

    private static List<String> lines(Subject subject, Map<String, Map<Option, String>> forms) {
        List<String> lines = new ArrayList<>();
        forms.forEach((form, settings) -> {
            for (QuantizeConf.Factors factors : QuantizeConf.Factors.values()) {
                QuantizedModel<? extends PackedNetwork> quantized = subject.quantize(recipe(settings, factors));
                String line = JSON.createObjectNode().put("model", subject.name()).put("form", form)
                    .put("factors", factors.toString()).put("divergence", subject.divergence(quantized.model()))
                    .put("bytes", quantized.model().bytes()).toString();
                System.err.println(line);
                lines.add(line);
            }
        });
        return lines;
    }

    /** What inputs of 4 bits do alone, weights in full precision: of all layers, and of those of one module in every block. */
    private static List<String> floor(Sequences subject) {
        List<String> lines = new ArrayList<>();
        for (String percentile : PERCENTILES) {
            lines.add(floor(subject, "all", percentile, flags(Map.of(Option.THRESHOLD_PERCENTILE, percentile))));
        }
        subject.full.spec().layers().stream().filter(NetworkSpec.Layer::quantized).map(NetworkSpec.Layer::module).distinct()
            .forEach(module -> {
                String pattern = subject.full.spec().layers().stream().filter(layer -> layer.block() == 0
                    && layer.module().equals(module)).findFirst().orElseThrow().name().replaceFirst("0", "*");
                Map<Option, List<String>> one = flags(Map.of(Option.ACTIVATION_BITS, "32"));
                one.put(Option.OVERRIDE, List.of(pattern + ":activation-bits=4,threshold-percentile=" + PERCENTILES[0]
                    + ",activation-scale=static"));
                lines.add(floor(subject, module, PERCENTILES[0], one));
            });
        return lines;
    }

    private static Map<Option, List<String>> flags(Map<Option, String> changes) {
        Map<Option, List<String>> flags = new EnumMap<>(Option.class);
        Map.of(Option.METHOD, "rtn", Option.WEIGHT_BITS, "32", Option.ACTIVATION_BITS, "4", Option.ACTIVATION_SCALE, "static",
            Option.OUT, "out").forEach((option, value) -> flags.put(option, List.of(value)));
        changes.forEach((option, value) -> flags.put(option, List.of(value)));
        return flags;
    }

    private static String floor(Sequences subject, String layers, String percentile, Map<Option, List<String>> flags) {
        PackedNetwork model = subject.quantize(JobConf.of(Settings.load(Optional.empty(), flags)).quantize()).model();
        String line = JSON.createObjectNode().put("inputs", layers).put("percentile", percentile)
            .put("divergence", subject.divergence(model)).toString();
        System.err.println(line);
        return line;
    }

    private static QuantizeConf recipe(Map<Option, String> form, QuantizeConf.Factors factors) {
        Map<Option, List<String>> flags = new EnumMap<>(Option.class);
        form.forEach((option, value) -> flags.put(option, List.of(value)));
        flags.put(Option.METHOD, List.of("bit-dgdm"));
        flags.put(Option.WEIGHT_BITS, List.of("4"));
        flags.put(Option.RESIDUAL, List.of("0"));
        flags.put(Option.OUTER_BITS, List.of("32"));
        flags.put(Option.FACTORS, List.of(factors.toString()));
        flags.put(Option.OUT, List.of("out"));
        return JobConf.of(Settings.load(Optional.empty(), flags)).quantize();
    }

    static String table(List<JsonNode> rows) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "KL in nats from full precision, along runs of it"
            + " that nothing was fitted to: of molecules per graph and step, %d graphs of %d to %d nodes and %d steps; of"
            + " sequences per residue and evaluation, %d samples of %d evaluations of each backbone. What lies outside the"
            + " blocks is in full precision.%n%n| model | form, no residual | KL, published factors | KL, aware factors | ÷ |"
            + " bytes, published | bytes, aware |%n|---|---|---|---|---|---|---|%n", GRAPHS, Molecules.NODES - GRAPHS + 1,
            Molecules.NODES, STEPS, SAMPLES, EVALUATIONS));
        for (JsonNode published : rows) {
            if (!published.path("factors").asText().equals("weight")) {
                continue;
            }
            JsonNode aware = rows.stream().filter(row -> row.path("model").equals(published.path("model"))
                && row.path("form").equals(published.path("form")) && row.path("factors").asText().equals("aware"))
                .findFirst().orElseThrow();
            double before = published.path("divergence").asDouble();
            double after = aware.path("divergence").asDouble();
            text.append(String.format(Locale.ROOT, "| %s | %s | %.3g | %.3g | %.1f | %,d | %,d |%n",
                published.path("model").asText(), published.path("form").asText(), before, after, before / after,
                published.path("bytes").asLong(), aware.path("bytes").asLong()));
        }
        text.append(String.format(Locale.ROOT, "%nInputs of 4 bits alone, all weights in full precision: KL of"
            + " conf/models/gradeif by the percentile of thresholds, and with the inputs of one module of every block in 4 bits"
            + " and all others in full precision. No rank takes this away.%n%n| inputs in 4 bits | percentile | KL |%n"
            + "|---|---|---|%n"));
        rows.stream().filter(row -> row.has("inputs")).forEach(row -> text.append(String.format(Locale.ROOT,
            "| %s | %s | %.3g |%n", row.path("inputs").asText(), row.path("percentile").asText(),
            row.path("divergence").asDouble())));
        return text.toString();
    }

    private static BackendOptions backend() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null);
    }

    /** Nats per step of graphs of the sizes that the model draws. */
    private static double[] ofGraphs(PackedModel full, PackedModel quantized, int graphs, int count) {
        List<Sampler.Step> steps = Sampler.of(full.diffusion()).steps(full.diffusion(), count);
        double[] sums = new double[graphs];
        try (CpuDenoiser exact = new CpuDenoiser(full, backend()); CpuDenoiser other = new CpuDenoiser(quantized, backend())) {
            for (SizeGroup group : SizeGroup.of(full.diffusion(), SEED, 0, graphs)) {
                int nodes = group.n() * full.architecture().nodeTypes();
                int edges = group.n() * group.n() * full.architecture().edgeTypes();
                int batch = group.ids().length;
                GraphBatch state = InitialNoise.draw(full.diffusion(), group.n(), group.ids(), SEED, exact.firstCounter(steps));
                for (Sampler.Step step : steps) {
                    float[][] p = {new float[batch * nodes], new float[batch * edges]};
                    float[][] q = {new float[batch * nodes], new float[batch * edges]};
                    exact.logits(state, step, p[0], p[1]);
                    other.logits(state, step, q[0], q[1]);
                    for (int g = 0; g < batch; g++) {
                        sums[(int) group.ids()[g]] += ofGraph(full.architecture(), group.n(), g, p, q, step.at()) / count;
                    }
                    exact.advance(state, SEED, List.of(step));
                }
            }
        }
        return sums;
    }

    private static double ofGraph(Architecture architecture, int n, int graph, float[][] p, float[][] q, int time) {
        int a = architecture.nodeTypes();
        int b = architecture.edgeTypes();
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Divergence.between(p[0], q[0], (graph * n + i) * a, a, time);
            for (int j = i + 1; j < n; j++) {
                sum += Divergence.between(p[1], q[1], ((graph * n + i) * n + j) * b, b, time);
            }
        }
        return sum;
    }

    /** MOSES's vocabulary and widths, weights at random. */
    private static final class Molecules implements Subject {
        private static final int NODES = 27;
        // As in the published configuration.
        private static final int HEADS = 8;
        private static final int TIMES = 500;
        private static final int DX = 256;
        private static final int DE = 64;
        private static final int DY = 128;
        private static final int FEED_FORWARD_Y = 2048;

        private final PackedModel full = random();
        private final Calibrations calibrations = new Calibrations(full, 0, model -> new CpuDenoiser(model, backend()));

        @Override
        public String name() {
            return "MOSES's widths, random weights, " + BLOCKS + " blocks";
        }

        @Override
        public QuantizedModel<PackedModel> quantize(QuantizeConf recipe) {
            return Quantization.quantize(calibrations, recipe);
        }

        @Override
        public double divergence(PackedNetwork quantized) {
            return Arrays.stream(ofGraphs(full, (PackedModel) quantized, GRAPHS, STEPS)).average().orElseThrow();
        }

        private static PackedModel random() {
            Random random = new Random(SEED);
            Architecture architecture = new Architecture(Variant.MAIN, BLOCKS, HEADS, 8, 5, NODES, TIMES, FeatureSet.ALL, true,
                new float[] {12, 14, 32, 16, 19, 35.4f, 79.9f, 1}, 350);
            float[] sizes = new float[NODES + 1];
            for (int n = NODES - GRAPHS + 1; n <= NODES; n++) {
                sizes[n] = 1f / GRAPHS;
            }
            Diffusion diffusion = Diffusion.cosine(TIMES, new float[] {0.72f, 0.14f, 0.02f, 0.10f, 0.01f, 0.005f, 0.005f, 0},
                new float[] {0.91f, 0.045f, 0.006f, 0.0003f, 0.037f}, sizes);
            ToIntFunction<String> widths = name -> switch (NetworkSpec.module(name)) {
                case "mlp_in_X.0", "mlp_in_X.2", "mlp_out_X.0", "linX1", "mlp_in_y.0" -> DX;
                case "mlp_in_E.2" -> DE;
                case "mlp_in_E.0", "mlp_out_E.0", "linE1", "mlp_in_y.2", "self_attn.y_out.0" -> DY;
                case "lin_y1" -> FEED_FORWARD_Y;
                default -> throw new IllegalArgumentException(name);
            };
            return TinyModel.random(architecture, diffusion, widths, random);
        }
    }

    /** The shipped model for sequences. */
    private static final class Sequences implements Subject {
        private static final int CLASSES = ProteinGraph.LETTERS.length();

        private final ProteinBundle bundle = ProteinBundle.load(Path.of("conf/models/gradeif"));
        private final PackedProteinModel full = bundle.packed();
        private final List<ProteinGraph> backbones;
        private final ProteinCalibrations calibrations;

        Sequences() throws IOException {
            FeatureScales scales = FeatureScales.of(bundle.tables());
            List<ProteinGraph> found = new ArrayList<>();
            try (Stream<Path> files = Files.list(Path.of("conf/structures"))) {
                for (Path file : files.filter(path -> StructureFile.isNamed(path.toString())).sorted().toList()) {
                    for (StructureFile.Found chain : StructureFile.read(Files.readAllBytes(file)).chains()) {
                        found.add(ProteinFeatures.of(chain.chain(), scales));
                    }
                }
            }
            this.backbones = List.copyOf(found);
            this.calibrations = new ProteinCalibrations(full, 0, () -> new CpuProteinDenoiser(full, backend()),
                recipe -> backbones);
        }

        @Override
        public String name() {
            return "conf/models/gradeif";
        }

        @Override
        public QuantizedModel<PackedProteinModel> quantize(QuantizeConf recipe) {
            return Quantization.quantize(calibrations, recipe);
        }

        @Override
        public double divergence(PackedNetwork quantized) {
            double[] sum = new double[2];
            try (ProteinDenoiser exact = new CpuProteinDenoiser(full, backend());
                 ProteinDenoiser other = new CpuProteinDenoiser((PackedProteinModel) quantized, backend())) {
                SequenceSampler sampler = new SequenceSampler(exact.diffusion(), exact.diffusion().trained(), EVALUATIONS, true,
                    SEED);
                for (int at = 0; at < backbones.size(); at++) {
                    add(exact, other, sampler, at, sum);
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("stopped", stopped);
            }
            return sum[0] / sum[1];
        }

        /** Sum of divergences, and their number. */
        private void add(ProteinDenoiser exact, ProteinDenoiser other, SequenceSampler sampler, int at, double[] sum)
            throws InterruptedException {
            ProteinGraph backbone = backbones.get(at);
            int n = backbone.residues();
            try (ProteinDenoiser.Conditioned network = exact.condition(backbone);
                 ProteinDenoiser.Conditioned quantized = other.condition(backbone)) {
                sampler.sample(network, at, 0, sampler.start(n, at, 0, SAMPLES), new boolean[n], (sequences, t) -> {
                    float[] p = new float[sequences.length * CLASSES];
                    float[] q = new float[p.length];
                    network.logits(sequences, t, p);
                    quantized.logits(sequences, t, q);
                    for (int from = 0; from < p.length; from += CLASSES) {
                        sum[0] += Divergence.between(p, q, from, CLASSES, t);
                        sum[1]++;
                    }
                });
            }
        }
    }
}
