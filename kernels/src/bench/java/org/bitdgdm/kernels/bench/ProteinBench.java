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
import java.util.List;
import java.util.Map;
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
 * 10 neighbours each: 50 samples at once, and one sample 50 times, beside the same network in PyTorch, which checks the logits first.
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
    /** All samples in one evaluation. */
    static final String MANY = "many samples";
    /** One sample in as many evaluations. */
    static final String ONE = "one sample";
    private static final double NANOS = 1e-9;

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
        lines.add(Machine.here(options.home()).begin().put("date", LocalDate.now(ZoneOffset.UTC).toString())
            .put("threads", options.threads()).put("repeats", options.repeats()).put("layers", LAYERS).put("width", WIDTH)
            .put("residues", RESIDUES).put("samples", SAMPLES).put("others_share", Machine.busyShare()));
        bench.peer(lines);
        bench.rates(Setting.FP32.name(), bench.full, lines);
        bench.rates("W8A8, scale per row", bench.quantized(), lines);
        lines.add(ResultLines.line(ResultLines.END).put("others_share", Machine.busyShare()));
    }

    private PackedProteinModel quantized() {
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear layer : full.linears()) {
            linears.add(layer.name.startsWith("mpnn_layes.") ? PackedForms.perRow(layer, Setting.W8A8) : layer);
        }
        return new PackedProteinModel(full.architecture(), full.diffusion(), linears, full.norms());
    }

    private void rates(String setting, PackedProteinModel model, ResultLines lines) {
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(model, new BackendOptions(options.threads(), options.cpuIsa(),
            null)); ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            float[] many = new float[sequences.length * 20];
            add(lines, setting, MANY, rate(() -> network.logits(sequences, TIME, many)));
            byte[] one = new byte[RESIDUES];
            System.arraycopy(sequences, 0, one, 0, RESIDUES);
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
     * Measures PyTorch: a line for each of its works and batch sizes, and one that says its version or why it was skipped.
     *
     * @throws IllegalStateException if its logits differ
     */
    private void peer(ResultLines lines) throws IOException, InterruptedException {
        Path file = Files.createTempFile("protein", ".bin");
        try {
            Files.write(file, input());
            Programs.Outcome outcome;
            try {
                outcome = Programs.run(options.home(), List.of(options.python(), "kernels/src/bench/python/gradeif_torch.py",
                    "--file", file.toString(), "--threads", Integer.toString(options.threads()), "--repeats",
                    Integer.toString(options.repeats()), "--seconds", Double.toString(options.seconds())), "");
            } catch (IOException e) {
                lines.add(ResultLines.line(ResultLines.PEER).put("note", "peer skipped: " + e.getMessage()));
                return;
            }
            if (outcome.code() == SKIPPED) {
                lines.add(ResultLines.line(ResultLines.PEER).put("note", outcome.output().strip()));
                return;
            }
            if (outcome.code() != 0) {
                throw new IllegalStateException("the peer must agree with the cpu backend before it is timed, found:\n"
                    + outcome.output());
            }
            JsonNode json = new ObjectMapper().readTree(outcome.output());
            lines.add(ResultLines.line(ResultLines.PEER).put("torch", json.get("torch").asText())
                .put("error", json.get("error").asDouble()));
            for (JsonNode row : json.get("rows")) {
                ObjectNode line = ResultLines.line(ResultLines.PEER)
                    .put("work", row.get("work").asText().equals("one sample") ? ONE : MANY)
                    .put("batch", row.path("batch").asInt());
                double[] rates = StreamSupport.stream(row.get("rates").spliterator(), false).mapToDouble(JsonNode::asDouble)
                    .toArray();
                Spread.of(rates).write(line.putObject("evaluations_per_second"));
                lines.add(line);
            }
        } finally {
            Files.delete(file);
        }
    }

    /** A line of JSON and the numbers that it describes: the protein, sequences, and the logits of the first of them. */
    private byte[] input() throws IOException {
        float[] logits = new float[RESIDUES * 20];
        byte[] one = new byte[RESIDUES];
        System.arraycopy(sequences, 0, one, 0, RESIDUES);
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(full, new BackendOptions(1, options.cpuIsa(), null));
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            network.logits(one, TIME, logits);
        }
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
