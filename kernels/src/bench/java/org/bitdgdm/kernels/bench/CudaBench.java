package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.commons.io.file.PathUtils;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.KernelException;

/**
 * The benchmark of the cuda backend: bounds that follow from the data sheets, and, where there is a GPU, checks, times of
 * whole steps and of their terms, and PyTorch on the same GPU. Writes results as lines, and with each of them
 * the page that they make.
 *
 * <p>The shipped model comes first, since the targets are about it; then ours at n = 27 and 64, then PyTorch there. What
 * fails says so in its place, and the rest goes on.
 */
final class CudaBench {
    private static final double NANOS = 1e9;
    /** Of lines of results: why something of a kind and model is not there. */
    static final String NOTE = "note";
    private static final long LEAST_SECONDS = 15;
    /** One tile, two, and several. */
    private static final int[] SMALL_SIZES = {1, 5, 27, 130};
    /** Of 5 nodes: 16 rows for each of an H200's 132 multiprocessors, and some to spare. */
    private static final int MANY_GRAPHS = 430;

    /**
     * How much is measured.
     *
     * @param checkedGraphs graphs that are compared with the cpu backend's
     * @param checkedSteps  in so many steps
     * @param repeats       of every measurement, odd
     * @param seconds       length of a repeat of whole steps, if not more than T/2 steps
     * @param sampled       most graphs of the whole sampler
     * @param budget        seconds after which nothing more is begun
     */
    record Plan(int checkedGraphs, int checkedSteps, int repeats, double seconds, int sampled, long budget) {
    }

    /**
     * A model and how it is measured.
     *
     * @param bundle         of the model, for PyTorch; null: it is written for the time of the run
     * @param batches        sizes for ours and PyTorch, ascending
     * @param termsBatch     batch size at which terms are timed
     * @param compileSeconds after which PyTorch compiles for no further size
     * @param peerSeconds    after which PyTorch is stopped
     */
    record Size(CudaModel model, Path bundle, List<Integer> batches, int termsBatch, int compileSeconds, long peerSeconds) {
    }

    /** Measurements of one kind. */
    @FunctionalInterface
    private interface Part {
        void measure() throws IOException, InterruptedException;
    }

    private final CudaDevice device;
    private final CudaPeer peer;
    private final ResultLines results;
    private final Plan plan;
    private final CudaTimes times;
    private final long start = System.nanoTime();
    private boolean passed = true;

    CudaBench(CudaDevice device, CudaPeer peer, ResultLines results, Plan plan) {
        this.device = device;
        this.peer = peer;
        this.results = results;
        this.plan = plan;
        this.times = new CudaTimes(device, plan);
    }

    /** @param flags those of {@link BenchOptions#CUDA_USAGE} */
    static void run(Path home, List<String> flags) throws IOException, InterruptedException {
        boolean bounds = false;
        boolean quick = false;
        String python = "/usr/bin/python3";
        long budget = Long.MAX_VALUE;
        Path file = home.resolve("kernels/benchmarks/cuda.md");
        List<String> left = new ArrayList<>(flags);
        while (!left.isEmpty()) {
            String flag = left.remove(0);
            if (flag.equals("--bounds")) {
                bounds = true;
            } else if (flag.equals("--short")) {
                quick = true;
            } else if (left.isEmpty()) {
                throw new IllegalArgumentException(flag + " is no flag of the cuda benchmark, or lacks its value\n"
                    + BenchOptions.CUDA_USAGE);
            } else {
                String value = left.remove(0);
                switch (flag) {
                    case "--report" -> file = home.resolve(value);
                    case "--python" -> python = value;
                    case "--budget" -> budget = Long.parseLong(value);
                    default -> throw new IllegalArgumentException(flag + " is no flag of the cuda benchmark\n"
                        + BenchOptions.CUDA_USAGE);
                }
            }
        }
        List<Size> sizes = List.of(
            new Size(new CudaModel(BenchModel.of("qm9")), home.resolve("conf/models/qm9"),
                List.of(64, 256, 1024, 4096, 16384), 1024, 60, 150),
            new Size(new CudaModel(BenchModel.of("moses")), null, List.of(64, 256, 1024, 4096), 256, 10, 150),
            new Size(new CudaModel(BenchModel.of("planar")), null, List.of(16, 64, 256, 1024), 64, 10, 150));
        if (bounds) {
            // What has been measured on a GPU stays.
            ResultLines results = lines(file, earlier -> !earlier.path(ResultLines.KIND).asText().equals(CudaBounds.KIND));
            sizes.forEach(size -> CudaBounds.write(results, size.model));
            System.err.println("written " + file);
            return;
        }
        String name = device();
        // Bounds stay until they are computed again.
        ResultLines results = lines(quick ? null : file,
            earlier -> earlier.path(ResultLines.KIND).asText().equals(CudaBounds.KIND));
        CudaBench bench = new CudaBench(CudaDevice::first, new CudaPeer(home, python, List.of("--device", "cuda")), results,
            new Plan(256, 50, 7, 0.1, 1024, budget));
        if (quick) {
            bench.checkShort(sizes.get(0).model);
        } else {
            bench.measure(sizes, name + ", " + driver(home), Machine.commit(home));
            System.err.println("written " + file);
        }
        if (!bench.passed) {
            throw new IllegalStateException("a check or a measurement of the cuda backend failed, see above");
        }
    }

