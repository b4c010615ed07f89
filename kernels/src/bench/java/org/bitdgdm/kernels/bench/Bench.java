package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;

/** The program: measures one level after the other and writes the report. */
public final class Bench {
    private static final double NANOS = 1e-9;
    /** Graphs that set thresholds, count outliers and feed the pieces. */
    private static final int SAMPLE_GRAPHS = 8;
    /** The default batch size of generate. */
    private static final int OTHERS_BATCH = 64;

    private final BenchOptions options;
    private final long start = System.nanoTime();

    private Bench(BenchOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> arguments = List.of(args);
        if (arguments.contains("--help")) {
            System.out.print(BenchOptions.USAGE + BenchOptions.CUDA_USAGE);
            return;
        }
        BenchOptions options;
        try {
            arguments = new ArrayList<>(arguments);
            if (isCuda(arguments)) {
                CudaBench.run(home(), arguments);
                return;
            }
            options = BenchOptions.parse(home(), arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("error: " + e.getMessage());
            System.exit(2);
            return;
        }
        new Bench(options).run();
    }

    /** Takes the backend out of a command line; whether it is cuda. */
    private static boolean isCuda(List<String> arguments) {
        int at = arguments.indexOf("--backend");
        if (at < 0) {
            return false;
        }
        String backend = at + 1 < arguments.size() ? arguments.get(at + 1) : "nothing";
        if (!backend.equals("cpu") && !backend.equals("cuda")) {
            throw new IllegalArgumentException("--backend must be cpu or cuda, found " + backend);
        }
        arguments.subList(at, at + 2).clear();
        return backend.equals("cuda");
    }

    /** The root of the repository, from the folder above which this runs. */
    private static Path home() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(folder.resolve("kernels/src/bench"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("the benchmark needs the sources of the repository: start it within them");
            }
        }
        return folder;
    }

    private void run() throws IOException, InterruptedException {
        Machine machine = Machine.here(options.home());
        Results results = new Results(machine, Machine.busyShare(), options, options.submit() == null
            ? "the benchmark's own forms, of the same cost but not the method's quality" : "the job");
        KernelBench kernels = KernelBench.build(options);
        say("peaks of a core");
        results.peaks = kernels.peaks();
        if (options.levels().contains(BenchOptions.Level.KERNEL) || options.levels().contains(BenchOptions.Level.STEP)) {
            for (String name : options.models()) {
                results.models.add(measure(BenchModel.of(name), kernels, results));
            }
        }
        if (options.levels().contains(BenchOptions.Level.PEER)) {
            say("peer");
            results.peer = Optional.of(Peer.measure(options));
        }
        if (options.levels().contains(BenchOptions.Level.JOB)) {
            say("job of " + options.jobCount() + " molecules in " + options.jobSteps() + " steps");
            results.job = Optional.of(new JobBench(options).measure());
        }
        results.seconds = (System.nanoTime() - start) * NANOS;
        results.busyAfter = Machine.busyShare();
        List<String> lines = ResultLines.of(results);
        Files.createDirectories(options.results().toAbsolutePath().getParent());
        Files.write(options.results(), lines);
        say("written " + options.results());
        if (options.rates() != null) {
            Files.writeString(options.rates(), Rates.conf(Files.readAllLines(options.results())));
            say("written " + options.rates());
        }
        Report report = new Report(results);
        Files.createDirectories(options.report().toAbsolutePath().getParent());
        Files.writeString(options.report(), report.text(handwritten()));
        say("written " + options.report());
    }

