package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.StreamSupport;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.TestProteins;

/**
 * Evaluations of the network of proteins in the published configuration (6 layers, 128 wide) on a protein of 150 residues with
 * 10 neighbours each: 50 samples at once, and one sample 50 times, beside the same network in PyTorch, ONNX Runtime and
 * libtorch, whose logits are checked first.
 */
final class ProteinBench {
    private static final int RESIDUES = 150;
    private static final int SAMPLES = 50;
    private static final int LAYERS = 6;
    private static final int WIDTH = 128;
    private static final int TIME = 250;
    private static final int STRIDE = 10;
    private static final int SKIPPED = 3;
    /** Of lines of results: a rate of ours. */
    static final String KIND = "protein";
    /** Of lines of what an evaluation takes at least. */
    static final String WORK = "protein_work";
    /** All samples in one evaluation. */
    static final String MANY = "many samples";
    /** One sample in as many evaluations. */
    static final String ONE = "one sample";
    private static final double NANOS = 1e-9;
    /** FP32 sums of 6 layers in other orders; the network's logits are of order 1. */
    private static final double TOLERANCE = 2e-3;
    /** Words and files of the runtimes. */
    private static final Map<String, String> RUNTIMES = Map.of("onnx", "network.onnx", "libtorch", "network.pt");

    private final BenchOptions options;
    private final PackedProteinModel full = TestProteins.published(TestProteins.diffusion(500));
    private final ProteinGraph protein = TestProteins.random(RESIDUES, 1);
    private final byte[] sequences = TestProteins.sequence(SAMPLES * RESIDUES, 2);

    private ProteinBench(BenchOptions options) {
        this.options = options;
    }

    /** Measures; every rate is a line of results, from which {@link ProteinPage} is made. */
    static void measure(BenchOptions options, ResultLines lines) throws IOException, InterruptedException {
        ProteinBench bench = new ProteinBench(options);
        Peaks peaks = KernelBench.build(options).peaks();
        lines.add(Machine.here(options.home()).begin().put("date", LocalDate.now(ZoneOffset.UTC).toString())
            .put("threads", options.threads()).put("repeats", options.repeats()).put("layers", LAYERS).put("width", WIDTH)
            .put("residues", RESIDUES).put("samples", SAMPLES)
            .put("float_peak", peaks.floatOperations(options.threads()))
            .put("integer_peak", peaks.integerOperations(options.threads())).put("others_share", Machine.busyShare()));
        bench.peers(lines);
        bench.rates(Setting.FP32.name(), bench.full, lines);
        bench.rates("W8A8, scale per row", bench.blocks((layer, input) -> PackedForms.perRow(layer, Setting.W8A8)), lines);
        bench.rates("W8A8, static scales", bench.blocks(PackedForms::staticW8A8), lines);
        bench.rates("Bit-DGDM W4A8, rank 32, α 1%", bench.blocks(PackedForms::byDefault), lines);
        lines.add(ResultLines.line(ResultLines.END).put("others_share", Machine.busyShare()));
    }

