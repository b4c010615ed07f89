package org.bitdgdm.cluster;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A standalone master and workers of one size, as processes on 127.0.0.1. */
final class StandaloneServers implements AutoCloseable {
    private static final String HOST = "127.0.0.1";

    private static final String JARS = Path.of(System.getenv("SPARK_HOME"), "jars", "*").toString();
    private static final List<String> OPTIONS = List.of("-Dspark.master.rest.enabled=false");

    private final Path folder;
    private final int cores;
    private final String memory;
    private final String url;
    private final List<ServerProcess> processes = new ArrayList<>();
    private int started;

    /**
     * Starts a cluster and waits until all of it is there.
     *
     * @param cores  of each worker
     * @param memory of each worker, as Spark reads it
     */
    StandaloneServers(Path folder, int workers, int cores, String memory) throws Exception {
        this.folder = folder;
        this.cores = cores;
        this.memory = memory;
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            port = free.getLocalPort();
        }
        url = "spark://" + HOST + ":" + port;
        ServerProcess master = ServerProcess.java(folder, "master", OPTIONS, JARS, "org.apache.spark.deploy.master.Master",
            "--host", HOST, "--port", Integer.toString(port), "--webui-port", "0");
        processes.add(master);
        try {
            master.await(() -> master.log().contains("I have been elected leader"));
            for (int worker = 0; worker < workers; worker++) {
                processes.add(worker());
            }
        } catch (Throwable failed) {
            close();
            throw failed;
        }
    }

    private ServerProcess worker() throws Exception {
        String name = "worker-" + started++;
        ServerProcess process = ServerProcess.java(folder, name, OPTIONS, JARS, "org.apache.spark.deploy.worker.Worker",
            "--host", HOST, "--port", "0", "--webui-port", "0", "--cores", Integer.toString(cores), "--memory", memory, "--work-dir",
            folder.resolve("work-" + name).toString(), url);
        process.await(() -> process.log().contains("Successfully registered with master"));
        return process;
    }

    /** Ends one worker and its executors as a machine's end does, and brings another one. */
    void replaceWorker(int which) throws Exception {
        // The master is the first process.
        processes.remove(1 + which).close();
        processes.add(worker());
    }

    /** Executors of all workers that run now. */
    List<ProcessHandle> executors() {
        return processes.stream().flatMap(ServerProcess::descendants)
            .filter(process -> process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend")).toList();
    }

    String url() {
        return url;
    }

    @Override
    public void close() {
        // Workers first: they end their executors.
        Collections.reverse(processes);
        processes.forEach(ServerProcess::close);
    }
}
