package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The text of {@code kernels/benchmarks/cpu.md}: the lines of one run, then what people wrote about it. */
final class CpuPage {
    /** Everything below this line is written by hand and survives the next run. */
    static final String HANDWRITTEN = "## What was tried, and what each change gave";

    private static final double GIGA = 1e9;
    private static final double MICRO = 1e6;
    /** Of a molecule whose cost is told: those of README's table. */
    private static final int STEPS_OF_A_MOLECULE = 100;
    private static final String COST = "core-s per million graphs of " + STEPS_OF_A_MOLECULE + " steps";

    private final Results results;
    private final String source;
    private final Markdown text = new Markdown();

    private CpuPage(Results results, String source) {
        this.results = results;
        this.source = source;
    }

    /** Writes the page of a file of lines over an earlier one, of which the part by hand is kept. */
    static void write(Path page, Path source) throws IOException {
        Files.createDirectories(page.toAbsolutePath().getParent());
        Files.writeString(page, text(ResultLines.read(source), source.getFileName().toString(),
            Markdown.from(page, HANDWRITTEN)));
    }

    /**
     * A page.
     *
     * @param source      name of the file of the lines
     * @param handwritten from {@link #HANDWRITTEN} on
     */
    static String text(List<JsonNode> lines, String source, String handwritten) {
        CpuPage page = new CpuPage(new Results(lines), source);
        page.tables();
        return page.text + handwritten;
    }

    private void tables() {
        head();
        bars();
        peaks();
        results.models.forEach(model -> {
            if (!model.steps.isEmpty()) {
                steps(model);
            }
            if (!model.others.isEmpty()) {
                others(model);
            }
            if (!model.rules.isEmpty()) {
                rules(model);
            }
            if (!model.ceilings.isEmpty()) {
                ceilings(model);
            }
            if (!model.pieces.isEmpty()) {
                pieces(model);
            }
        });
        if (!results.peers.isEmpty()) {
            peers();
        }
        results.job.ifPresent(this::job);
        results.starts.ifPresent(this::starts);
        results.builds.ifPresent(this::builds);
        results.workers.ifPresent(this::workers);
    }

    private static String range(Spread spread, double unit) {
        return Markdown.significant(spread.low() / unit) + "–" + Markdown.significant(spread.high() / unit);
    }

    private void head() {
        JsonNode begin = results.begin;
        text.line("# Speed of the cpu backend");
        text.line("");
        text.line("Made of %s, which `./submit.sh bench` wrote on %s%s; medians of %d repeats with their range. Do"
            + " not edit above \"What was tried\".", source, begin.path("date").asText(), results.end.has("seconds")
            ? String.format(Locale.ROOT, " in %.0f s", results.end.path("seconds").asDouble()) : ", and was cut off",
            begin.path("repeats").asInt());
        text.line("");
        text.line("%s%n", Machine.quietness(begin.path("others_share").asDouble(Double.NaN),
            results.end.path("others_share").asDouble(Double.NaN)));
        text.table("what", "value");
        text.row("CPU", begin.path("cpu").asText() + ", " + begin.path("cores").asInt() + " processors");
        text.row("system", begin.path("system").asText());
        text.row("compiler", begin.path("compiler").asText());
        text.row("JVM", begin.path("jvm").asText());
        text.row("commit", begin.path("commit").asText());
        text.row("instruction set", begin.path("instruction_set").asText());
        text.row("quantized QM9 models", "from " + begin.path("quantized_by").asText());
        results.byDefault.filter(setting -> !setting.equals(Setting.DEFAULT.name()))
            .ifPresent(setting -> text.row("default of generate", setting));
        text.row("other models", "random weights, the benchmark's own forms");
        text.line("");
    }

