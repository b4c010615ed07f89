package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A start of {@code submit.sh}, as a user makes it. */
final class Submission implements AutoCloseable {
    private static final Path REPOSITORY = Path.of(System.getProperty("bitdgdm.home")).toAbsolutePath().normalize();
    private static final int PATIENCE_MINUTES = 8;

    private final Path out;
    private final Path err;
    private final Process process;

    private Submission(Path out, Path err, Process process) {
        this.out = out;
        this.err = err;
        this.process = process;
    }

    /**
     * Starts a command of the job.
     *
     * @param logs        folder for what it prints
     * @param environment of the process, besides this one's without variables of Spark
     * @param job         command and flags
     * @param spark       flags of Spark
     */
    static Submission start(Path logs, Map<String, String> environment, List<String> job, List<String> spark)
        throws IOException {
        List<String> command = new ArrayList<>(List.of(REPOSITORY.resolve("submit.sh").toString()));
        command.addAll(job);
        command.add("--spark");
        command.addAll(spark);
        Path folder = Files.createTempDirectory(Files.createDirectories(logs), job.get(0) + "-");
        Path out = folder.resolve("stdout");
        Path err = folder.resolve("stderr");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectOutput(out.toFile())
            .redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_") || name.startsWith("HADOOP_")
            || name.startsWith("AWS_"));
        builder.environment().putAll(environment);
        return new Submission(out, err, builder.start());
    }

    /** Waits for its end; the exit code. */
    int await() throws Exception {
        return await(PATIENCE_MINUTES);
    }

    /** Waits for its end so long; the exit code. */
    int await(int minutes) throws Exception {
        if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
            throw new AssertionError("still runs after " + minutes + " minutes:\n" + said());
        }
        return process.exitValue();
    }

    boolean runs() {
        return process.isAlive();
    }

    /** A signal by its name, such as TERM. */
    void signal(String name) throws Exception {
        if (new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor() != 0) {
            throw new AssertionError("no signal " + name + " for " + process.pid());
        }
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    String out() throws IOException {
        return Files.readString(out);
    }

    String err() throws IOException {
        return Files.readString(err);
    }

    /** Both, for a test that fails. */
    String said() throws IOException {
        return out() + err();
    }

    @Override
    public void close() {
        kill();
    }
}
