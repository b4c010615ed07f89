package org.bitdgdm;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.conf.SweepCell;
import org.bitdgdm.conf.SweepConf;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.FullDisk;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.SweepEntry;
import org.bitdgdm.output.SweepMarkdown;
import org.bitdgdm.output.SweepReport;
import org.bitdgdm.output.SweepRows;
import org.bitdgdm.recipe.LayerStudy;
import org.bitdgdm.run.Comparer;
import org.bitdgdm.run.GenerateRun;
import org.bitdgdm.run.Measures;
import org.bitdgdm.run.RunModel;
import org.bitdgdm.run.Session;
import org.bitdgdm.sample.BackendOpener;

/**
 * A grid of runs as one application. Cells run one after another, each on all of the cluster, so that their speeds compare,
 * or several at once where that is asked for; calibration, the full-precision trajectories and scans of single layers are
 * computed once. A cell that is done is not run again, and one that fails does not keep the others from running. Table and
 * page are written after each cell, so that a sweep that is killed leaves those of the cells before.
 *
 * @param <M> form of the model
 */
final class Sweep<M extends PackedNetwork> {
    /** Marks the Spark jobs of cells, which end with them. */
    private static final String TAG = "bitdgdm-cells";
    /** Longest wait for cells that were interrupted. */
    private static final int LEAVE_SECONDS = 60;
    private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

    private final SweepConf conf;
    private final RunModel<M> model;
    private final SparkSession spark;
    private final OutputFolder folder;
    private final PrintStream console;
    /** Comparisons by trajectories and hash of the packed model: cells that differ in steps or seed have the same. */
    private final Map<List<Object>, Measured> compared = new ConcurrentHashMap<>();
    /** What has run so far, by name of the cell; guarded by itself, as is what is written of it. */
    private final Map<String, SweepEntry> entries = new HashMap<>();
    /** Differences from FP32, by name of the cell. */
    private final Map<String, List<Metric>> differences = new HashMap<>();

    private Sweep(SweepConf conf, RunModel<M> model, SparkSession spark, OutputFolder folder, PrintStream console) {
        this.conf = conf;
        this.model = model;
        this.spark = spark;
        this.folder = folder;
        this.console = console;
    }

    /**
     * Runs what is missing of a sweep and writes its table and page.
     *
     * @throws StoppedException if cells have failed, at the end
     */
    static void run(SweepConf conf, PrintStream console) throws IOException, InterruptedException {
        SparkConf settings = Session.settings();
        BackendOpener.prepare(conf.common().sample(), settings);
        try (Session.Opening opening = Session.opening("bitdgdm sweep " + conf.common().model(), settings, console)) {
            run(RunModel.prepare(conf.common(), settings, console), conf, opening, console);
        }
    }

    private static <M extends PackedNetwork> void run(RunModel<M> model, SweepConf asked, Session.Opening opening,
                                                      PrintStream console) throws IOException, InterruptedException {
        if (model.saved().isPresent()) {
            throw new InputException("--model of a sweep must be in full precision, since its cells quantize it, found "
                + asked.common().model() + ", which is quantized already");
        }
        SweepConf conf = asked.settled(model::settled);
        conf.cells().forEach(cell -> model.checkSteps(cell.conf()));
        try (Session session = opening.await()) {
            SparkSession spark = session.spark();
            OutputFolder folder = OutputFolder.of(conf.common().output().out(), spark.sparkContext().hadoopConfiguration(),
                model.family().folder());
            new Sweep<>(conf, model.within(spark, true, console), spark, folder, console).run();
        }
    }

    private void run() throws IOException, InterruptedException {
        Fingerprint fingerprint = fingerprint();
        if (folder.state(fingerprint) == OutputFolder.State.FINISHED && conf.cells().stream().allMatch(this::isFinished)) {
            console.println("finished before, nothing to do: " + folder);
            for (SweepCell cell : conf.cells()) {
                console.println(line(read(cell)));
            }
            return;
        }
        console.printf("%s, model %s, backend %s%n", Amount.of(conf.cells().size(), "cell"), model.bundle().name(), model.backend());
        try (RunLock lock = folder.lock()) {
            make(fingerprint);
        }
    }

    private boolean isFinished(SweepCell cell) {
        return run(cell, folder.cell(cell.name())).isFinished();
    }

    private GenerateRun<M> run(SweepCell cell, OutputFolder into) {
        return new GenerateRun<>(model, cell.conf(), spark, into, NOWHERE);
    }

