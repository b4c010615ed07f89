package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.CudaDenoiser;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;

/**
 * The benchmark of the cuda backend: bounds that follow from the data sheets, and, where there is a GPU, checks, times of
 * whole steps and of their terms, and PyTorch on the same GPU. Writes one Markdown file.
 *
 * <p>Checks: logits of the shipped model against the reference (FP32 within 1e-4 + 1e-4 |reference|) and graphs over 50
 * steps against the cpu backend. Times: whole steps, by the wall clock around calls that end with a synchronization.
 */
final class CudaBench {
    private static final long SEED = 1;
    private static final int CHECKED_GRAPHS = 256;
    private static final int CHECKED_STEPS = 50;
    private static final double TOLERANCE = 1e-4;
    private static final double MIN_IDENTICAL = 0.99;
    private static final int REPEATS = 11;
    private static final int STEPS_PER_CALL = 25;
    private static final int TERMS_BATCH = 1024;
    private static final int SAMPLE_GRAPHS = 4;
    private static final double NANOS = 1e9;
    private static final double MICRO = 1e6;
    /** Below this line a report is written by people, and kept. */
    private static final String HANDWRITTEN = "## What the kernels do about each term";
    private static final int PEER_SKIPPED = 3;

    private final Path home;
    private final String python;
    private final StringBuilder report = new StringBuilder();
    private boolean passed = true;
    private double fastestPeer = Double.NaN;

    private CudaBench(Path home, String python) {
        this.home = home;
        this.python = python;
    }

    /** @param flags those of {@link BenchOptions#CUDA_USAGE} */
    static void run(Path home, List<String> flags) throws IOException, InterruptedException {
        boolean bounds = false;
        boolean quick = false;
        String python = "/usr/bin/python3";
        Path file = home.resolve("kernels/benchmarks/cuda.md");
        List<String> left = new ArrayList<>(flags);
        while (!left.isEmpty()) {
            String flag = left.remove(0);
            if (flag.equals("--bounds")) {
                bounds = true;
            } else if (flag.equals("--short")) {
                quick = true;
            } else if (flag.equals("--report") && !left.isEmpty()) {
                file = home.resolve(left.remove(0));
            } else if (flag.equals("--python") && !left.isEmpty()) {
                python = left.remove(0);
            } else {
                throw new IllegalArgumentException(flag + " is no flag of the cuda benchmark, or lacks its value\n"
                    + BenchOptions.CUDA_USAGE);
            }
        }
        CudaBench bench = new CudaBench(home, python);
        if (quick) {
            bench.check(8, 2);
        } else {
            bench.write(file, bounds);
        }
        if (!bench.passed) {
            throw new IllegalStateException("a check of the cuda backend failed, see above");
        }
    }