    private void bars() {
        text.line("## Bars");
        text.line("");
        text.table("what", "found", "at least");
        Peaks peaks = results.peaks;
        int threads = results.threads();
        double lowest = Double.POSITIVE_INFINITY;
        String where = "";
        double scaling = Double.POSITIVE_INFINITY;
        String scaled = "";
        for (Results.OfModel of : results.models) {
            for (String setting : of.ceilings.keySet()) {
                String name = of.name + ", " + setting;
                for (int count : of.threadCounts()) {
                    Optional<Double> share = of.share(setting, count, peaks);
                    if (share.isPresent() && share.get() < lowest) {
                        lowest = share.get();
                        where = name + ", " + threads(count);
                    }
                }
                Optional<Results.Step> one = of.best(setting, 1);
                Optional<Results.Step> all = of.best(setting, threads);
                if (threads > 1 && one.isPresent() && all.isPresent()) {
                    double ratio = all.get().rate().median() / one.get().rate().median() / peaks.scaling(threads);
                    if (ratio < scaling) {
                        scaling = ratio;
                        scaled = name;
                    }
                }
            }
        }
        if (lowest < Double.POSITIVE_INFINITY) {
            text.row("lowest step throughput ÷ its ceiling (" + where + ")", Markdown.percent(lowest), "70%");
        }
        results.models.forEach(this::againstPeers);
        if (scaling < Double.POSITIVE_INFINITY) {
            text.row("lowest " + threads(threads) + " ÷ 1 thread ÷ scaling of the multiply-adds (" + scaled + ")",
                Markdown.percent(scaling), "95%");
        }
        results.starts.filter(starts -> starts.seconds().containsKey(StartBench.OLD)).ifPresent(starts -> {
            text.row("old build ÷ this one, a small run, " + StartBench.COLD,
                Markdown.significant(starts.faster(StartBench.COLD).get()) + "×", "2×");
            text.row("the same, " + StartBench.KNOWN, Markdown.significant(starts.faster(StartBench.KNOWN).get()) + "×", "4×");
            starts.quantizesFaster().ifPresent(ratio -> text.row(
                "the same, quantizing the model of these runs alone", Markdown.significant(ratio) + "×", "5×"));
        });
        results.builds.ifPresent(builds -> builds.kinds().forEach(kind -> text.row(
            "this build ÷ the old one, molecules per second of sampling, " + kind.name(),
            String.format(Locale.ROOT, "%.2f×", kind.ratio()), kind.bar())));
        results.models.stream().flatMap(of -> of.rules.stream()
            .filter(step -> !step.rule().equals(StepBench.POSTERIOR))
            .min(Comparator.comparingDouble(step -> of.besidePosterior(step))).stream()
            .map(step -> List.of(of.name + ": slowest rule of steps ÷ posterior (" + step.setting() + ", " + step.rule() + ")",
                String.format(Locale.ROOT, "%.2f×", of.besidePosterior(step)), "0.95×")))
            .forEach(row -> text.row(row.toArray()));
        results.opening.ifPresent(opening -> text.row(String.format(Locale.ROOT, "from the bytes of a model of %.0f MB to the end"
                + " of its first step, the first time (median of %s s)", opening.bytes() / 1e6,
            Markdown.significant(opening.seconds().median())), Markdown.significant(opening.first()) + " s", "under 1 s"));
        results.workers.ifPresent(workers -> text.row(workers.workers() + " workers of one core ÷ one, molecules per second",
            String.format(Locale.ROOT, "%.2f×", workers.ratio()), "1.9×"));
        results.job.ifPresent(job -> {
            text.row("share of the job outside sampling and quantization", Markdown.percent(job.otherShare()), "under 10%");
            text.row("largest resident set of the job's process, driver and executor in one, batch 64, heap 512 MB",
                String.format(Locale.ROOT, "%.0f MiB", job.residentBytes() / 1048576.0), "under 1024 MiB");
        });
        text.line("");
    }

