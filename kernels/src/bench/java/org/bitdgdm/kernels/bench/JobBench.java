package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;

/** The whole job as its user starts it, through submit.sh: a source of quantized models, and the outermost measurement. */
final class JobBench {
    /** Of lines of results. */
    static final String KIND = "job";
    /** Where a run leaves the model that it broadcasts. */
    private static final String PACKED = "_run/model/packed.bdgm";
    /** And what that was made by. */
    private static final String RECIPE = "_run/model/recipe.json";
    private static final long POLL_MILLIS = 500;
    private static final double NANOS = 1e-9;

    /**
     * A finished job.
     *
     * @param seconds            from the start of submit.sh to its end, JVM and Spark included
     * @param samplingSeconds    first sampling task's start to the last one's end
     * @param quantizationSeconds on the driver, calibration included; 0 where the model came from the cache
     * @param residentBytes      largest resident set of the process
     */
    record Job(int count, int steps, double seconds, double samplingSeconds, double quantizationSeconds,
               long residentBytes) {

        /** From a line of results. */
        static Job of(JsonNode line) {
            return new Job(line.path("molecules").asInt(), line.path("steps").asInt(), line.path("seconds").asDouble(),
                line.path("sampling_seconds").asDouble(Double.NaN), line.path("quantization_seconds").asDouble(0),
                line.path("resident_bytes").asLong());
        }

        ObjectNode line() {
            return ResultLines.line(KIND).put("molecules", count).put("steps", steps).put("seconds", seconds)
                .put("sampling_seconds", samplingSeconds).put("quantization_seconds", quantizationSeconds)
                .put("resident_bytes", residentBytes);
        }

        /** Share of the time outside sampling and quantization. */
        double otherShare() {
            return (seconds - samplingSeconds - quantizationSeconds) / seconds;
        }
    }

    private final BenchOptions options;
    private final Path folder;

    JobBench(BenchOptions options) {
        this.options = options;
        this.folder = options.home().resolve("kernels/target/bench/jobs");
    }

    /** The shipped model as the job quantizes it. */
    PackedModel quantized(Setting setting) throws IOException, InterruptedException {
        Path out = fresh(out(setting));
        List<String> flags = new ArrayList<>(setting.flags());
        flags.addAll(List.of("--count", "1", "--steps", "1"));
        run(out, flags);
        return PackedModelFormat.fromBytes(Files.readAllBytes(out.resolve(PACKED)));
    }

    /** Whether an earlier {@link #quantized} of one setting had the recipe that stands in another. */
    boolean hasRecipeOf(Setting asked, Setting other) throws IOException {
        JsonNode recipe = new ObjectMapper().readTree(out(asked).resolve(RECIPE).toFile()).path("recipe");
        return recipe.path("method").asText().equals("bit-dgdm") && recipe.path("weightBits").asInt() == other.bits()
            && recipe.path("activationBits").asInt() == other.bits() && recipe.path("rank").asInt() == other.rank()
            && recipe.path("factors").asText("weight").equals("weight")
            && recipe.path("alpha").asDouble() == other.alpha()
            && recipe.path("residualBits").asInt() == other.residualBits()
            && recipe.path("thresholdPercentile").asDouble() == Setting.PERCENTILE;
    }

    private Path out(Setting setting) {
        return folder.resolve(setting.name().replaceAll("[^A-Za-z0-9.+]+", "-"));
    }

    /** The default of generate, on as many cores as steps are measured with, in a heap of 512 MB. */
    Job measure() throws IOException, InterruptedException {
        Path out = fresh(folder.resolve("job"));
        long start = System.nanoTime();
        long resident = run(out, List.of("--count", Integer.toString(options.jobCount()), "--steps",
            Integer.toString(options.jobSteps()), "--spark", "--master", "local[" + options.threads() + "]",
            "--driver-memory", "512m"));
        double seconds = (System.nanoTime() - start) * NANOS;
        JsonNode timings = new ObjectMapper().readTree(out.resolve("run.json").toFile()).path("timings");
        return new Job(options.jobCount(), options.jobSteps(), seconds,
            timings.path("sampling_seconds").asDouble(Double.NaN),
            timings.path("quantization_seconds").asDouble(0), resident);
    }

    private Path fresh(Path out) throws IOException {
        if (Files.exists(out)) {
            PathUtils.deleteDirectory(out);
        }
        Files.createDirectories(folder);
        return out;
    }

    /** Runs generate; returns the largest resident set of its process, 0 where the system does not tell. */
    private long run(Path out, List<String> flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("bash", options.submit().toString(), "generate", "--out",
            out.toString(), "--cpu-isa", options.cpuIsa()));
        command.addAll(flags);
        Path log = folder.resolve(out.getFileName() + ".log");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        // submit.sh ends in exec, so its process becomes that of Spark.
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        long resident = 0;
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            resident = Math.max(resident, highWater(status));
        }
        if (process.exitValue() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with exit code " + process.exitValue()
                + "; see " + log);
        }
        return resident;
    }

    private static long highWater(Path status) {
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024).findFirst().orElse(0);
        } catch (IOException | UncheckedIOException gone) {
            return 0;
        }
    }
}
