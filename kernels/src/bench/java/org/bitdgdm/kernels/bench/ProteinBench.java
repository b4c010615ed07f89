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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
    private static final double NANOS = 1e-9;

    private final BenchOptions options;
    private final PackedProteinModel full = TestProteins.published(TestProteins.diffusion(500));
    private final ProteinGraph protein = TestProteins.random(RESIDUES, 1);
    private final byte[] sequences = TestProteins.sequence(SAMPLES * RESIDUES, 2);

    private ProteinBench(BenchOptions options) {
        this.options = options;
    }

    /** Measures, and returns a page in Markdown. */
    static String page(BenchOptions options) throws IOException, InterruptedException {
        return new ProteinBench(options).page();
    }

    private String page() throws IOException, InterruptedException {
        StringBuilder page = new StringBuilder("# Proteins\n\n").append(String.format(Locale.ROOT, "GraDe-IF's network in the"
            + " published configuration (%d layers, %d wide, weights by a formula) on %d residues with 10 neighbours each, %s, %d"
            + " threads; evaluations of a sequence per second, the median of %d repeats. Edges depend on the backbone alone: the"
            + " cpu backend computes them once for a protein, the peer once for a call, as published.%n%n", LAYERS, WIDTH,
            RESIDUES, Machine.here(options.home()).cpu(), options.threads(), options.repeats()));
        double[] peer = new double[2];
        String told = peer(peer);
        page.append("| | ").append(SAMPLES).append(" samples, 1 evaluation | ÷ peer | 1 sample, ").append(SAMPLES)
            .append(" evaluations | ÷ peer |\n|---|---|---|---|---|\n");
        row(page, "FP32", full, peer);
        row(page, "W8A8, scale per row", quantized(), peer);
        page.append(String.format(Locale.ROOT, "| PyTorch FP32 | %s |  | %s |  |%n%n%s%n", number(peer[0]), number(peer[1]),
            told));
        return page.toString();
    }

    private static String number(double rate) {
        return rate > 0 ? String.format(Locale.ROOT, "%.1f", rate) : "not measured";
    }

    private PackedProteinModel quantized() {
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear layer : full.linears()) {
            linears.add(layer.name.startsWith("mpnn_layes.") ? PackedForms.perRow(layer, Setting.W8A8) : layer);
        }
        return new PackedProteinModel(full.architecture(), full.diffusion(), linears, full.norms());
    }

    private void row(StringBuilder page, String name, PackedProteinModel model, double[] peer) {
        double[] rates = new double[2];
        try (ProteinDenoiser denoiser = new CpuProteinDenoiser(model, new BackendOptions(options.threads(), options.cpuIsa(),
            null)); ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            float[] many = new float[sequences.length * 20];
            rates[0] = rate(() -> network.logits(sequences, TIME, many));
            byte[] one = new byte[RESIDUES];
            System.arraycopy(sequences, 0, one, 0, RESIDUES);
            float[] logits = new float[RESIDUES * 20];
            rates[1] = rate(() -> {
                for (int t = 0; t < SAMPLES; t++) {
                    network.logits(one, STRIDE * (t + 1), logits);
                }
            });
        }
        page.append("| ").append(name);
        for (int k = 0; k < 2; k++) {
            page.append(" | ").append(number(rates[k])).append(" | ")
                .append(peer[k] > 0 ? String.format(Locale.ROOT, "%.2f×", rates[k] / peer[k]) : "");
        }
        page.append(" |\n");
    }

    /** Evaluations per second of work that makes {@value #SAMPLES} of them. */
    private double rate(Runnable work) {
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
        return Spread.of(rates).median();
    }

    /**
     * Measures PyTorch.
     *
     * @param rates of many samples and of one; 0 where it is skipped
     * @return its version, or why it was skipped
     * @throws IllegalStateException if its logits differ
     */
    private String peer(double[] rates) throws IOException, InterruptedException {
        Path file = Files.createTempFile("protein", ".bin");
        try {
            Files.write(file, input());
            Programs.Outcome outcome;
            try {
                outcome = Programs.run(options.home(), List.of(options.python(), "kernels/src/bench/python/gradeif_torch.py",
                    "--file", file.toString(), "--threads", Integer.toString(options.threads()), "--repeats",
                    Integer.toString(options.repeats()), "--seconds", Double.toString(options.seconds())), "");
            } catch (IOException e) {
                return "peer skipped: " + e.getMessage();
            }
            if (outcome.code() == SKIPPED) {
                return outcome.output().strip();
            }
            if (outcome.code() != 0) {
                throw new IllegalStateException("the peer must agree with the cpu backend before it is timed, found:\n"
                    + outcome.output());
            }
            JsonNode json = new ObjectMapper().readTree(outcome.output());
            int best = 0;
            for (JsonNode row : json.get("rows")) {
                int work = row.get("work").asText().equals("one sample") ? 1 : 0;
                if (row.get("median").asDouble() > rates[work]) {
                    rates[work] = row.get("median").asDouble();
                    best = work == 0 ? row.get("batch").asInt() : best;
                }
            }
            return String.format(Locale.ROOT, "PyTorch %s, its best batch of the many samples %d; its logits differ from ours by at"
                + " most %.2g.", json.get("torch").asText(), best, json.get("error").asDouble());
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
