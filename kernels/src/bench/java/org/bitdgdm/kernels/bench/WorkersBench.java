package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Molecules per second of one standalone worker of one core and of several ({@link PinnedWorkers}), each with an executor; their
 * runs take turns, with the quantized model known.
 */
final class WorkersBench {
    /** Of lines of results. */
    static final String KIND = "workers";

    private static final int GRAPHS = 2_048;
    /** So many that sampling takes most of the time, as in any run that is worth several workers. */
    private static final int STEPS = 500;
    /** As many shards as both have an equal number of. */
    private static final List<String> RUN = List.of("generate", "--count", Integer.toString(GRAPHS), "--steps",
        Integer.toString(STEPS), "--shard-size", "64");
    private static final int MEGABYTES = 1_024;

    /** Molecules per second of one worker and of {@code workers} together. */
    record Scaling(String command, int workers, Spread one, Spread all) {
        static Scaling of(JsonNode line) {
            return new Scaling(line.path("command").asText(), line.path("workers").asInt(), Spread.of(line.path("one")),
                Spread.of(line.path("all")));
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(KIND).put("command", command).put("workers", workers);
            one.write(line.putObject("one"));
            all.write(line.putObject("all"));
            return line;
        }

        double ratio() {
            return all.median() / one.median();
        }
    }

    private final BenchOptions options;
    private final Path folder;

    WorkersBench(BenchOptions options) {
        this.options = options;
        this.folder = options.home().resolve("kernels/target/bench/workers");
    }

    Scaling measure() throws IOException, InterruptedException {
        // Fills the cache of quantized models.
        rate(options.submit(), List.of("generate", "--count", "1", "--steps", "1"), folder, "local[" + options.threads() + "]");
        List<Double> one = new ArrayList<>();
        List<Double> all = new ArrayList<>();
        String home = System.getenv("SPARK_HOME");
        Path jars = home == null ? options.home().resolve("job/target/spark/jars") : Path.of(home, "jars");
        try (PinnedWorkers workers = new PinnedWorkers(jars, folder.resolve("servers"), options.threads(), MEGABYTES)) {
            for (int repeat = 0; repeat < options.starts(); repeat++) {
                one.add(rate(workers.url(), 1));
                all.add(rate(workers.url(), options.threads()));
            }
        }
        return new Scaling(String.join(" ", RUN), options.threads(), spread(one), spread(all));
    }

    private static Spread spread(List<Double> rates) {
        return Spread.of(rates.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private double rate(String master, int workers) throws IOException, InterruptedException {
        return rate(options.submit(), RUN, folder, master, "--executor-memory", MEGABYTES + "m", "--total-executor-cores",
            Integer.toString(workers));
    }

    /**
     * Molecules per second of sampling, as a run says.
     *
     * @param submit of a build; the run begins in its folder, where the paths of its defaults are its own files
     * @param run    command and flags
     * @param folder of the run, its log and a cache of quantized models
     * @param spark  master and flags of Spark
     */
    static double rate(Path submit, List<String> run, Path folder, String... spark) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path out = folder.resolve("run");
        StartBench.remove(out);
        Path log = folder.resolve("run.log");
        List<String> command = new ArrayList<>(List.of("bash", submit.toString()));
        command.addAll(run);
        command.addAll(List.of("--out", out.toString(), "--spark", "--master"));
        command.addAll(List.of(spark));
        ProcessBuilder starting = new ProcessBuilder(command).directory(submit.getParent().toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile());
        starting.environment().put("BITDGDM_CACHE", folder.resolve("cache").toString());
        int code = starting.start().waitFor();
        if (code != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with exit code " + code + "; see " + log);
        }
        return new ObjectMapper().readTree(out.resolve("run.json").toFile()).path("graphs_per_second").asDouble();
    }
}