    private void make(Fingerprint fingerprint) throws IOException, InterruptedException {
        folder.begin(fingerprint);
        folder.reopen();
        JobConf common = conf.common();
        try (Comparisons comparisons = new Comparisons(); LayerStudy<M> study = model.study(common, spark)) {
            inThreads(cell -> attempt(cell, () -> {
                try (Comparer<M> comparer = comparisons.of(cell.conf())) {
                    return entry(cell, study, comparer);
                }
            }, spark.sparkContext()::isStopped));
        }
        List<SweepEntry> failed = soFar().stream().filter(entry -> !entry.done()).toList();
        console.println("sweep.html        " + folder.path(RunFiles.SWEEP_PAGE));
        if (!failed.isEmpty()) {
            throw new StoppedException(failed.size() + " of " + conf.cells().size() + " cells have failed, the first is "
                + failed.get(0).cell().name() + ": " + failed.get(0).error() + "; the same command runs them again");
        }
        folder.finish(fingerprint);
    }

    /** A cell's work. */
    @FunctionalInterface
    private interface Work {
        SweepEntry of(SweepCell cell) throws Exception;
    }

    /**
     * Works on so many cells at once as asked for, each in a thread of its own; Spark shares its slots among their jobs.
     * Where one ends with an exception or this thread is interrupted, all leave.
     */
    private void inThreads(Work work) throws IOException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(conf.parallel(), conf.cells().size()));
        boolean whole = false;
        try {
            List<Future<Object>> futures = conf.cells().stream().map(cell -> threads.submit(() -> {
                if (spark.sparkContext().isStopped()) {
                    throw new IllegalStateException("Spark was stopped before " + cell.name());
                }
                spark.sparkContext().addJobTag(TAG);
                publish(work.of(cell));
                return null;
            })).toList();
            for (Future<Object> future : futures) {
                future.get();
            }
            whole = true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } finally {
            threads.shutdownNow();
            if (!whole && !spark.sparkContext().isStopped()) {
                spark.sparkContext().cancelJobsWithTag(TAG);
                // Nobody writes any more when the lock is given back.
                threads.awaitTermination(LEAVE_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    private Fingerprint fingerprint() {
        Fingerprint first = model.fingerprint(conf.common(), spark);
        Map<String, String> rows = new LinkedHashMap<>(first.rows());
        Option.axes().forEach(axis -> rows.remove(axis.key()));
        rows.put("command", "sweep");
        Map<String, String> evaluation = new LinkedHashMap<>(first.evaluation());
        evaluation.put("cells", String.join(" ", conf.cells().stream().map(SweepCell::name).toList()));
        return new Fingerprint(rows, evaluation);
    }

    private SweepEntry entry(SweepCell cell, LayerStudy<M> study, Comparer<M> comparer)
        throws IOException, InterruptedException {
        OutputFolder cellFolder = folder.cell(cell.name());
        GenerateRun<M> run = run(cell, cellFolder);
        if (!run.isFinished()) {
            console.println(cell.name() + " …");
            run.tell(study, conf.parallel(), comparer);
        }
        return read(cell);
    }

    /**
     * Works on a cell. What is wrong with it, an {@link Error} of its own among them, must not cost a night of others: its
     * row says what it was.
     *
     * @param stopped whether no cell can run any more; then it was not the cell's fault
     */
    static SweepEntry attempt(SweepCell cell, Callable<SweepEntry> work, BooleanSupplier stopped) throws Exception {
        try {
            return work.call();
        } catch (InterruptedException e) {
            throw e;
        } catch (Throwable e) {
            if (stopped.getAsBoolean() || concernsAll(e)) {
                throw e;
            }
            return SweepEntry.failed(cell, reason(e));
        }
    }

    /** Whether it is not the cell that has failed: its folder has another owner, or its disk no room. */
    private static boolean concernsAll(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause).anyMatch(StoppedException.class::isInstance)
            || FullDisk.of(e, "").isPresent();
    }

    /**
     * What compares the models of cells, each once: cells of the same sampler share its full-precision trajectories, which go
     * with the last of them.
     */
    private final class Comparisons implements AutoCloseable {
        private final Map<FidelityConf, Comparer<M>> comparers = new HashMap<>();
        /** Cells that have not ended, by what they are compared along. */
        private final Map<FidelityConf, Long> left = conf.cells().stream()
            .collect(Collectors.groupingBy(cell -> along(cell.conf()), Collectors.counting()));

        /** For one cell, closed where it ends. */
        synchronized Comparer<M> of(JobConf cell) {
            FidelityConf along = along(cell);
            Comparer<M> comparer = comparers.computeIfAbsent(along, absent -> model.comparer(cell, spark, true, NOWHERE));
            return new Comparer<>() {
                @Override
                public Measures.Found of(M packed) {
                    return compared.computeIfAbsent(List.of(along, PackedModelFormat.sha256(packed)), absent -> new Measured())
                        .of(() -> comparer.of(packed));
                }

                @Override
                public void close() {
                    end(along);
                }
            };
        }

        /** Cells that are compared with nothing share that. */
        private FidelityConf along(JobConf cell) {
            return cell.fidelity().on() ? cell.fidelity() : conf.common().fidelity();
        }

        private synchronized void end(FidelityConf along) {
            if (left.merge(along, -1L, Long::sum) == 0) {
                Optional.ofNullable(comparers.remove(along)).ifPresent(Comparer::close);
            }
        }

        @Override
        public synchronized void close() {
            comparers.values().forEach(Comparer::close);
            comparers.clear();
        }
    }

    /** A comparison that the first thread to ask makes, and others wait for. */
    private static final class Measured {
        private Measures.Found found;

        synchronized Measures.Found of(Supplier<Measures.Found> measure) {
            if (found == null) {
                found = measure.get();
            }
            return found;
        }
    }

    private static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        // The message of an error, such as "Java heap space", says nothing without its name.
        String message = root.getMessage() == null ? root.toString()
            : root instanceof Error ? root.getClass().getSimpleName() + ": " + root.getMessage() : root.getMessage();
        return message.lines().findFirst().orElse("").strip();
    }

    /** What a finished cell has left. */
    private SweepEntry read(SweepCell cell) throws IOException {
        OutputFolder cellFolder = folder.cell(cell.name());
        MetricReport metrics = MetricReport.parse(new String(cellFolder.read(RunFiles.METRICS_JSON), StandardCharsets.UTF_8));
        return new SweepEntry(cell, metrics, Json.tree(cellFolder.read(RunFiles.RUN_JSON)), List.of(), "");
    }

    /** What has run so far, in the order of the cells. */
    private List<SweepEntry> soFar() {
        synchronized (entries) {
            return conf.cells().stream().map(cell -> entries.get(cell.name())).filter(Objects::nonNull).toList();
        }
    }

    /** The same cell with what its molecules differ in from those of the FP32 cell of the same sampling, if that has run. */
    private SweepEntry withDifferences(SweepEntry entry, List<SweepEntry> all) {
        Optional<SweepEntry> full = all.stream().filter(other -> other.done() && other != entry && other.cell().full()
            && other.cell().conf().sample().equals(entry.cell().conf().sample())).findFirst();
        return !entry.done() || full.isEmpty() ? entry : new SweepEntry(entry.cell(), entry.metrics(), entry.run(),
            differences.computeIfAbsent(entry.cell().name(),
                absent -> model.registry().differences(rows(entry), rows(full.get()))), "");
    }

    private Dataset<Row> rows(SweepEntry entry) {
        return ParquetFolder.read(spark, folder.cell(entry.cell().name()).molecules().toString());
    }

    /** Adds a cell to table and page. */
    private void publish(SweepEntry entry) throws IOException {
        synchronized (entries) {
            entries.put(entry.cell().name(), entry);
            List<SweepEntry> done = soFar();
            List<SweepEntry> compared = done.stream().map(one -> withDifferences(one, done)).toList();
            int cells = conf.cells().size();
            MetricRegistry names = model.registry();
            folder.publishTable(RunFiles.CELLS, SweepRows.of(spark, compared, names));
            String of = model.bundle().name();
            folder.publish(RunFiles.SWEEP_PAGE, SweepReport.render(of, model.backend(), cells, compared, names)
                .getBytes(StandardCharsets.UTF_8));
            folder.publish(RunFiles.SWEEP_TABLE, SweepMarkdown.render(of, model.backend(), cells, compared, names)
                .getBytes(StandardCharsets.UTF_8));
            console.printf("[%d/%d] %s%n", done.size(), cells, line(entry));
        }
    }

    private String line(SweepEntry entry) {
        MetricRegistry names = model.registry();
        String quality = names.quality().name();
        if (!entry.done()) {
            return entry.cell().name() + " failed: " + entry.error();
        }
        StringBuilder line = new StringBuilder(entry.cell().name());
        for (String name : List.of(quality, names.divergence())) {
            entry.metrics().metric(name).filter(metric -> metric.value() != null).ifPresent(metric ->
                line.append(String.format(Locale.ROOT, name.equals(quality) ? ", %s %.2f%%" : ", %s %.3g",
                    name.replace('_', ' '), metric.value() * (name.equals(quality) ? 100 : 1))));
        }
        double rate = entry.run().path("graphs_per_second").asDouble(Double.NaN);
        return Double.isFinite(rate) ? line.append(String.format(Locale.ROOT, ", %.1f %s/s", rate, names.unit())).toString()
            : line.toString();
    }
}