    /** The model with every layer of its blocks in a form that may look at the layer's inputs. */
    private PackedProteinModel blocks(BiFunction<PackedLinear, float[], PackedLinear> form) {
        Map<String, float[]> inputs = new HashMap<>();
        Map<String, Integer> widths = new HashMap<>();
        full.linears().forEach(layer -> widths.put(layer.name, layer.in));
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(full, new BackendOptions(1, options.cpuIsa(), null));
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            network.record(Arrays.copyOf(sequences, RESIDUES), TIME, (layer, input, rows) ->
                inputs.put(layer, PackedForms.some(input, rows, widths.get(layer))));
        }
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear layer : full.linears()) {
            linears.add(inputs.containsKey(layer.name) ? form.apply(layer, inputs.get(layer.name)) : layer);
        }
        return new PackedProteinModel(full.architecture(), full.diffusion(), linears, full.norms());
    }

    private void rates(String setting, PackedProteinModel model, ResultLines lines) {
        ObjectNode work = ResultLines.line(WORK).put("setting", setting);
        ProteinWork.of(model, protein).write(work);
        lines.add(work);
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(model, new BackendOptions(options.threads(), options.cpuIsa(),
            null)); ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            float[] many = new float[sequences.length * 20];
            add(lines, setting, MANY, rate(() -> network.logits(sequences, TIME, many)));
            byte[] one = Arrays.copyOf(sequences, RESIDUES);
            float[] logits = new float[RESIDUES * 20];
            add(lines, setting, ONE, rate(() -> {
                for (int t = 0; t < SAMPLES; t++) {
                    network.logits(one, STRIDE * (t + 1), logits);
                }
            }));
        }
    }

    private static void add(ResultLines lines, String setting, String work, Spread rate) {
        ObjectNode line = ResultLines.line(KIND).put("setting", setting).put("work", work);
        rate.write(line.putObject("evaluations_per_second"));
        lines.add(line);
    }

    /** Evaluations per second of work that makes {@value #SAMPLES} of them. */
    private Spread rate(Runnable work) {
        work.run();
        long start = System.nanoTime();
        work.run();
        int times = Math.max(1, (int) (options.seconds() / ((System.nanoTime() - start) * NANOS)));
        double[] rates = new double[options.repeats()];
        for (int repeat = 0; repeat < rates.length; repeat++) {
            start = System.nanoTime();
            for (int k = 0; k < times; k++) {
                work.run();
            }
            rates[repeat] = times * SAMPLES / ((System.nanoTime() - start) * NANOS);
        }
        return Spread.of(rates);
    }

    /**
     * Measures PyTorch, ONNX Runtime and libtorch: a line for each of their works, layouts and batch sizes, and one for each
     * that is not there, which says why.
     *
     * @throws IllegalStateException if the logits of one differ
     */
    private void peers(ResultLines lines) throws IOException, InterruptedException {
        Path folder = PeerRuntime.folder(options).resolve("protein");
        Files.createDirectories(folder);
        Path file = folder.resolve("protein");
        float[] logits = logits();
        Files.write(file, input(logits));
        Programs.Outcome torch;
        try {
            torch = torch(file, List.of("--threads", Integer.toString(options.threads()), "--repeats",
                Integer.toString(options.repeats()), "--seconds", Double.toString(options.seconds())));
        } catch (IOException e) {
            note(lines, "peers skipped: " + e.getMessage());
            return;
        }
        if (torch.code() == SKIPPED) {
            note(lines, torch.output().strip());
            return;
        }
        JsonNode json = new ObjectMapper().readTree(torch.output());
        String version = "PyTorch " + json.get("torch").asText();
        for (JsonNode row : json.get("rows")) {
            double[] rates = StreamSupport.stream(row.get("rates").spliterator(), false).mapToDouble(JsonNode::asDouble)
                .toArray();
            addPeer(lines, version, row.get("work").asText(), 1, options.threads(), row.path("batch").asInt(), Spread.of(rates));
        }
        torch(file, List.of("--export", folder.toString()));
        if (!PeerRuntime.fetch(options)) {
            note(lines, "ONNX Runtime and libtorch skipped: Maven cannot fetch them");
            return;
        }
        runtimes(folder, logits, lines);
    }

    private Programs.Outcome torch(Path file, List<String> flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(options.python(), "kernels/src/bench/python/gradeif_torch.py", "--file",
            file.toString()));
        command.addAll(flags);
        Programs.Outcome outcome = Programs.run(options.home(), command, "");
        if (outcome.code() != 0 && outcome.code() != SKIPPED) {
            throw new IllegalStateException("the peer must agree with the cpu backend before it is timed, found:\n"
                + outcome.output());
        }
        return outcome;
    }

    private void runtimes(Path folder, float[] logits, ResultLines lines) throws IOException {
        Path inputs = folder.resolve("inputs");
        float[] classes = new float[sequences.length * 20 + SAMPLES];
        for (int k = 0; k < sequences.length; k++) {
            classes[k * 20 + sequences[k]] = 1;
        }
        Arrays.fill(classes, sequences.length * 20, classes.length, TIME);
        Files.write(inputs, floats(classes).array());
        Files.write(Path.of(inputs + ".shapes"), List.of("classes " + RESIDUES + " 20", "times 1"));
        for (Map.Entry<String, String> runtime : RUNTIMES.entrySet()) {
            for (int callers : options.threads() == 1 ? List.of(1) : List.of(1, options.threads())) {
                int threads = options.threads() / callers;
                try (PeerRuntime running = new PeerRuntime(options, runtime.getKey(), folder.resolve(runtime.getValue()), inputs,
                    callers, threads)) {
                    check(running, logits, folder.resolve("logits"));
                    for (int batch : List.of(5, SAMPLES / 2, SAMPLES)) {
                        if (batch * callers <= SAMPLES) {
                            addPeer(lines, running.version(), MANY, callers, threads, batch, running.rate(batch));
                        }
                    }
                    // Evaluations of one sample follow one another.
                    if (callers == 1) {
                        addPeer(lines, running.version(), ONE, callers, threads, 1, running.rate(1));
                    }
                }
            }
        }
    }

    private static void check(PeerRuntime running, float[] logits, Path file) throws IOException {
        float[] found = new float[logits.length];
        running.logits(1, file).get(found);
        double off = StepBench.difference(logits, found, true);
        if (!(off <= TOLERANCE)) {
            throw new IllegalStateException(running.version() + " must have logits near ours, found them off by " + off
                + "; nothing is timed");
        }
    }

    private static void note(ResultLines lines, String note) {
        lines.add(ResultLines.line(ResultLines.PEER).put("note", note));
    }

    private static void addPeer(ResultLines lines, String version, String work, int callers, int threads, int batch, Spread rate) {
        ObjectNode line = ResultLines.line(ResultLines.PEER).put("version", version).put("work", work).put("callers", callers)
            .put("threads", threads).put("batch", batch);
        rate.write(line.putObject("evaluations_per_second"));
        lines.add(line);
    }

    /** Of the first sequence. */
    private float[] logits() {
        float[] logits = new float[RESIDUES * 20];
        byte[] one = Arrays.copyOf(sequences, RESIDUES);
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(full, new BackendOptions(1, options.cpuIsa(), null));
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            network.logits(one, TIME, logits);
        }
        return logits;
    }

    /** A line of JSON and the numbers that it describes: the protein, sequences, and the logits of the first of them. */
    private byte[] input(float[] logits) {
        ObjectNode head = new ObjectMapper().createObjectNode().put("layers", LAYERS).put("d", WIDTH).put("m", WIDTH)
            .put("time", TIME);
        ByteArrayOutputStream numbers = new ByteArrayOutputStream();
        ObjectNode tensors = head.putObject("tensors");
        int edges = protein.sources().length;
        for (Map.Entry<String, float[]> named : Map.of("nodes", protein.nodeFeatures(), "structure", protein.structure(),
            "positions", protein.positions(), "edges", protein.edgeFeatures(), "logits", logits).entrySet()) {
            int rows = named.getKey().equals("edges") ? edges : RESIDUES;
            add(tensors, numbers, named.getKey(), "f", new int[] {rows, named.getValue().length / rows},
                floats(named.getValue()));
        }
        add(tensors, numbers, "sources", "i", new int[] {edges}, ints(protein.sources()));
        add(tensors, numbers, "targets", "i", new int[] {edges}, ints(protein.targets()));
        int[] classes = new int[sequences.length];
        for (int k = 0; k < classes.length; k++) {
            classes[k] = sequences[k];
        }
        add(tensors, numbers, "sequences", "i", new int[] {SAMPLES, RESIDUES}, ints(classes));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes((head + "\n").getBytes(StandardCharsets.UTF_8));
        all.writeBytes(numbers.toByteArray());
        return all.toByteArray();
    }

    private static void add(ObjectNode tensors, ByteArrayOutputStream numbers, String name, String kind, int[] shape,
                            ByteBuffer values) {
        ObjectNode entry = tensors.putObject(name).put("kind", kind).put("at", numbers.size());
        for (int side : shape) {
            entry.withArray("shape").add(side);
        }
        numbers.writeBytes(values.array());
    }

    private static ByteBuffer floats(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes;
    }

    private static ByteBuffer ints(int[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        return bytes;
    }
}