    /** Lines beside a page, which is written with each of them. */
    static ResultLines lines(Path page, Predicate<JsonNode> kept) throws IOException {
        return new ResultLines(page == null ? null : BenchOptions.beside(page), kept, all -> {
            if (page != null) {
                CudaPage.write(page, all);
            }
        });
    }

    static ObjectNode note(String kind, String model, String text) {
        return ResultLines.line(NOTE).put("of", kind).put("model", model).put("text", text);
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

    private static String driver(Path home) throws InterruptedException {
        try {
            String found = Programs.run(home, List.of("nvidia-smi", "--query-gpu=driver_version,clocks.max.sm",
                "--format=csv,noheader"), "").output();
            return "driver, highest clock: " + found.strip().replace('\n', ';');
        } catch (IOException e) {
            return "driver not known: " + e.getMessage();
        }
    }

    /** Precisions that a setting is measured in. */
    static List<CudaDevice.Products> products(Setting setting) {
        return setting == Setting.FP32 ? List.of(CudaDevice.Products.FP32, CudaDevice.Products.BF16)
            : List.of(CudaDevice.Products.FP32);
    }

    static String label(Setting setting, CudaDevice.Products products) {
        return products == CudaDevice.Products.BF16 ? CudaRates.BF16 : setting.name();
    }

    boolean passed() {
        return passed;
    }

    /** For compute-sanitizer: every kernel in small models, then the shipped one, on few graphs. */
    private void checkShort(CudaModel shipped) {
        CudaChecks checks = new CudaChecks(device, results);
        checks.small(SMALL_SIZES, MANY_GRAPHS);
        checks.shipped(shipped, 8, 2);
        passed &= checks.passed();
    }

    /** Everything, the most important first. */
    void measure(List<Size> sizes, String machine, String commit) throws InterruptedException {
        results.add(ResultLines.line(ResultLines.BEGIN).put("device", machine).put("commit", commit)
            .put("repeats", plan.repeats).put("seconds", plan.seconds));
        for (Size size : sizes) {
            BenchModel bench = size.model.bench;
            results.add(ResultLines.line(ResultLines.MODEL).put("name", bench.name()).put("trained", bench.trained())
                .put("terms_batch", size.termsBatch).put("diffusion_steps", bench.full().diffusion().steps()));
        }
        Size first = sizes.get(0);
        CudaChecks checks = new CudaChecks(device, results);
        part(CudaChecks.KIND, first, () -> checks.shipped(first.model, plan.checkedGraphs, plan.checkedSteps));
        part(ResultLines.STEP, first, () -> times.steps(results, first));
        part(ResultLines.PEER, first, () -> peer(first));
        part(CudaTerms.KIND, first, () -> times.terms(results, first));
        if (first.model.bench.trained()) {
            part(CudaTimes.SAMPLER, first, () -> times.sampler(results, first));
        }
        List<Size> others = sizes.subList(1, sizes.size());
        for (Size size : others) {
            part(ResultLines.STEP, size, () -> {
                checks.large(size.model);
                times.steps(results, size);
            });
            part(CudaTerms.KIND, size, () -> times.terms(results, size));
        }
        sizes.forEach(size -> CudaBounds.write(results, size.model));
        for (Size size : others) {
            part(ResultLines.PEER, size, () -> peer(size));
        }
        passed &= checks.passed() && times.passed();
    }

    private long secondsLeft() {
        return plan.budget - (long) ((System.nanoTime() - start) / NANOS);
    }

    /** Measures unless the time is up; what fails is said in a line, and the next one comes all the same. */
    private void part(String kind, Size size, Part part) throws InterruptedException {
        String model = size.model.bench.name();
        if (secondsLeft() <= 0) {
            results.add(note(kind, model, "Not measured: the " + plan.budget + " s of --budget were used up."));
            return;
        }
        try {
            part.measure();
        } catch (RuntimeException | IOException e) {
            passed = false;
            e.printStackTrace();
            results.add(note(kind, model, "**Failed**: " + e.getMessage()));
        }
    }

    private void peer(Size size) throws IOException, InterruptedException {
        Path folder = size.bundle;
        if (folder == null) {
            folder = Files.createTempDirectory("bitdgdm-bundle");
            CudaBundle.write(size.model.bench.full(), folder);
        }
        try {
            passed &= peer.measure(results, size.model.bench.name(), folder, size.model.bench.nodes(), size.batches,
                size.bundle != null, size.compileSeconds, Math.max(LEAST_SECONDS, Math.min(size.peerSeconds, secondsLeft())));
        } finally {
            if (size.bundle == null) {
                PathUtils.deleteDirectory(folder);
            }
        }
    }
}
