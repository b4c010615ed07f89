package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.commons.io.file.PathUtils;

/**
 * How long a small run takes from its command to its report, most of which is start-up: of a job that is built, without a
 * cache of quantized models and with its model in one. With an old build beside it, starts alternate.
 */
final class StartBench {
    /** Of lines of results. */
    static final String KIND = "start";
    /** Without a cache, as where nothing but the build is there. */
    static final String COLD = "without a cache";
    /** The same run quantized before, elsewhere. */
    static final String KNOWN = "quantized model in the cache";
    /** An earlier build without a cache. */
    static final String OLD = "old build, without a cache";

    private static final List<String> SMALL_RUN = List.of("generate", "--count", "256", "--steps", "50");
    /** Prints the seconds that a command has used of processors, by itself and within the kernel; its output goes to $0. */
    private static final String TIMED = "TIMEFORMAT='%U %S'; { time bash \"$@\" > \"$0\" 2>&1; } 2>&1";
    private static final double NANOS = 1e-9;

    /**
     * All starts.
     *
     * @param command of each, but for its folder
     * @param seconds of the starts of each kind, in the order of the table
     * @param core    seconds of processors that they used, by kind, which others at work change less than seconds
     * @param quantizing seconds of those that had to quantize their model
     */
    record Starts(String command, Map<String, Spread> seconds, Map<String, Spread> core, Map<String, Spread> quantizing) {
        static Starts of(JsonNode line) {
            return new Starts(line.path("command").asText(), spreads(line.path("seconds")),
                spreads(line.path("core_seconds")), spreads(line.path("quantization_seconds")));
        }

        private static Map<String, Spread> spreads(JsonNode kinds) {
            Map<String, Spread> spreads = new LinkedHashMap<>();
            kinds.properties().forEach(kind -> spreads.put(kind.getKey(), Spread.of(kind.getValue())));
            return spreads;
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(KIND).put("command", command);
            write(line.putObject("seconds"), seconds);
            write(line.putObject("core_seconds"), core);
            write(line.putObject("quantization_seconds"), quantizing);
            return line;
        }

        private static void write(ObjectNode kinds, Map<String, Spread> spreads) {
            spreads.forEach((kind, all) -> all.write(kinds.putObject(kind)));
        }

        /** Median of the old build ÷ median of another kind. */
        Optional<Double> faster(String kind) {
            return faster(seconds, kind);
        }

        /** The same of quantizing alone. */
        Optional<Double> quantizesFaster() {
            return faster(quantizing, COLD);
        }

        private static Optional<Double> faster(Map<String, Spread> of, String kind) {
            return Optional.ofNullable(of.get(OLD)).map(old -> old.median() / of.get(kind).median());
        }
    }

    private final BenchOptions options;
    private final Path folder;

    StartBench(BenchOptions options) {
        this.options = options;
        this.folder = options.home().resolve("kernels/target/bench/starts");
    }

    Starts measure() throws IOException, InterruptedException {
        remove(folder);
        Files.createDirectories(folder);
        Path cache = folder.resolve("cache");
        // Fills the cache, and the system's memory with the files of either build.
        start(options.submit(), cache.toString());
        options.old().ifPresent(this::warm);
        Map<String, List<Taken>> taken = new LinkedHashMap<>();
        for (int repeat = 0; repeat < options.starts(); repeat++) {
            if (options.old().isPresent()) {
                add(taken, OLD, start(submitOf(options.old().get()), "none"));
            }
            add(taken, COLD, start(options.submit(), "none"));
            add(taken, KNOWN, start(options.submit(), cache.toString()));
        }
        return new Starts(String.join(" ", SMALL_RUN) + " --spark " + String.join(" ", spark()),
            spreads(taken, Taken::seconds), spreads(taken, Taken::core), spreads(taken, Taken::quantizing));
    }

    private static Map<String, Spread> spreads(Map<String, List<Taken>> taken, ToDoubleFunction<Taken> part) {
        Map<String, Spread> spreads = new LinkedHashMap<>();
        taken.forEach((kind, all) -> {
            double[] known = all.stream().mapToDouble(part).filter(Double::isFinite).toArray();
            if (known.length > 0) {
                spreads.put(kind, Spread.of(known));
            }
        });
        return spreads;
    }

    /**
     * What one start took.
     *
     * @param seconds from the command to its end
     * @param core    of processors
     * @param quantizing as the run says; NaN where it had nothing to quantize
     */
    private record Taken(double seconds, double core, double quantizing) {
    }

    private void warm(Path old) {
        try {
            start(submitOf(old), "none");
        } catch (IOException failed) {
            throw new IllegalStateException("--old " + old + " cannot be started: " + failed.getMessage(), failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped", stopped);
        }
    }

    private static Path submitOf(Path build) {
        return build.resolve("submit.sh");
    }

    private static void add(Map<String, List<Taken>> taken, String kind, Taken one) {
        taken.computeIfAbsent(kind, first -> new ArrayList<>()).add(one);
    }

    /** One run of a build, from its own folder: paths of the defaults are those of its own files. */
    private Taken start(Path submit, String cache) throws IOException, InterruptedException {
        Path out = folder.resolve("run");
        remove(out);
        Path log = folder.resolve("run.log");
        List<String> command = new ArrayList<>(List.of("bash", "-c", TIMED, log.toString(), submit.toString()));
        command.addAll(SMALL_RUN);
        command.addAll(List.of("--out", out.toString(), "--spark"));
        command.addAll(spark());
        ProcessBuilder starting = new ProcessBuilder(command).directory(submit.getParent().toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
        starting.environment().put("BITDGDM_CACHE", cache);
        long begin = System.nanoTime();
        Process process = starting.start();
        String core = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int code = process.waitFor();
        double seconds = (System.nanoTime() - begin) * NANOS;
        if (code != 0 || !Files.exists(out.resolve("report.html"))) {
            throw new IllegalStateException(String.join(" ", command) + " ended with exit code " + code + "; see " + log);
        }
        JsonNode run = new ObjectMapper().readTree(out.resolve("run.json").toFile());
        return new Taken(seconds, Arrays.stream(core.split(" ")).mapToDouble(Double::parseDouble).sum(),
            run.at("/timings/quantization_seconds").asDouble(Double.NaN));
    }

    /** What Spark is told. */
    private List<String> spark() {
        return List.of("--master", "local[" + options.threads() + "]");
    }

    static void remove(Path there) throws IOException {
        if (Files.exists(there)) {
            PathUtils.deleteDirectory(there);
        }
    }
}