    private Results.OfModel measure(BenchModel model, KernelBench kernels, Results all)
        throws IOException, InterruptedException {
        say(model.name() + ": packing");
        List<Setting.Packed> settings = new ArrayList<>();
        List<Map<String, Double>> outlierShares = new ArrayList<>();
        GraphBatch graphs;
        GraphBatch sample;
        try (Denoiser full = StepBench.open(model.full(), options.cpuIsa(), options.threads())) {
            graphs = model.graphs(options.levels().contains(BenchOptions.Level.STEP)
                ? Collections.max(model.batches(options.full())) : SAMPLE_GRAPHS, full);
            sample = BenchModel.first(graphs, Math.min(SAMPLE_GRAPHS, graphs.size()));
            if (model.trained() && options.submit() != null) {
                settings.addAll(ofTheJob(model, all));
            } else {
                for (Setting setting : Setting.ALL) {
                    settings.add(new Setting.Packed(setting,
                        PackedForms.of(model.full(), setting, StepBench.recorder(full), sample, model.startTime())));
                }
            }
        }
        StepBench steps = new StepBench(options, model, graphs);
        for (Setting.Packed packed : settings) {
            try (Denoiser denoiser = StepBench.open(packed.model(), options.cpuIsa(), 1)) {
                outlierShares.add(Workload.outlierShares(packed.model(), StepBench.recorder(denoiser), sample,
                    model.startTime()));
            }
            say(model.name() + ", " + packed.setting().name() + ": comparing");
            steps.verify(packed);
        }
        say(model.name() + ": pieces");
        Results.OfModel results = new Results.OfModel(model, kernels.pieces(model, settings, outlierShares, sample));
        for (int s = 0; s < settings.size(); s++) {
            Setting.Packed packed = settings.get(s);
            Workload work = Workload.of(packed.model(), model.nodes(), outlierShares.get(s));
            results.ceilings.put(packed.setting(), Ceiling.of(work, all.peaks, results.pieces, packed.setting()));
        }
        if (options.levels().contains(BenchOptions.Level.STEP)) {
            say(model.name() + ": steps");
            results.steps.addAll(steps.time(settings));
            if (model.trained() && options.submit() != null) {
                results.others.addAll(others(steps, settings, all));
            }
        }
        return results;
    }

    /** All settings as the job's quantizers pack them, and its default, where that is not one of them. */
    private List<Setting.Packed> ofTheJob(BenchModel model, Results all) throws IOException, InterruptedException {
        JobBench job = new JobBench(options);
        List<Setting.Packed> settings = new ArrayList<>();
        PackedModel byDefault = job.quantized(Setting.DEFAULT);
        all.byDefault = Optional.of(Setting.DEFAULT);
        for (Setting setting : Setting.ALL) {
            PackedModel packed;
            if (setting == Setting.FP32) {
                packed = model.full();
            } else if (job.hasRecipeOf(Setting.DEFAULT, setting)) {
                packed = byDefault;
                all.byDefault = Optional.of(setting);
            } else {
                packed = job.quantized(setting);
            }
            settings.add(new Setting.Packed(setting, packed));
        }
        if (all.byDefault.get() == Setting.DEFAULT) {
            settings.add(new Setting.Packed(Setting.DEFAULT, byDefault));
        }
        return settings;
    }

    /** Steps of {@link Setting#OTHERS} on all threads, and of FP32 and the default beside them. */
    private List<StepBench.Step> others(StepBench steps, List<Setting.Packed> settings, Results all)
        throws IOException, InterruptedException {
        say("other settings");
        JobBench job = new JobBench(options);
        List<Setting.Packed> others = new ArrayList<>(settings.stream().filter(packed ->
            packed.setting() == Setting.FP32 || all.byDefault.equals(Optional.of(packed.setting()))).toList());
        for (Setting setting : Setting.OTHERS) {
            Setting.Packed packed = new Setting.Packed(setting, job.quantized(setting));
            steps.verify(packed);
            others.add(packed);
        }
        return steps.time(others, List.of(options.threads()), List.of(OTHERS_BATCH));
    }

    /** What people have written below the tables of an earlier report; kept. */
    private String handwritten() throws IOException {
        if (!Files.exists(options.report())) {
            return Report.NOTHING_WRITTEN;
        }
        String text = Files.readString(options.report());
        int from = text.indexOf(Report.HANDWRITTEN);
        return from < 0 ? Report.NOTHING_WRITTEN : text.substring(from + Report.HANDWRITTEN.length());
    }

    private void say(String what) {
        System.err.printf("%5.0f s  %s%n", (System.nanoTime() - start) * NANOS, what);
    }
}
