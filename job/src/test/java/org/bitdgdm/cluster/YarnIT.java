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

/** A run on Hadoop's YARN: a resource manager and a node manager in a JVM of their own, the driver with the test. */
class YarnIT {

    @TempDir
    private Path folder;

    @Test
    void rowsAreThoseOfALocalRunThoughAnExecutorIsKilled() throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf"));
        Path spark = SparkHome.managed("yarn", Servers.YARN);
        try (ServerProcess yarn = ServerProcess.java(folder, "yarn", List.of("-Dtest.build.data=" + folder.resolve("data")),
            Servers.HADOOP + File.separator + "*" + File.pathSeparator + TestSpark.classPath(), YarnServer.class.getName(),
            conf.toString())) {
            yarn.await(() -> Files.exists(conf.resolve("yarn-site.xml")));
            List<String> command = new ArrayList<>(Molecules.GENERATE);
            Storage disk = new Disk(folder);
            command.addAll(List.of("--out", folder.resolve("run").toUri().toString()));
            Map<String, String> environment = Map.of("SPARK_HOME", spark.toString(), "HADOOP_CONF_DIR", conf.toString(),
                "JAVA_HOME", System.getProperty("java.home"), "SPARK_LOCAL_IP", "127.0.0.1", "SPARK_LOCAL_HOSTNAME",
                "localhost");
            try (Submission run = Submission.start(folder.resolve("logs"), environment, command, List.of("--master", "yarn",
                "--num-executors", "2", "--executor-memory", "512m",
                // The nodes have Spark: nothing of it is uploaded.
                "--conf", "spark.yarn.jars=local:" + spark.resolve("jars") + "/*",
                "--conf", "spark.yarn.stagingDir=" + folder.resolve("staging").toUri()))) {
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
