package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on Hadoop's YARN: resource manager and node manager in a JVM of their own, the driver with the test. */
class YarnIT {

    @TempDir
    private Path folder;

    @Test
    void rowsAreThoseOfALocalRunThoughAnExecutorIsKilled() throws Exception {
        Storage disk = new Disk(folder);
        try (ServerProcess yarn = yarn(1)) {
            try (Submission run = submit("--num-executors", "2", "--executor-memory", "512m")) {
                while (disk.files("run/molecules").isEmpty()) {
                    assertThat(run.runs()).as(run.said()).isTrue();
                    Thread.sleep(10);
                }
                List<ProcessHandle> executors = executors(yarn);
                assertThat(executors).hasSize(2);
                // SIGKILL
                assertThat(executors.get(0).destroyForcibly()).isTrue();
                assertThat(disk.files("run/molecules")).as("killed in the middle").doesNotContainKey("_SUCCESS");
                assertThat(run.await()).as(run.said()).isZero();
                assertThat(run.out()).contains("sampling: 240 of 240 graphs");
            }
            assertThat(Molecules.rows(disk, "run/molecules")).isEqualTo(Molecules.ofALocalRun());
            assertThat(new String(disk.read("run/run.json"), StandardCharsets.UTF_8))
                .contains("\"master\" : \"yarn\"");
        }
    }

    /** As one whose queue has no room. */
    @Test
    void anApplicationThatIsNeverStartedIsWithdrawnAfterABoundedWait() throws Exception {
        try (ServerProcess yarn = yarn(0);
             Submission run = submit("--conf", "spark.bitdgdm.executorWait=5s", "--conf", "spark.yarn.tags=nightly")) {
            assertThat(run.await()).as(run.said()).isEqualTo(2);
            assertThat(run.err().lines().filter(line -> !line.startsWith("+ ") && !line.startsWith("WARNING: Using incubator")))
                .singleElement().asString().startsWith("error: YARN has not started the application within 5 s"
                    + " (spark.bitdgdm.executorWait): application_").contains(" stayed ACCEPTED in queue default, its application"
                    + " master asked to have 512m").contains("; wait longer, free the queue, ");
        }
        assertThat(new Disk(folder).files("run")).isEmpty();
    }

    /** A cluster that is up. */
    private ServerProcess yarn(int nodes) throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf"));
        ServerProcess yarn = ServerProcess.java(folder, "yarn", List.of("-Dtest.build.data=" + folder.resolve("data")),
            Servers.HADOOP + File.separator + "*" + File.pathSeparator + TestSpark.classPath(), YarnServer.class.getName(),
            conf.toString(), Integer.toString(nodes));
        yarn.await(() -> Files.exists(conf.resolve("yarn-site.xml")));
        return yarn;
    }

    private Submission submit(String... more) throws Exception {
        Path spark = SparkHome.managed("yarn", Servers.YARN);
        List<String> command = new ArrayList<>(Molecules.GENERATE);
        command.addAll(List.of("--out", folder.resolve("run").toUri().toString()));
        Map<String, String> environment = Map.of("SPARK_HOME", spark.toString(), "HADOOP_CONF_DIR",
            folder.resolve("conf").toString(), "JAVA_HOME", System.getProperty("java.home"), "SPARK_LOCAL_IP", "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME", "localhost");
        List<String> flags = new ArrayList<>(List.of("--master", "yarn",
            // The nodes have Spark: nothing of it is uploaded.
            "--conf", "spark.yarn.jars=local:" + spark.resolve("jars") + "/*",
            "--conf", "spark.yarn.stagingDir=" + folder.resolve("staging").toUri()));
        flags.addAll(List.of(more));
        return Submission.start(folder.resolve("logs"), environment, command, flags);
    }

    /** JVMs of executors, which the node manager starts through shells. */
    private static List<ProcessHandle> executors(ServerProcess yarn) {
        return yarn.descendants().filter(process -> {
            String command = command(process);
            return command.contains("ExecutorBackend") && !command.startsWith("/bin/bash");
        }).toList();
    }

    private static String command(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline")).replace('\0', ' ');
        } catch (NoSuchFileException ended) {
            return "";
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