    private static String threads(int count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    /** Of the shipped model each setting, of others the fastest, since their weights are random, ÷ the best peer. */
    private void againstPeers(Results.OfModel of) {
        Peer peer = results.bestPeer(of).orElse(null);
        if (peer == null || of.steps.isEmpty()) {
            return;
        }
        int threads = results.threads();
        if (of.trained) {
            for (String setting : of.ceilings.keySet()) {
                String bar = setting.equals(Setting.FP32.name()) ? "2×"
                    : results.byDefault.equals(Optional.of(setting)) ? "5×, being the default" : "";
                of.best(setting, threads).ifPresent(step -> againstPeer(of, setting, step, peer, bar));
            }
            return;
        }
        of.best(Setting.FP32.name(), threads).ifPresent(step -> againstPeer(of, Setting.FP32.name(), step, peer, ""));
        of.ceilings.keySet().stream().flatMap(setting -> of.best(setting, threads).stream())
            .max(Comparator.comparingDouble(step -> step.rate().median()))
            .ifPresent(step -> againstPeer(of, "best of ours, " + step.setting(), step, peer, "3×, at n = 27 4×"));
    }

    private void againstPeer(Results.OfModel of, String what, Results.Step step, Peer peer, String bar) {
        text.row(String.format(Locale.ROOT, "%s: %s ÷ %s", of.name, what, peer.name()),
            String.format(Locale.ROOT, "%.2f×", step.rate().median() / peer.best().median()), bar);
    }

    private void peaks() {
        text.line("## Peaks of a core, as measured");
        text.line("");
        text.line("A peak is the best repeat.");
        text.line("");
        text.table("loop", "threads", "G operations/s", "GB/s", "range");
        for (KernelBench.Measurement m : results.peaks.measurements()) {
            boolean copies = m.bytes() > 0;
            Spread rate = copies ? m.seconds().rateOf(m.bytes()) : m.operationsPerSecond();
            text.row(m.name(), m.detail(), copies ? "" : rate.high() / GIGA, copies ? rate.high() / GIGA : "",
                range(rate, GIGA));
        }
        text.line("");
    }

    private void steps(Results.OfModel of) {
        text.line("## Steps: %s", of.name);
        text.line("");
        text.line("Graph-steps per second; share = best batch size ÷ ceiling; in brackets the share of the strict ceiling, in"
            + " which X S and outliers cost what multiply-adds in registers do.");
        text.line("");
        List<Integer> batches = of.batches();
        List<String> columns = new ArrayList<>(List.of("setting", "threads"));
        batches.forEach(batch -> columns.add("batch " + batch));
        columns.addAll(List.of("range of the best", "ceiling", "share", COST));
        text.table(columns.toArray(String[]::new));
        for (String setting : of.ceilings.keySet()) {
            for (int threads : of.threadCounts()) {
                List<Object> cells = new ArrayList<>(List.of(setting, threads));
                for (int batch : batches) {
                    cells.add(of.steps.stream().filter(s -> s.setting().equals(setting) && s.threads() == threads
                        && s.batch() == batch).findFirst().map(s -> Markdown.significant(s.rate().median())).orElse("–"));
                }
                cells.add(of.best(setting, threads).map(step -> range(step.rate(), 1)).orElse("–"));
                cells.add(of.ceilings.get(setting).rate() * results.peaks.scaling(threads));
                Ceiling ceiling = of.ceilings.get(setting);
                cells.add(of.share(setting, threads, results.peaks).map(share -> Markdown.percent(share) + " ("
                    + Markdown.percent(share * ceiling.strict() * ceiling.rate()) + ")").orElse("–"));
                cells.add(of.best(setting, threads).map(CpuPage::cost).orElse("–"));
                text.row(cells.toArray());
            }
        }
        text.line("");
    }

    private void others(Results.OfModel of) {
        text.line("## Other settings: %s", of.name);
        text.line("");
        text.line("Batch %d, %s, all in the same rounds.", of.others.get(0).batch(), threads(of.others.get(0).threads()));
        text.line("");
        Optional<Double> full = of.others.stream().filter(step -> step.setting().equals(Setting.FP32.name())).findFirst()
            .map(step -> step.rate().median());
        Optional<Peer> peer = results.bestPeer(of);
        text.table("setting", "graph-steps/s", "range", "÷ fp32", "÷ " + peer.map(Peer::name).orElse("peer"), COST);
        for (Results.Step step : of.others) {
            double rate = step.rate().median();
            text.row(step.setting(), rate, range(step.rate(), 1),
                full.map(base -> String.format(Locale.ROOT, "%.2f×", rate / base)).orElse("–"),
                peer.map(best -> String.format(Locale.ROOT, "%.2f×", rate / best.best().median())).orElse("–"), cost(step));
        }
        text.line("");
    }

    /** What a million molecules take of processors: as many seconds of each that the step is spread over. */
    private static String cost(Results.Step step) {
        return String.format(Locale.ROOT, "%,.0f", step.threads() * STEPS_OF_A_MOLECULE * MICRO / step.rate().median());
    }

    private void rules(Results.OfModel of) {
        text.line("## Rules of steps: %s", of.name);
        text.line("");
        text.line("Whole steps, batch %d, %s, all in the same rounds, from the middle of the way on.", of.rules.get(0).batch(),
            threads(of.rules.get(0).threads()));
        text.line("");
        text.table("setting", "rule", "graph-steps/s", "range", "÷ posterior");
        of.rules.forEach(step -> text.row(step.setting(), step.rule(), step.rate().median(), range(step.rate(), 1),
            String.format(Locale.ROOT, "%.2f×", of.besidePosterior(step))));
        text.line("");
    }

    private void ceilings(Results.OfModel of) {
        text.line("## Ceiling: %s", of.name);
        text.line("");
        text.line("µs of one graph and step on one thread: operations ÷ peak, term by term.");
        text.line("");
        List<String> columns = new ArrayList<>(List.of("setting"));
        columns.addAll(of.ceilings.values().iterator().next().seconds().keySet());
        columns.addAll(List.of("sum", "graph-steps/s", "strict sum"));
        text.table(columns.toArray(String[]::new));
        for (Map.Entry<String, Ceiling> entry : of.ceilings.entrySet()) {
            Ceiling ceiling = entry.getValue();
            List<Object> cells = new ArrayList<>(List.of(entry.getKey()));
            ceiling.seconds().values().forEach(seconds -> cells.add(seconds * MICRO));
            cells.add(MICRO / ceiling.rate());
            cells.add(ceiling.rate());
            cells.add(ceiling.strict() * MICRO);
            text.row(cells.toArray());
        }
        text.line("");
    }

    private void pieces(Results.OfModel of) {
        text.line("## Kernels: %s", of.name);
        text.line("");
        text.line("One thread, data in cache, epilogue included; share = time at the peaks ÷ time.%s",
            of.trained ? "" : " Layers have the widths of the first model.");
        text.line("");
        text.table("piece", "rows × in × out", "µs", "G operations/s", "share of peak", "GB/s", "share of copy", "M items/s",
            "quartiles");
        for (KernelBench.Measurement m : of.pieces) {
            // Widths of layers hardly differ between models.
            if (m.name().contains("/") && !of.trained) {
                continue;
            }
            double operations = m.floatOperations() + m.integerOperations();
            double atPeak = m.floatOperations() / results.peaks.floatOperations(1)
                + m.integerOperations() / results.peaks.integerOperations(1);
            double seconds = m.seconds().median();
            text.row(m.name().replace('~', ' ').replace("/", ": "), m.detail().replace("x", "×"), seconds * MICRO,
                operations == 0 ? "" : operations / seconds / GIGA, operations == 0 ? "" : Markdown.percent(atPeak / seconds),
                m.bytes() == 0 ? "" : m.bytesPerSecond() / GIGA,
                m.bytes() == 0 ? "" : Markdown.percent(m.bytesPerSecond() / results.peaks.cachedBytes(1)),
                m.itemsPerSecond() / MICRO, "± " + Markdown.percent(m.seconds().deviation()));
        }
        text.line("");
    }

    private void peers() {
        text.line("## Peers");
        text.line("");
        text.line("Other runtimes on the same weights, by batch size. Where a peer runs the network alone, it has less to do than"
            + " a step of ours, which makes features, posterior and draws besides. Its logits were compared with ours first.");
        text.line("");
        text.table("model", "peer", "what", "processes or callers × threads", "batch", "graph-steps/s", "range");
        for (Peer peer : results.peers) {
            String model = peer.model().isEmpty() ? results.models.stream().filter(of -> of.trained).map(of -> of.name)
                .findFirst().orElse("") : peer.model();
            if (peer.rows().isEmpty()) {
                text.row(model, peer.version(), "", "", "", "", "");
            }
            for (Peer.Row row : peer.rows()) {
                text.row(model, peer.version(), peer.what(), row.processes() + " × " + row.threads(), row.batch(),
                    row.median(), Markdown.significant(row.low()) + "–" + Markdown.significant(row.high()));
            }
        }
        text.line("");
    }

    /** The head of a section of the job, with commit and processor where those are others. */
    private void section(String title, String kind) {
        text.line("## %s", title);
        text.line("");
        results.elsewhere(kind).ifPresent(where -> text.line("Measured on %s.%n", where));
    }

    private void starts(StartBench.Starts starts) {
        section("Start", StartBench.KIND);
        text.line("Seconds from `./submit.sh %s` to its report, built before; kinds take turns.", starts.command());
        text.line("");
        text.table("kind", "median", "range", "old build ÷ this", "core-seconds");
        starts.seconds().forEach((kind, seconds) -> text.row(kind, seconds.median(), range(seconds, 1),
            starts.faster(kind).map(ratio -> Markdown.significant(ratio) + "×").orElse(""),
            starts.core().containsKey(kind) ? starts.core().get(kind).median() : ""));
        text.line("");
    }

    private void builds(OldBench.Builds builds) {
        section("Builds", OldBench.KIND);
        text.line("Molecules per second of sampling of `./submit.sh %s FLAGS` by an earlier build, commit %s, and by this one; all take"
            + " turns.", builds.command(), builds.commit());
        text.line("");
        text.table("flags", "old build", "range", "this build", "range", "this ÷ old");
        builds.kinds().forEach(kind -> text.row(kind.name(), kind.old().median(), range(kind.old(), 1), kind.now().median(),
            range(kind.now(), 1), String.format(Locale.ROOT, "%.2f×", kind.ratio())));
        text.line("");
    }

    private void workers(WorkersBench.Scaling workers) {
        section("Workers", WorkersBench.KIND);
        text.line("Molecules per second of sampling, `./submit.sh %s --spark --master spark://… --total-executor-cores WORKERS`,"
            + " the quantized model known; both take turns. Workers are standalone Spark's, of one core and 1 GiB, each held to a"
            + " processor of its own with all that it starts.", workers.command());
        text.line("");
        text.table("workers of one core", "median", "range");
        text.row(1, workers.one().median(), range(workers.one(), 1));
        text.row(workers.workers(), workers.all().median(), range(workers.all(), 1));
        text.line("");
    }

    private void job(JobBench.Job job) {
        section("Job", JobBench.KIND);
        text.table("molecules", "steps", "s in all", "s quantizing", "s sampling", "s outside both", "share outside both",
            "molecules/s");
        text.row(job.count(), job.steps(), job.seconds(), job.quantizationSeconds(), job.samplingSeconds(),
            job.otherShare() * job.seconds(), Markdown.percent(job.otherShare()), job.count() / job.seconds());
        text.line("");
    }
}
