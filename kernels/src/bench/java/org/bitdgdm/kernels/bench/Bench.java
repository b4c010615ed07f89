package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;

/** The program: measures one level after the other, writes every result as a line of JSON, and a page of the lines. */
public final class Bench {
    private static final double NANOS = 1e-9;
    /** Graphs that set thresholds, count outliers and feed the pieces. */
    private static final int SAMPLE_GRAPHS = 8;
    /** The default batch size of generate. */
    private static final int OTHERS_BATCH = 64;

    private final BenchOptions options;
    private final long start = System.nanoTime();
    /** The setting of {@code generate} without flags; null where the job was not asked. */
    private Setting byDefault;

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
            if (arguments.remove("--pages")) {
                onlySubmit(arguments);
                pages(home());
                return;
            }
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

    /** Refuses all but what submit.sh adds itself. */
    private static void onlySubmit(List<String> arguments) {
        if (!(arguments.isEmpty() || arguments.size() == 2 && arguments.get(0).equals("--submit"))) {
            throw new IllegalArgumentException("--pages measures nothing and takes no other flag, found "
                + String.join(" ", arguments));
        }
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
        if (options.levels().contains(BenchOptions.Level.PROTEINS)) {
            say("proteins");
            Path page = options.results().toAbsolutePath().resolveSibling("proteins.md");
            Path results = BenchOptions.beside(page);
            ProteinBench.measure(options, new ResultLines(results, null, all -> { }));
            ProteinPage.write(page, results);
            say("written " + results + " and " + page);
            if (options.levels().size() == 1) {
                return;
            }
        }
        if (options.add()) {
            ResultLines lines = new ResultLines(options.results(), line -> !added(line), all -> { });
            jobs(lines);
            CpuPage.write(options.report(), options.results());
            say("written " + options.results() + " and " + options.report());
            return;
        }
        ResultLines lines = new ResultLines(options.results(), null, all -> { });
        lines.add(Machine.here(options.home()).begin().put("date", LocalDate.now(ZoneOffset.UTC).toString())
            .put("instruction_set", options.cpuIsa()).put("threads", options.threads()).put("repeats", options.repeats())
            .put("quantized_by", options.submit() == null
                ? "the benchmark's own forms, of the same cost but not the method's quality" : "the job")
            .put("others_share", Machine.busyShare()));
        KernelBench kernels = KernelBench.build(options);
        say("peaks of a core");
        Peaks peaks = kernels.peaks();
        peaks.measurements().forEach(peak -> lines.add(peak.line(null)));
        if (options.levels().contains(BenchOptions.Level.KERNEL) || options.levels().contains(BenchOptions.Level.STEP)) {
            for (String name : options.models()) {
                measure(BenchModel.of(name), kernels, peaks, lines);
            }
        }
        if (options.levels().contains(BenchOptions.Level.PEER)) {
            for (String name : options.models()) {
                peers(BenchModel.of(name), lines);
            }
        }
        jobs(lines);
        lines.add(ResultLines.line(ResultLines.END).put("seconds", (System.nanoTime() - start) * NANOS)
            .put("others_share", Machine.busyShare()));
        say("written " + options.results());
        if (options.rates() != null) {
            Files.writeString(options.rates(), Rates.conf(lines.all()));
            say("written " + options.rates());
        }
        CpuPage.write(options.report(), options.results());
        say("written " + options.report());
    }

    /** Whether a line is of a level that is measured again. */
    private boolean added(JsonNode line) {
        Map<String, BenchOptions.Level> levels = Map.of(JobBench.KIND, BenchOptions.Level.JOB, StartBench.KIND,
            BenchOptions.Level.START, OpeningBench.KIND, BenchOptions.Level.START, OldBench.KIND, BenchOptions.Level.OLD,
            WorkersBench.KIND, BenchOptions.Level.WORKERS);
        return options.levels().contains(levels.get(line.path(ResultLines.KIND).asText()));
    }

    /** The levels that run submit.sh; each line is of one and says its commit and processor. */
    private void jobs(ResultLines lines) throws IOException, InterruptedException {
        Machine here = Machine.here(options.home());
        if (options.levels().contains(BenchOptions.Level.JOB)) {
            say("job of " + options.jobCount() + " molecules in " + options.jobSteps() + " steps");
            lines.add(here.sign(new JobBench(options).measure().line()));
        }
        if (options.levels().contains(BenchOptions.Level.START)) {
            say("opening of a large model");
            lines.add(here.sign(OpeningBench.measure(options).line()));
            say("starts");
            lines.add(here.sign(new StartBench(options).measure().line()));
        }
        if (options.levels().contains(BenchOptions.Level.OLD)) {
            say("runs of both builds");
            lines.add(here.sign(new OldBench(options).measure().line()));
        }
        if (options.levels().contains(BenchOptions.Level.WORKERS)) {
            say("workers");
            lines.add(here.sign(new WorkersBench(options).measure().line()));
        }
    }

