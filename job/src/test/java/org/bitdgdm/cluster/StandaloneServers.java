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

    private final String url;
    private final List<ServerProcess> processes = new ArrayList<>();

    /**
     * Starts a cluster and waits until all of it is there.
     *
     * @param cores  of each worker
     * @param memory of each worker, as Spark reads it
     */
    StandaloneServers(Path folder, int workers, int cores, String memory) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            port = free.getLocalPort();
        }
        url = "spark://" + HOST + ":" + port;
        String jars = Path.of(System.getenv("SPARK_HOME"), "jars", "*").toString();
        List<String> options = List.of("-Dspark.master.rest.enabled=false");
        ServerProcess master = ServerProcess.java(folder, "master", options, jars, "org.apache.spark.deploy.master.Master",
            "--host", HOST, "--port", Integer.toString(port), "--webui-port", "0");
        processes.add(master);
        try {
            master.await(() -> master.log().contains("I have been elected leader"));
            for (int worker = 0; worker < workers; worker++) {
                ServerProcess process = ServerProcess.java(folder, "worker-" + worker, options, jars,
                    "org.apache.spark.deploy.worker.Worker", "--host", HOST, "--port", "0", "--webui-port", "0", "--cores",
                    Integer.toString(cores), "--memory", memory, "--work-dir", folder.resolve("work-" + worker).toString(),
                    url);
                processes.add(process);
                process.await(() -> process.log().contains("Successfully registered with master"));
            }
        } catch (Throwable failed) {
            close();
            throw failed;
        }
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
