package org.bitdgdm.kernels.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What to measure and how long.
 *
 * @param home      root of the repository
 * @param levels    what to measure
 * @param models    names of the models: qm9, moses, planar, sbm
 * @param threads   most threads of a step; 1 and this many are measured
 * @param repeats   repeats of every measurement
 * @param seconds   length of a repeat of a step or of the peer; a kernel takes a fortieth of it
 * @param full      every batch size up to 256 for every size of graph, however long that takes
 * @param cpuIsa    instruction set, as {@code --cpu-isa} of the job
 * @param python    interpreter of the peer
 * @param submit    {@code submit.sh}, for what needs the whole job: quantizers and the job level; null without
 * @param jobCount  molecules of the job level
 * @param jobSteps  steps of each
 * @param starts    runs of each kind at the levels start, old and workers
 * @param old       folder of an earlier build of the repository, measured beside this one at the levels start and old
 * @param report    page to write
 * @param add       whether lines of other levels stay as an earlier run has left them
 * @param results   file that gets all that was measured as JSON lines, of which the page is made
 * @param rates     file that gets rates of layers, for {@code --recipe auto}; null for none
 */
record BenchOptions(Path home, Set<Level> levels, List<String> models, int threads, int repeats, double seconds,
                    boolean full, String cpuIsa, String python, Path submit, int jobCount, int jobSteps, int starts,
                    Optional<Path> old, Path report, boolean add, Path results, Path rates) {

    /** One kind of measurement; peaks are always taken. */
    enum Level {
        /** Layers and fused pieces, in cache. */
        KERNEL,
        /** Denoising steps of whole batches, beside their ceiling. */
        STEP,
        /** The same network in PyTorch, ONNX Runtime and libtorch. */
        PEER,
        /** A whole Spark job. */
        JOB,
        /** A small job from its command to its report. */
        START,
        /** Sampling of an earlier build and of this one. */
        OLD,
        /** A job on one worker and on several. */
        WORKERS,
        /** The network of proteins, beside the same in the peers, on a page of its own. */
        PROTEINS
    }

    /** Levels that run submit.sh. */
    private static final Set<Level> OF_THE_JOB = EnumSet.of(Level.JOB, Level.START, Level.OLD, Level.WORKERS);
    private static final List<String> MODELS = List.of("qm9", "moses", "planar", "sbm");

    static final String USAGE = """
        Measures the cpu backend and writes kernels/benchmarks/cpu.jsonl and, made of it, cpu.md. --pages alone measures
        nothing and makes all pages, and conf/rates.conf, again of their lines.

          --backend NAME   cpu or cuda, which has flags of its own, below [cpu]
          --levels LIST    of kernel,step,peer,job,start,old,workers,proteins [kernel,step,peer]; the peaks of a core
                           are always measured; proteins are proteins.jsonl and .md beside the results
          --models LIST    of qm9,moses,planar,sbm [all]
          --threads N      most threads of a step [all processors]
          --repeats N      repeats of every measurement [11]
          --seconds S      length of a repeat [0.15]
          --full           all batch sizes for large graphs too, which takes an hour
          --cpu-isa NAME   auto, scalar, avx2 or avx512 [auto]
          --python FILE    interpreter with PyTorch, a peer that also writes the network for the others, ONNX Runtime and
                           libtorch, which Maven fetches (150 MB) [/usr/bin/python3]
          --submit FILE    submit.sh, for the job's quantizers and the job level; ./submit.sh bench sets it
          --job-count N    molecules of the job level [10000]
          --job-steps N    steps of each of them [500]
          --starts N       runs of each kind at the levels start, old and workers [5]
          --old DIR        an earlier build of the repository, whose runs take turns with those of this one at start and old
          --report FILE    page to write, from the root of the repository [kernels/benchmarks/cpu.md]
          --add            levels of the job (job, start, old, workers) only: the other lines stay as an earlier run has
                           left them, and the new ones say their commit
          --results FILE   all that was measured, as JSON lines, of which the page is made [.jsonl beside the page]
          --rates FILE     also writes rates of layers from these, such as conf/rates.conf, for --recipe auto

        """;

    static final String CUDA_USAGE = """
        With --backend cuda: checks and measures the cuda backend, PyTorch beside it, and writes
        kernels/benchmarks/cuda.jsonl and cuda.md.

          --bounds         write only what follows from data sheets, which needs no GPU
          --short          only check, on small models and few graphs: for compute-sanitizer
          --budget S       seconds after which nothing more is begun [none]
          --python FILE    interpreter with a PyTorch that sees the GPU [/usr/bin/python3]
          --report FILE    page to write, from the root of the repository, its lines beside it [kernels/benchmarks/cuda.md]
        """;

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException for an unknown flag or value
     */
    static BenchOptions parse(Path home, List<String> arguments) {
        Set<Level> levels = EnumSet.of(Level.KERNEL, Level.STEP, Level.PEER);
        List<String> models = MODELS;
        int threads = Runtime.getRuntime().availableProcessors();
        int repeats = 11;
        double seconds = 0.15;
        boolean full = false;
        boolean add = false;
        String cpuIsa = "auto";
        String python = "/usr/bin/python3";
        Path submit = null;
        int jobCount = 10_000;
        int jobSteps = 500;
        int starts = 5;
        Optional<Path> old = Optional.empty();
        Path report = home.resolve("kernels/benchmarks/cpu.md");
        Path results = null;
        Path rates = null;
        List<String> left = new ArrayList<>(arguments);
        while (!left.isEmpty()) {
            String flag = left.remove(0);
            if (flag.equals("--full")) {
                full = true;
                continue;
            }
            if (flag.equals("--add")) {
                add = true;
                continue;
            }
            if (left.isEmpty()) {
                throw new IllegalArgumentException(flag + " is no flag of the benchmark, or lacks its value\n" + USAGE);
            }
            String value = left.remove(0);
            switch (flag) {
                case "--levels" -> levels = levels(value);
                case "--models" -> models = models(value);
                case "--threads" -> threads = Integer.parseInt(value);
                case "--repeats" -> repeats = Integer.parseInt(value);
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--cpu-isa" -> cpuIsa = value;
                case "--python" -> python = value;
                case "--submit" -> submit = Path.of(value).toAbsolutePath();
                case "--job-count" -> jobCount = Integer.parseInt(value);
                case "--job-steps" -> jobSteps = Integer.parseInt(value);
                case "--starts" -> starts = Integer.parseInt(value);
                case "--old" -> old = Optional.of(Path.of(value).toAbsolutePath());
                case "--report" -> report = home.resolve(value);
                case "--results" -> results = home.resolve(value);
                case "--rates" -> rates = home.resolve(value);
                default -> throw new IllegalArgumentException("unknown flag " + flag + "\n" + USAGE);
            }
        }
        if (submit == null && levels.stream().anyMatch(OF_THE_JOB::contains)) {
            throw new IllegalArgumentException("the levels job, start, old and workers need --submit FILE; run ./submit.sh bench");
        }
        if (add && !OF_THE_JOB.containsAll(levels)) {
            throw new IllegalArgumentException("--add is for the levels job, start, old and workers; the others belong to one run");
        }
        if (old.isEmpty() && levels.contains(Level.OLD)) {
            throw new IllegalArgumentException("the level old needs --old DIR, an earlier build of the repository");
        }
        if (old.isPresent() && !Files.isRegularFile(old.get().resolve("job/target/bitdgdm.jar"))) {
            throw new IllegalArgumentException("--old must be the root of a repository that is built, found no"
                + " job/target/bitdgdm.jar in " + old.get());
        }
        if (starts < 1) {
            throw new IllegalArgumentException("--starts must be at least 1, found " + starts);
        }
        return new BenchOptions(home, levels, models, threads, repeats, seconds, full, cpuIsa, python, submit, jobCount,
            jobSteps, starts, old, report, add, results == null ? beside(report) : results, rates);
    }

    /** The file of results that a page is made of. */
    static Path beside(Path report) {
        return report.resolveSibling(report.getFileName().toString().replaceFirst("\\.md$", "") + ".jsonl");
    }

    private static List<String> models(String list) {
        List<String> models = List.of(list.split(","));
        if (!MODELS.containsAll(models)) {
            throw new IllegalArgumentException("--models must be of " + String.join(",", MODELS) + ", found " + list);
        }
        return models;
    }

    private static Set<Level> levels(String list) {
        return list.isEmpty() ? EnumSet.noneOf(Level.class) : Arrays.stream(list.split(","))
            .map(name -> Level.valueOf(name.toUpperCase(Locale.ROOT)))
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Level.class)));
    }

    /** Numbers of threads that are measured. */
    List<Integer> threadCounts() {
        return threads == 1 ? List.of(1) : List.of(1, threads);
    }
}
