package org.bitdgdm.kernels.bench;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The text of {@code kernels/benchmarks/cpu.md}: numbers of one run, then what people wrote about it. */
final class Report {
    /** Everything below this line is written by hand and survives the next run. */
    static final String HANDWRITTEN = "## What was tried, and what each change gave\n";
    static final String NOTHING_WRITTEN = "\n(nothing written yet)\n";

    private static final double GIGA = 1e9;
    private static final double MICRO = 1e6;

    private final Results results;
    private final StringBuilder text = new StringBuilder();

    Report(Results results) {
        this.results = results;
    }

    /** @param handwritten what stands below {@link #HANDWRITTEN} */
    String text(String handwritten) {
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
            ceilings(model);
            if (results.options.levels().contains(BenchOptions.Level.KERNEL)) {
                pieces(model);
            }
        });
        results.peer.ifPresent(this::peer);
        results.job.ifPresent(this::job);
        return text.append(HANDWRITTEN).append(handwritten).toString();
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void table(String... columns) {
        line("| %s |", String.join(" | ", columns));
        line("|%s", "---|".repeat(columns.length));
    }

    private void row(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            texts.add(cell instanceof Double number ? significant(number) : String.valueOf(cell));
        }
        line("| %s |", String.join(" | ", texts));
    }

    /** Three digits, without an exponent. */
    private static String significant(double value) {
        double magnitude = Math.abs(value);
        return String.format(Locale.ROOT, magnitude >= 100 ? "%,.0f" : magnitude >= 10 ? "%.1f" : "%.2f", value);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f%%", 100 * share);
    }

    private static String range(Spread spread, double unit) {
        return significant(spread.low() / unit) + "–" + significant(spread.high() / unit);
    }

    private void head() {
        Machine machine = results.machine;
        line("# Speed of the cpu backend");
        line("");
        line("Written by `./submit.sh bench` on %s in %.0f s; medians of %d repeats with their range. Do not edit above"
            + " \"What was tried\".", LocalDate.now(ZoneOffset.UTC), results.seconds, results.options.repeats());
        line("");
        line("%s%n", Machine.quietness(results.busyBefore, results.busyAfter));
        table("what", "value");
        row("CPU", machine.cpu() + ", " + machine.cores() + " processors");
        row("system", machine.system());
        row("compiler", machine.compiler());
        row("JVM", machine.jvm());
        row("commit", machine.commit());
        row("instruction set", results.options.cpuIsa());
        row("quantized QM9 models", "from " + results.quantizedBy);
        results.byDefault.ifPresent(setting -> row("default of generate", setting.name()));
        row("other models", "random weights, the benchmark's own forms");
        line("");
    }

    private void bars() {
        line("## Bars");
        line("");
        table("what", "found", "at least");
        Peaks peaks = results.peaks;
        int threads = results.options.threads();
        double lowest = Double.POSITIVE_INFINITY;
        String where = "";
        double scaling = Double.POSITIVE_INFINITY;
        String scaled = "";
        for (Results.OfModel of : results.models) {
            for (Setting setting : of.ceilings.keySet()) {
                String name = of.model.name() + ", " + setting.name();
                for (int count : results.options.threadCounts()) {
                    Optional<Double> share = of.share(setting, count, peaks);
                    if (share.isPresent() && share.get() < lowest) {
                        lowest = share.get();
                        where = name + ", " + threads(count);
                    }
                }
                Optional<StepBench.Step> one = of.best(setting, 1);
                Optional<StepBench.Step> all = of.best(setting, threads);
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
            row("lowest step throughput ÷ its ceiling (" + where + ")", percent(lowest), "70%");
        }
        results.peer.filter(peer -> !peer.rows().isEmpty()).ifPresent(peer -> {
            againstPeer(peer, Setting.FP32, "1.2×");
            results.byDefault.ifPresent(setting -> againstPeer(peer, setting, "2.5×, being the default"));
            againstPeer(peer, Setting.LITERAL, "3×");
            for (Setting other : List.of(Setting.RESIDUAL, Setting.W8A8)) {
                if (!results.byDefault.equals(Optional.of(other))) {
                    againstPeer(peer, other, "2.5× where it is the default");
                }
            }
        });
        if (scaling < Double.POSITIVE_INFINITY) {
            row("lowest " + threads(threads) + " ÷ 1 thread ÷ scaling of the multiply-adds (" + scaled + ")",
                percent(scaling), "95%");
        }
        results.job.ifPresent(job -> {
            row("share of the job outside sampling and quantization", percent(job.otherShare()), "under 10%");
            row("largest resident set of the job's process, driver and executor in one, batch 64, heap 512 MB",
                String.format(Locale.ROOT, "%.0f MiB", job.residentBytes() / 1048576.0), "under 1024 MiB");
        });
        line("");
    }

    private static String threads(int count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    private void againstPeer(Peer peer, Setting setting, String bar) {
        results.models.stream().filter(of -> of.model.trained()).findFirst()
            .flatMap(of -> of.best(setting, results.options.threads()))
            .ifPresent(step -> row(setting.name() + " ÷ PyTorch FP32",
                String.format(Locale.ROOT, "%.2f×", step.rate().median() / peer.best().median()), bar));
    }

    private void peaks() {
        line("## Peaks of a core, as measured");
        line("");
        line("A peak is the best repeat.");
        line("");
        table("loop", "threads", "G operations/s", "GB/s", "range");
        for (KernelBench.Measurement m : results.peaks.measurements()) {
            boolean copies = m.bytes() > 0;
            Spread rate = copies ? m.seconds().map(s -> m.bytes() / s) : m.operationsPerSecond();
            row(m.name(), m.detail(), copies ? "" : rate.high() / GIGA, copies ? rate.high() / GIGA : "",
                range(rate, GIGA));
        }
        line("");
    }

    private void steps(Results.OfModel of) {
        line("## Steps: %s", of.model.name());
        line("");
        line("Graph-steps per second; share = best batch size ÷ ceiling; in brackets the share of the strict ceiling, in which"
            + " X S and outliers cost what multiply-adds in registers do.");
        line("");
        List<Integer> batches = of.model.batches(results.options.full());
        List<String> columns = new ArrayList<>(List.of("setting", "threads"));
        batches.forEach(batch -> columns.add("batch " + batch));
        columns.addAll(List.of("range of the best", "ceiling", "share"));
        table(columns.toArray(String[]::new));
        for (Setting setting : of.ceilings.keySet()) {
            for (int threads : results.options.threadCounts()) {
                List<Object> cells = new ArrayList<>(List.of(setting.name(), threads));
                for (int batch : batches) {
                    cells.add(of.steps.stream().filter(s -> s.setting().equals(setting) && s.threads() == threads
                        && s.batch() == batch).findFirst().map(s -> significant(s.rate().median())).orElse("–"));
                }
                cells.add(of.best(setting, threads).map(step -> range(step.rate(), 1)).orElse("–"));
                cells.add(of.ceilings.get(setting).rate() * results.peaks.scaling(threads));
                Ceiling ceiling = of.ceilings.get(setting);
                cells.add(of.share(setting, threads, results.peaks).map(share -> percent(share) + " ("
                    + percent(share * ceiling.strict() * ceiling.rate()) + ")").orElse("–"));
                row(cells.toArray());
            }
        }
        line("");
    }

    private void others(Results.OfModel of) {
        line("## Other settings: %s", of.model.name());
        line("");
        line("Batch %d, %s, all in the same rounds.", of.others.get(0).batch(), threads(of.others.get(0).threads()));
        line("");
        double full = of.others.stream().filter(step -> step.setting() == Setting.FP32).findFirst().orElseThrow()
            .rate().median();
        table("setting", "graph-steps/s", "range", "÷ fp32", "÷ PyTorch FP32");
        for (StepBench.Step step : of.others) {
            double rate = step.rate().median();
            row(step.setting().name(), rate, range(step.rate(), 1), String.format(Locale.ROOT, "%.2f×", rate / full),
                results.peer.filter(peer -> !peer.rows().isEmpty())
                    .map(peer -> String.format(Locale.ROOT, "%.2f×", rate / peer.best().median())).orElse("–"));
        }
        line("");
    }

    private void ceilings(Results.OfModel of) {
        line("## Ceiling: %s", of.model.name());
        line("");
        line("µs of one graph and step on one thread: operations ÷ peak, term by term.");
        line("");
        List<String> columns = new ArrayList<>(List.of("setting"));
        columns.addAll(of.ceilings.values().iterator().next().seconds().keySet());
        columns.addAll(List.of("sum", "graph-steps/s", "strict sum"));
        table(columns.toArray(String[]::new));
        for (Map.Entry<Setting, Ceiling> entry : of.ceilings.entrySet()) {
            Ceiling ceiling = entry.getValue();
            List<Object> cells = new ArrayList<>(List.of(entry.getKey().name()));
            ceiling.seconds().values().forEach(seconds -> cells.add(seconds * MICRO));
            cells.add(MICRO / ceiling.rate());
            cells.add(ceiling.rate());
            cells.add(ceiling.strict() * MICRO);
            row(cells.toArray());
        }
        line("");
    }

    private void pieces(Results.OfModel of) {
        line("## Kernels: %s", of.model.name());
        line("");
        line("One thread, data in cache, epilogue included; share = time at the peaks ÷ time.%s",
            of.model.trained() ? "" : " Layers have the widths of the first model.");
        line("");
        table("piece", "rows × in × out", "µs", "G operations/s", "share of peak", "GB/s", "share of copy", "M items/s",
            "quartiles");
        for (KernelBench.Measurement m : of.pieces) {
            // Widths of layers hardly differ between models.
            if (m.name().contains("/") && !of.model.trained()) {
                continue;
            }
            double operations = m.floatOperations() + m.integerOperations();
            double atPeak = m.floatOperations() / results.peaks.floatOperations(1)
                + m.integerOperations() / results.peaks.integerOperations(1);
            double seconds = m.seconds().median();
            row(m.name().replace('~', ' ').replace("/", ": "), m.detail().replace("x", "×"), seconds * MICRO,
                operations == 0 ? "" : operations / seconds / GIGA, operations == 0 ? "" : percent(atPeak / seconds),
                m.bytes() == 0 ? "" : m.bytesPerSecond() / GIGA,
                m.bytes() == 0 ? "" : percent(m.bytesPerSecond() / results.peaks.cachedBytes(1)),
                m.itemsPerSecond() / MICRO, "± " + percent(m.seconds().deviation()));
        }
        line("");
    }

    private void peer(Peer peer) {
        line("## Peer");
        line("");
        line("%s; the shipped model, n = 9, FP32: features, network, posterior and draw.", peer.version());
        line("");
        if (peer.rows().isEmpty()) {
            return;
        }
        table("processes × threads", "batch", "graph-steps/s", "range");
        for (Peer.Row row : peer.rows()) {
            row(row.processes() + " × " + row.threads(), row.batch(), row.median(),
                significant(row.low()) + "–" + significant(row.high()));
        }
        line("");
    }

    private void job(JobBench.Job job) {
        line("## Job");
        line("");
        table("molecules", "steps", "s in all", "s quantizing", "s sampling", "s outside both", "share outside both",
            "molecules/s");
        row(job.count(), job.steps(), job.seconds(), job.quantizationSeconds(), job.samplingSeconds(),
            job.otherShare() * job.seconds(), percent(job.otherShare()), job.count() / job.seconds());
        line("");
    }
}
