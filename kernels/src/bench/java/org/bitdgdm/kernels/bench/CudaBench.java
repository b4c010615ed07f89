package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.KernelException;

/**
 * The benchmark of the cuda backend: bounds that follow from the data sheets, and, where there is a GPU, checks, times of
 * whole steps and of their terms, and PyTorch on the same GPU. Writes one Markdown file, line by line.
 *
 * <p>The shipped model comes first, since the targets are about it; then ours at n = 27 and 64, then PyTorch there. What
 * fails says so in its place, and the rest goes on.
 */
final class CudaBench {
    private static final double NANOS = 1e9;
    private static final String TARGETS = "### Targets";
    private static final String CHECKS = "### Checks";
    private static final String MEASURED = "## Measured";
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

    /** The body of a section. */
    @FunctionalInterface
    private interface Body {
        void fill(CudaReport.Section section) throws IOException, InterruptedException;
    }

    private final CudaDevice device;
    private final CudaPeer peer;
    private final CudaReport report;
    private final Plan plan;
    private final CudaTimes times;
    private final long start = System.nanoTime();
    private boolean passed = true;

    CudaBench(CudaDevice device, CudaPeer peer, CudaReport report, Plan plan) {
        this.device = device;
        this.peer = peer;
        this.report = report;
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
            bounds(file, sizes);
            return;
        }
        String name = device();
        CudaReport report = new CudaReport(quick ? null : file, "", titles(sizes));
        CudaBench bench = new CudaBench(CudaDevice::first, new CudaPeer(home, python, List.of("--device", "cuda")), report,
            new Plan(256, 50, 7, 0.1, 1024, budget));
        if (quick) {
            bench.checkShort(sizes.get(0).model);
        } else {
            report.begin(MEASURED).line("%s, %s, commit %s", name, driver(home), Machine.commit(home));
            bench.measure(sizes);
            System.err.println("written " + file);
        }
        if (!bench.passed) {
            throw new IllegalStateException("a check or a measurement of the cuda backend failed, see above");
        }
    }

    private static void bounds(Path file, List<Size> sizes) throws IOException {
        List<String> titles = Stream.concat(Stream.of(MEASURED),
            sizes.stream().map(size -> CudaBounds.title(size.model.bench))).toList();
        CudaReport report = new CudaReport(file, " --bounds", titles);
        report.begin(MEASURED).line("Not measured on a GPU: none was at hand. With one, this section has device, driver and"
            + " commit, the table of targets, the checks against the reference and the cpu backend, times of whole steps in"
            + " every setting and precision at n = 9, 27 and 64, PyTorch on the same GPU in FP32, BF16 and compiled BF16,"
            + " times per term beside the bounds, and peaks of device memory.");
        sizes.forEach(size -> CudaBounds.write(report, size.model));
        System.err.println("written " + file);
    }

    /** All sections of a full run, in the order of reading. */
    static List<String> titles(List<Size> sizes) {
        List<String> titles = new ArrayList<>(List.of(MEASURED, TARGETS, CHECKS));
        for (Size size : sizes) {
            titles.addAll(List.of(bests(size), steps(size), peer(size), terms(size)));
            if (size.model.bench.trained()) {
                titles.add(sampler(size));
            }
        }
        sizes.forEach(size -> titles.add(CudaBounds.title(size.model.bench)));
        return titles;
    }

    private static String bests(Size size) {
        return "### Best batch size of each: " + size.model.bench.name();
    }

    private static String steps(Size size) {
        return "### Whole steps: " + size.model.bench.name();
    }

    private static String peer(Size size) {
        return "### PyTorch on the same GPU: " + size.model.bench.name();
    }

    private static String terms(Size size) {
        return "### Time per term: " + size.model.bench.name() + ", batch " + size.termsBatch;
    }

    private static String sampler(Size size) {
        return "### Whole sampler: " + size.model.bench.name();
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
    private void checkShort(CudaModel shipped) throws InterruptedException {
        section(CHECKS, section -> {
            CudaChecks checks = new CudaChecks(device, section);
            checks.small(SMALL_SIZES, MANY_GRAPHS);
            checks.shipped(shipped, 8, 2);
            passed &= checks.passed();
        });
    }

    /** Everything, the most important first. */
    void measure(List<Size> sizes) throws InterruptedException {
        Size first = sizes.get(0);
        CudaChecks[] checks = new CudaChecks[1];
        section(CHECKS, section -> {
            checks[0] = new CudaChecks(device, section);
            checks[0].shipped(first.model, plan.checkedGraphs, plan.checkedSteps);
        });
        CudaRates rates = new CudaRates();
        section(steps(first), section -> times.steps(section, first, rates));
        section(TARGETS, section -> rates.targets().forEach(section::line));
        section(peer(first), section -> peer(section, first, rates));
        section(TARGETS, section -> rates.targets().forEach(section::line));
        section(bests(first), section -> rates.bests().forEach(section::line));
        section(terms(first), section -> times.terms(section, first));
        if (first.model.bench.trained()) {
            section(sampler(first), section -> times.sampler(section, first, rates));
        }
        List<Size> others = sizes.subList(1, sizes.size());
        List<CudaRates> theirs = others.stream().map(size -> new CudaRates()).toList();
        for (int at = 0; at < others.size(); at++) {
            Size size = others.get(at);
            CudaRates found = theirs.get(at);
            section(steps(size), section -> {
                // Its rows go to the section of checks.
                checks[0].large(size.model);
                times.steps(section, size, found);
            });
            section(terms(size), section -> times.terms(section, size));
        }
        sizes.forEach(size -> CudaBounds.write(report, size.model));
        for (int at = 0; at < others.size(); at++) {
            Size size = others.get(at);
            CudaRates found = theirs.get(at);
            section(peer(size), section -> peer(section, size, found));
            section(bests(size), section -> found.bests().forEach(section::line));
        }
        passed &= checks[0] != null && checks[0].passed() && times.passed();
    }

    private long secondsLeft() {
        return plan.budget - (long) ((System.nanoTime() - start) / NANOS);
    }

    /** Fills a section unless the time is up; what fails is said in it, and the next one comes all the same. */
    private void section(String title, Body body) throws InterruptedException {
        CudaReport.Section section = report.begin(title);
        if (secondsLeft() <= 0 && !title.equals(TARGETS)) {
            section.line("Not measured: the %d s of --budget were used up.", plan.budget);
            return;
        }
        try {
            body.fill(section);
        } catch (RuntimeException | IOException e) {
            passed = false;
            e.printStackTrace();
            section.line("");
            section.line("**Failed**: %s", String.valueOf(e.getMessage()));
        }
    }

    private void peer(CudaReport.Section section, Size size, CudaRates rates) throws IOException, InterruptedException {
        Path folder = size.bundle;
        if (folder == null) {
            folder = Files.createTempDirectory("bitdgdm-bundle");
            CudaBundle.write(size.model.bench.full(), folder);
        }
        try {
            passed &= peer.measure(section, rates, folder, size.model.bench.nodes(), size.batches, size.bundle != null,
                size.compileSeconds, Math.max(LEAST_SECONDS, Math.min(size.peerSeconds, secondsLeft())));
        } finally {
            if (size.bundle == null) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }
}