    private void write(Path file, boolean bounds) throws IOException, InterruptedException {
        String device = bounds ? "" : device();
        line("# Speed of the cuda backend");
        line("");
        line("Written by `./submit.sh bench --backend cuda%s`. Do not edit above \"%s\".", bounds ? " --bounds" : "",
            HANDWRITTEN.substring(3));
        bounds();
        line("## Measured");
        line("");
        if (bounds) {
            line("Not measured on a GPU: none was at hand. With one, this section has device, driver and commit, the checks"
                + " against the reference and the cpu backend, times of whole steps in every setting and precision, times per"
                + " term beside the bounds, PyTorch on the same GPU in FP32, BF16 and compiled BF16, and peaks of device"
                + " memory.");
        } else {
            line("%s, %s, commit %s", device, driver(), Machine.here(home).commit());
            check(CHECKED_GRAPHS, CHECKED_STEPS);
            peer();
            times("qm9", List.of(64, 256, 512, 1024, 4096, 16384));
            terms();
            times("moses", List.of(64, 256, 1024));
            times("planar", List.of(16, 64, 256));
        }
        line("");
        String below = Files.exists(file) ? Files.readString(file) : "";
        int from = below.indexOf(HANDWRITTEN);
        report.append(from < 0 ? HANDWRITTEN + "\n" : below.substring(from));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, report);
        System.err.println("written " + file);
    }

    /** What is measured; refuses where there is no GPU. */
    private static String device() {
        try {
            return Denoisers.probe(Backend.CUDA, BackendOptions.defaults());
        } catch (KernelException e) {
            throw new IllegalArgumentException(e.getMessage()
                + "; the benchmark needs a GPU, but for its bounds: --backend cuda --bounds", e);
        }
    }

    private String driver() throws InterruptedException {
        try {
            return Programs.run(home, List.of("nvidia-smi", "--query-gpu=driver_version,clocks.max.sm",
                "--format=csv,noheader"), "").output().strip().replace('\n', ';');
        } catch (IOException e) {
            return "driver not known: " + e.getMessage();
        }
    }

    private void line(String format, Object... values) {
        String line = values.length == 0 ? format : String.format(Locale.ROOT, format, values);
        System.out.println(line);
        report.append(line).append('\n');
    }

    private void bounds() {
        for (String name : List.of("qm9", "moses", "planar")) {
            BenchModel model = BenchModel.of(name);
            line("");
            line("## Bounds: %s", model.name());
            line("");
            line("µs of one graph and step, derived from the model's operations and the rates of data sheets, not measured;"
                + " features as %.0f times fewer instructions than one warp for a graph takes. Total: the larger of memory"
                + " and the sum of the others.", CudaBudget.featureOverhead(model.nodes()));
            Map<Setting, PackedModel> packed = new LinkedHashMap<>();
            Map<Setting, Workload> work = new LinkedHashMap<>();
            try (CpuDenoiser cpu = new CpuDenoiser(model.full(), cpuOptions())) {
                GraphBatch graphs = model.graphs(1, cpu);
                for (Setting setting : Setting.ALL) {
                    packed.put(setting, PackedForms.of(model.full(), setting, cpu, graphs, model.startTime()));
                    work.put(setting, work(packed.get(setting), model, graphs));
                }
            }
            for (CudaBudget.Gpu gpu : CudaBudget.Gpu.ALL) {
                String terms = String.join(" | ", CudaBudget.TERMS);
                line("");
                line("| %s | %s | total | graph-steps/s at most |", gpu.name(), terms);
                line("|---|%s---|---|", "---|".repeat(CudaBudget.TERMS.size()));
                for (Setting setting : Setting.ALL) {
                    for (String precision : precisions(setting)) {
                        CudaBudget budget = CudaBudget.of(work.get(setting), packed.get(setting), model.nodes(),
                            precision.equals("bf16"), gpu);
                        StringBuilder cells = new StringBuilder();
                        for (double seconds : budget.seconds().values()) {
                            cells.append(String.format(Locale.ROOT, " %.4f |", MICRO * seconds));
                        }
                        line("| %s |%s %.4f | %,.0f |", label(setting, precision), cells, MICRO * budget.total(),
                            1 / budget.total());
                    }
                }
            }
        }
        line("");
    }

    private static Workload work(PackedModel packed, BenchModel model, GraphBatch graphs) {
        try (CpuDenoiser cpu = new CpuDenoiser(packed, cpuOptions())) {
            return Workload.of(packed, model.nodes(), Workload.outlierShares(packed, cpu, graphs, model.startTime()));
        }
    }

    private static List<String> precisions(Setting setting) {
        return setting == Setting.FP32 ? BackendOptions.CUDA_PRECISIONS : List.of("fp32");
    }

    private static String label(Setting setting, String precision) {
        return precision.equals("bf16") ? precision : setting.name();
    }

    private static PackedModel packed(BenchModel model, Setting setting) {
        try (CpuDenoiser cpu = new CpuDenoiser(model.full(), cpuOptions())) {
            return PackedForms.of(model.full(), setting, cpu, model.graphs(SAMPLE_GRAPHS, cpu), model.startTime());
        }
    }

    private static BackendOptions cpuOptions() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null);
    }

    private void check(int graphs, int steps) {
        BenchModel qm9 = BenchModel.of("qm9");
        line("");
        line("| setting | largest distance of a logit from the reference"
            + " | graphs equal to the cpu backend's after %d steps |", steps);
        line("|---|---|---|");
        for (Setting setting : Setting.ALL) {
            PackedModel model = packed(qm9, setting);
            try (CudaDenoiser cuda = new CudaDenoiser(model, BackendOptions.defaults());
                 CpuDenoiser cpu = new CpuDenoiser(model, cpuOptions());
                 ReferenceDenoiser reference = new ReferenceDenoiser(model)) {
                double distance = 0;
                double excess = 0;
                for (int n : new int[] {1, 2, 5, 9}) {
                    float[][] expected = logits(reference, model, n);
                    float[][] found = logits(cuda, model, n);
                    for (int part = 0; part < expected.length; part++) {
                        for (int at = 0; at < expected[part].length; at++) {
                            double apart = Math.abs((double) expected[part][at] - found[part][at]);
                            distance = Math.max(distance, apart);
                            excess = Math.max(excess, apart / (TOLERANCE + TOLERANCE * Math.abs(expected[part][at])));
                        }
                    }
                }
                double identical = identical(cuda, cpu, graphs, steps);
                // Of quantized layers a code may differ, see CudaDenoiserTest; what that does is printed, not judged.
                passed &= setting != Setting.FP32 || excess <= 1 && identical > MIN_IDENTICAL;
                line("| %s | %.2g | %.2f%% |", setting.name(), distance, 100 * identical);
            }
        }
    }

    private static float[][] logits(Denoiser denoiser, PackedModel model, int n) {
        GraphBatch batch = InitialNoise.draw(model.diffusion(), n, new long[] {3, 4, 5}, SEED);
        float[] nodes = new float[batch.nodes().length * model.architecture().nodeTypes()];
        float[] edges = new float[batch.edges().length * model.architecture().edgeTypes()];
        denoiser.logits(batch, model.diffusion().steps() / 2, nodes, edges);
        return new float[][] {nodes, edges};
    }

    private static double identical(Denoiser one, Denoiser other, int graphs, int steps) {
        int n = 9;
        long[] ids = LongStream.range(0, graphs).toArray();
        GraphBatch first = sampled(one, n, ids, steps);
        GraphBatch second = sampled(other, n, ids, steps);
        int equal = 0;
        for (int g = 0; g < graphs; g++) {
            boolean same = Arrays.equals(first.nodes(), g * n, (g + 1) * n, second.nodes(), g * n, (g + 1) * n)
                && Arrays.equals(first.edges(), g * n * n, (g + 1) * n * n, second.edges(), g * n * n, (g + 1) * n * n);
            equal += same ? 1 : 0;
        }
        return (double) equal / graphs;
    }

    private static GraphBatch sampled(Denoiser denoiser, int n, long[] ids, int steps) {
        try {
            return denoiser.sample(n, ids, SEED, denoiser.diffusion().times(steps));
        } catch (InterruptedException e) {
            throw new IllegalStateException("the benchmark was interrupted", e);
        }
    }

    private void peer() throws IOException, InterruptedException {
        line("");
        line("### PyTorch on the same GPU, QM9, n = 9");
        line("");
        Programs.Outcome outcome;
        try {
            outcome = Programs.run(home, List.of(python, "kernels/src/bench/python/digress_torch.py", "--bench", "--device",
                "cuda", "--batches", "64", "256", "1024", "4096", "16384", "--repeats", "5"), "");
        } catch (IOException e) {
            line("Skipped: %s", e.getMessage());
            return;
        }
        if (outcome.code() == PEER_SKIPPED) {
            line("Skipped: %s", outcome.output().strip());
            return;
        }
        if (outcome.code() != 0) {
            throw new IllegalStateException("digress_torch.py ended with exit code " + outcome.code()
                + "; see its message above");
        }
        JsonNode json = new ObjectMapper().readTree(outcome.output());
        line("PyTorch %s", json.get("torch").asText());
        line("");
        line("| precision | batch | graph-steps/s | range | peak of allocated bytes |");
        line("|---|---|---|---|---|");
        for (JsonNode row : json.get("rows")) {
            double median = row.get("median").asDouble();
            fastestPeer = Double.isNaN(fastestPeer) ? median : Math.max(fastestPeer, median);
            line("| %s | %d | %,.0f | %,.0f–%,.0f | %,d |", row.get("mode").asText(), row.get("batch").asInt(), median,
                row.get("low").asDouble(), row.get("high").asDouble(), row.get("peak_bytes").asLong());
        }
    }

    private void times(String name, List<Integer> batches) {
        BenchModel model = BenchModel.of(name);
        boolean compared = name.equals("qm9") && !Double.isNaN(fastestPeer);
        line("");
        line("### %s", model.name());
        line("");
        line("| setting | batch | ms a step | range | graph-steps/s | graphs/s at %d steps | peak of device bytes%s |",
            model.full().diffusion().steps(), compared ? " | ÷ fastest PyTorch" : "");
        line("|---|---|---|---|---|---|---|%s", compared ? "---|" : "");
        for (Setting setting : Setting.ALL) {
            PackedModel packed = packed(model, setting);
            for (String precision : precisions(setting)) {
                for (int batch : batches) {
                    try (CudaDenoiser cuda = new CudaDenoiser(packed, new BackendOptions(1, "auto", null, 0, precision))) {
                        Spread seconds = secondsPerStep(cuda, model, batch);
                        double rate = batch / seconds.median();
                        line("| %s | %d | %.3f | %.3f–%.3f | %,.0f | %,.1f | %,d%s |", label(setting, precision), batch,
                            1e3 * seconds.median(), 1e3 * seconds.low(), 1e3 * seconds.high(), rate,
                            rate / model.full().diffusion().steps(), cuda.peakBytes(),
                            compared ? String.format(Locale.ROOT, " | %.1f×", rate / fastestPeer) : "");
                    }
                }
            }
        }
    }

    /** Kernels launched one by one, so that the gaps between launches, which a captured step has not, are left out. */
    private void terms() {
        BenchModel model = BenchModel.of("qm9");
        CudaBudget.Gpu gpu = CudaBudget.Gpu.ALL.get(0);
        line("");
        line("### Time per term, QM9, n = %d, batch %d", model.nodes(), TERMS_BATCH);
        line("");
        line("µs of one graph and step on this device, and after the slash the bound for %s above; dense has full-precision"
            + " layers and codes of inputs in it. Each kernel between two events, median of %d; sparse: the difference from"
            + " the same model without S and outliers; dense: what is left of the kernels with layers beside the same edges"
            + " without their products. Memory bounds the sum of all.", gpu.name(), REPEATS);
        line("");
        line("| setting | %s | sum | step as captured | memory |", String.join(" | ", CudaTerms.BOUNDS.keySet()));
        line("|---|%s---|---|---|", "---|".repeat(CudaTerms.BOUNDS.size()));
        for (Setting setting : Setting.ALL) {
            PackedModel packed = packed(model, setting);
            GraphBatch graphs;
            try (CpuDenoiser cpu = new CpuDenoiser(model.full(), cpuOptions())) {
                graphs = model.graphs(1, cpu);
            }
            Workload work = work(packed, model, graphs);
            for (String precision : precisions(setting)) {
                CudaBudget budget = CudaBudget.of(work, packed, model.nodes(), precision.equals("bf16"), gpu);
                BackendOptions options = new BackendOptions(1, "auto", null, 0, precision);
                Map<String, Double> kernels;
                double captured;
                try (CudaDenoiser cuda = new CudaDenoiser(packed, options)) {
                    captured = secondsPerStep(cuda, model, TERMS_BATCH).median();
                    kernels = kernelSeconds(cuda, model);
                }
                Map<String, Double> terms;
                try (CudaDenoiser cuda = new CudaDenoiser(CudaTerms.withoutSparse(packed), options)) {
                    terms = CudaTerms.of(kernels, kernelSeconds(cuda, model));
                }
                StringBuilder cells = new StringBuilder();
                double sum = 0;
                for (Map.Entry<String, Double> term : terms.entrySet()) {
                    double bound = CudaTerms.BOUNDS.get(term.getKey()).stream().mapToDouble(budget.seconds()::get).sum();
                    sum += term.getValue();
                    cells.append(String.format(Locale.ROOT, " %.4f / %.4f |", MICRO * term.getValue() / TERMS_BATCH,
                        MICRO * bound));
                }
                line("| %s |%s %.4f | %.4f | / %.4f |", label(setting, precision), cells, MICRO * sum / TERMS_BATCH,
                    MICRO * captured / TERMS_BATCH, MICRO * budget.seconds().get("memory"));
            }
        }
    }

    private static Map<String, Double> kernelSeconds(CudaDenoiser cuda, BenchModel model) {
        GraphBatch batch = InitialNoise.draw(model.full().diffusion(), model.nodes(),
            LongStream.range(0, TERMS_BATCH).toArray(), SEED);
        return cuda.kernelSeconds(batch, model.startTime(), REPEATS);
    }

    private static Spread secondsPerStep(Denoiser cuda, BenchModel model, int size) {
        GraphBatch batch = InitialNoise.draw(model.full().diffusion(), model.nodes(),
            LongStream.range(0, size).toArray(), SEED);
        int[] times = new int[STEPS_PER_CALL + 1];
        for (int i = 0; i < times.length; i++) {
            times[i] = model.startTime() - i;
        }
        cuda.advance(batch, SEED, times);
        double[] seconds = new double[REPEATS];
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            long start = System.nanoTime();
            cuda.advance(batch, SEED, times);
            seconds[repeat] = (System.nanoTime() - start) / NANOS / STEPS_PER_CALL;
        }
        return new Spread(seconds);
    }
}
