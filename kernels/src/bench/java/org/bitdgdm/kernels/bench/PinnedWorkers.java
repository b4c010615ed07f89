package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A standalone master and workers of one core on this machine, each worker held with all that it starts to a processor of its
 * own. Spark's cores are a count of tasks: an executor of one, left to itself, has its compilers, its collector and what else
 * it does beside its task run on processors that idle, and so looks faster alone than among others.
 */
final class PinnedWorkers implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern REGISTERED = Pattern.compile("(Successfully registered with master)");
    private static final long PATIENCE_NANOS = 120_000_000_000L;
    private static final long GLANCE_MILLIS = 100;

    private final Path folder;
    private final Path jars;
    private final List<Process> processes = new ArrayList<>();
    private final String url;

    /**
     * Starts them and waits until they are there.
     *
     * @param jars      Spark's
     * @param folder    of their logs and of what executors write
     * @param megabytes of each worker
     */
    PinnedWorkers(Path jars, Path folder, int workers, int megabytes) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        this.jars = jars;
        try {
            url = await("master", MASTER, start("master", List.of(), "master.Master", "--port", "0"));
            for (int worker = 0; worker < workers; worker++) {
                String name = "worker-" + worker;
                await(name, REGISTERED, start(name, List.of("taskset", "--cpu-list", Integer.toString(worker)),
                    "worker.Worker", "--port", "0", "--cores", "1", "--memory", megabytes + "m", "--work-dir",
                    folder.resolve("work").toString(), url));
            }
        } catch (IOException | InterruptedException | RuntimeException failed) {
            close();
            throw failed;
        }
    }

    private Process start(String name, List<String> held, String main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(held);
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-Xmx256m",
            "-Dspark.master.rest.enabled=false", "-cp", jars.resolve("*").toString(), "org.apache.spark.deploy." + main,
            "--host", HOST, "--webui-port", "0"));
        command.addAll(List.of(arguments));
        ProcessBuilder starting = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log(name).toFile());
        // What Spark's own scripts set: of these a worker makes the command of an executor.
        starting.environment().putAll(Map.of("SPARK_HOME", jars.getParent().toString(), "SPARK_SCALA_VERSION", "2.13"));
        Process process = starting.start();
        processes.add(process);
        return process;
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    /** What a server says when it is ready. */
    private String await(String name, Pattern ready, Process process) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            Optional<String> said = Files.readString(log(name)).lines().map(ready::matcher).filter(Matcher::find)
                .map(found -> found.group(1)).findFirst();
            if (said.isPresent()) {
                return said.get();
            }
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new IllegalStateException("Spark's " + name + " did not come up; see " + log(name));
            }
            Thread.sleep(GLANCE_MILLIS);
        }
    }

    String url() {
        return url;
    }

    @Override
    public void close() {
        for (Process process : processes) {
            Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList().forEach(ProcessHandle::destroy);
        }
    }
}
