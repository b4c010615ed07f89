package org.bitdgdm.output;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import org.apache.spark.launcher.JavaModuleOptions;
import org.bitdgdm.sample.TestSpark;

/** A standalone master and workers of one core each, as processes on 127.0.0.1. */
final class StandaloneCluster implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    private final Path logs;
    private final int port;
    private final List<Process> workers = new ArrayList<>();
    private final Process master;

    StandaloneCluster(Path logs, int workerCount) throws Exception {
        this.logs = logs;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            port = free.getLocalPort();
        }
        master = start("master", "org.apache.spark.deploy.master.Master", "--host", HOST, "--port", Integer.toString(port),
            "--webui-port", "0");
        await(master, "master", "I have been elected leader");
        for (int worker = 0; worker < workerCount; worker++) {
            workers.add(start("worker-" + worker, "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--port", "0",
                "--webui-port", "0", "--cores", "1", "--memory", "1g",
                "--work-dir", logs.resolve("work-" + worker).toString(), url()));
        }
        for (int worker = 0; worker < workerCount; worker++) {
            await(workers.get(worker), "worker-" + worker, "Successfully registered with master");
        }
    }

    private Process start(String name, String... mainAndArguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+")));
        command.addAll(List.of(TestSpark.SHORT_LIVED, "-Xmx256m", "-Dspark.master.rest.enabled=false", "-cp",
            Path.of(System.getenv("SPARK_HOME"), "jars") + File.separator + "*"));
        command.addAll(Arrays.asList(mainAndArguments));
        return new ProcessBuilder(command).redirectErrorStream(true)
            .redirectOutput(logs.resolve(name + ".log").toFile()).start();
    }

    /** Waits for a line of a process's log: an open port is not yet a master that answers, and asking again takes 20 s. */
    private void await(Process process, String name, String line) throws Exception {
        Path log = logs.resolve(name + ".log");
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (!Files.readString(log).contains(line)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new AssertionError("the standalone " + name + " did not come up:\n" + Files.readString(log));
            }
            Thread.sleep(50);
        }
    }

    String url() {
        return "spark://" + HOST + ":" + port;
    }

    /** Processes of executors: a worker starts nothing else. */
    List<ProcessHandle> executors() {
        return workers.stream().flatMap(worker -> worker.children()).toList();
    }

    @Override
    public void close() throws Exception {
        List<ProcessHandle> all = Stream.concat(Stream.concat(executors().stream(), workers.stream().map(Process::toHandle)),
            Stream.of(master.toHandle())).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : all) {
            process.onExit().get();
        }
    }
}
