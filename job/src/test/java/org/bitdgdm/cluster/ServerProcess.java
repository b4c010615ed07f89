package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.bitdgdm.sample.TestSpark;

/** A server of a test as a process of its own, whose output is kept; closing it ends what it has started too. */
final class ServerProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 180;

    private final String name;
    private final Path log;
    private final Process process;

    private ServerProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /** Starts a main class in a JVM like this one. */
    static ServerProcess java(Path folder, String name, List<String> options, String classPath, String... mainAndArguments)
        throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+")));
        command.addAll(List.of(TestSpark.SHORT_LIVED, "-Xmx768m", "-Djava.net.preferIPv4Stack=true"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath));
        command.addAll(Arrays.asList(mainAndArguments));
        Path log = Files.createDirectories(folder).resolve(name + ".log");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile());
        // What a node manager starts finds its Java by it.
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return new ServerProcess(name, log, builder.start());
    }

    /** Waits until the server is ready. */
    void await(Callable<Boolean> ready) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_SECONDS * 1_000_000_000L;
        while (!ready.call()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                String said = log();
                close();
                throw new AssertionError(name + " did not come up:\n" + said);
            }
            Thread.sleep(50);
        }
    }

    /** Waits for the end of one that ends by itself; what it has said. */
    String ended() throws Exception {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(name + " has failed:\n" + log());
        }
        return log();
    }

    /** What it has started, at any depth. */
    Stream<ProcessHandle> descendants() {
        return process.descendants();
    }

    /** What it has said so far. */
    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(each -> each.onExit().join());
    }
}
