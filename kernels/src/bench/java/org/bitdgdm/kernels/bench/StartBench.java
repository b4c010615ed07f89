package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How long a small run takes from its command to its report, most of which is start-up: of a job that is built, with nothing
 * in the cache of quantized models and with its model there. With an old build beside it, starts alternate.
 */
final class StartBench {
    /** Of lines of results. */
    static final String KIND = "start";
    /** Nothing is known but the build. */
    static final String COLD = "nothing cached";
    /** The same run quantized before, elsewhere. */
    static final String KNOWN = "quantized model in the cache";
    /** An earlier build with nothing cached. */
    static final String OLD = "old build, nothing cached";

    private static final List<String> SMALL_RUN = List.of("generate", "--count", "256", "--steps", "50");
    private static final double NANOS = 1e-9;

    /**
     * All starts.
     *
     * @param command of each, but for its folder
     * @param seconds of the starts of each kind, in the order of the table
     */
    record Starts(String command, Map<String, Spread> seconds) {
        static Starts of(JsonNode line) {
            Map<String, Spread> seconds = new LinkedHashMap<>();
            line.path("seconds").properties().forEach(kind -> seconds.put(kind.getKey(), Spread.of(kind.getValue())));
            return new Starts(line.path("command").asText(), seconds);
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(KIND).put("command", command);
            ObjectNode kinds = line.putObject("seconds");
            seconds.forEach((kind, all) -> all.write(kinds.putObject(kind)));
            return line;
        }

        /** Median of the old build ÷ median of another kind. */
        Optional<Double> faster(String kind) {
            return Optional.ofNullable(seconds.get(OLD)).map(old -> old.median() / seconds.get(kind).median());
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
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        for (int repeat = 0; repeat < options.starts(); repeat++) {
            if (options.old().isPresent()) {
                add(seconds, OLD, start(submitOf(options.old().get()), "none"));
            }
            add(seconds, COLD, start(options.submit(), "none"));
            add(seconds, KNOWN, start(options.submit(), cache.toString()));
        }
        Map<String, Spread> spreads = new LinkedHashMap<>();
        seconds.forEach((kind, all) ->
            spreads.put(kind, Spread.of(all.stream().mapToDouble(Double::doubleValue).toArray())));
        return new Starts(String.join(" ", SMALL_RUN), spreads);
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

    private static void add(Map<String, List<Double>> seconds, String kind, double one) {
        seconds.computeIfAbsent(kind, first -> new ArrayList<>()).add(one);
    }

    /** Seconds of one run of a build. */
    private double start(Path submit, String cache) throws IOException, InterruptedException {
        Path out = folder.resolve("run");
        remove(out);
        Path log = folder.resolve("run.log");
        List<String> command = new ArrayList<>(List.of("bash", submit.toString()));
        command.addAll(SMALL_RUN);
        command.addAll(List.of("--out", out.toString(), "--spark", "--master", "local[" + options.threads() + "]"));
        ProcessBuilder starting = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        starting.environment().put("BITDGDM_CACHE", cache);
        long begin = System.nanoTime();
        int code = starting.start().waitFor();
        double seconds = (System.nanoTime() - begin) * NANOS;
        if (code != 0 || !Files.exists(out.resolve("report.html"))) {
            throw new IllegalStateException(String.join(" ", command) + " ended with exit code " + code + "; see " + log);
        }
        return seconds;
    }

    private static void remove(Path there) throws IOException {
        if (Files.exists(there)) {
            try (Stream<Path> files = Files.walk(there)) {
                for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