    /** Makes the pages, and the rates of cpu, again of the lines that they are made of. */
    private static void pages(Path home) throws IOException {
        Path folder = home.resolve("kernels/benchmarks");
        CpuPage.write(folder.resolve("cpu.md"), folder.resolve("cpu.jsonl"));
        CudaPage.write(folder.resolve("cuda.md"), ResultLines.read(folder.resolve("cuda.jsonl")));
        ProteinPage.write(folder.resolve("proteins.md"), folder.resolve("proteins.jsonl"));
        Files.writeString(home.resolve("conf/rates.conf"), Rates.conf(ResultLines.read(folder.resolve("cpu.jsonl"))));
    }

    private void measure(BenchModel model, KernelBench kernels, Peaks peaks, ResultLines lines)
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
                settings.addAll(ofTheJob(model, lines));
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
        lines.add(ResultLines.line(ResultLines.MODEL).put("name", model.name()).put("trained", model.trained()));
        say(model.name() + ": pieces");
        List<KernelBench.Measurement> pieces = kernels.pieces(model, settings, outlierShares, sample);
        pieces.forEach(piece -> lines.add(piece.line(model.name())));
        for (int s = 0; s < settings.size(); s++) {
            Setting.Packed packed = settings.get(s);
            Workload work = Workload.of(packed.model(), model.nodes(), outlierShares.get(s));
            lines.add(Ceiling.of(work, peaks, pieces, packed.setting()).line(model, packed.setting()));
        }
        if (options.levels().contains(BenchOptions.Level.STEP)) {
            say(model.name() + ": steps");
            steps.time(settings).forEach(step -> lines.add(step.line(false)));
            if (model.trained() && options.submit() != null) {
                others(steps, settings).forEach(step -> lines.add(step.line(true)));
                say("rules of steps");
                steps.timeRules(settings.stream().filter(packed -> packed.setting() == Setting.FP32
                    || packed.setting() == byDefault).toList(), OTHERS_BATCH).forEach(step -> lines.add(step.line()));
            }
        }
    }

    private void peers(BenchModel model, ResultLines lines) throws IOException, InterruptedException {
        say(model.name() + ": peers");
        if (model.trained()) {
            lines.add(Peer.ofSteps(model.name(), options).line());
        }
        new PeerNetworks(options, model).measure().forEach(peer -> lines.add(peer.line()));
    }

    /** All settings as the job's quantizers pack them, and its default, where that is not one of them. */
    private List<Setting.Packed> ofTheJob(BenchModel model, ResultLines lines) throws IOException, InterruptedException {
        JobBench job = new JobBench(options);
        List<Setting.Packed> settings = new ArrayList<>();
        PackedModel byDefault = job.quantized(Setting.DEFAULT);
        Setting found = Setting.DEFAULT;
        for (Setting setting : Setting.ALL) {
            PackedModel packed;
            if (setting == Setting.FP32) {
                packed = model.full();
            } else if (job.hasRecipeOf(Setting.DEFAULT, setting)) {
                packed = byDefault;
                found = setting;
            } else {
                packed = job.quantized(setting);
            }
            settings.add(new Setting.Packed(setting, packed));
        }
        if (found == Setting.DEFAULT) {
            settings.add(new Setting.Packed(Setting.DEFAULT, byDefault));
        }
        lines.add(ResultLines.line(ResultLines.DEFAULT).put("setting", found.name()));
        this.byDefault = found;
        return settings;
    }

    /** Steps of {@link Setting#OTHERS} on all threads, and of FP32 and the default beside them. */
    private List<StepBench.Step> others(StepBench steps, List<Setting.Packed> settings)
        throws IOException, InterruptedException {
        say("other settings");
        JobBench job = new JobBench(options);
        List<Setting.Packed> others = new ArrayList<>(settings.stream().filter(packed ->
            packed.setting() == Setting.FP32 || packed.setting() == byDefault).toList());
        for (Setting setting : Setting.OTHERS) {
            Setting.Packed packed = new Setting.Packed(setting, job.quantized(setting));
            steps.verify(packed);
            others.add(packed);
        }
        return steps.time(others, List.of(options.threads()), List.of(OTHERS_BATCH));
    }

    private void say(String what) {
        System.err.printf("%5.0f s  %s%n", (System.nanoTime() - start) * NANOS, what);
    }
}
