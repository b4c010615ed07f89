package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Settings that clusters have: those that change nothing of the rows, and those that no cluster can meet. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SparkSettingsIT {
    private Path folder;
    private StandaloneServers cluster;

    @BeforeAll
    void startCluster(@TempDir Path temporary) throws Exception {
        folder = temporary;
        cluster = new StandaloneServers(folder.resolve("cluster"), 2, 2, "1g");
    }

    @AfterAll
    void stopCluster() {
        if (cluster != null) {
            cluster.close();
        }
    }

    static Stream<List<String>> settings() {
        return Stream.of(
            List.of("spark.speculation=true", "spark.speculation.interval=100ms", "spark.speculation.quantile=0.3",
                "spark.speculation.multiplier=1.1"),
            List.of("spark.dynamicAllocation.enabled=true", "spark.dynamicAllocation.shuffleTracking.enabled=true",
                "spark.dynamicAllocation.minExecutors=0", "spark.dynamicAllocation.executorIdleTimeout=2s"),
            List.of("spark.task.cpus=2"),
            List.of("spark.serializer=org.apache.spark.serializer.KryoSerializer", "spark.kryo.registrationRequired=true"),
            List.of("spark.eventLog.enabled=true", "spark.eventLog.dir=EVENTS", "spark.io.encryption.enabled=true"));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void rowsAreThoseOfAPlainRun(List<String> settings) throws Exception {
        Path events = Files.createTempDirectory(folder, "events");
        List<String> flags = new ArrayList<>(List.of("--master", cluster.url(), "--executor-memory", "512m"));
        settings.forEach(setting -> flags.addAll(List.of("--conf", setting.replace("EVENTS", events.toUri().toString()))));
        assertThat(rows(flags)).isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
        if (settings.get(0).startsWith("spark.eventLog")) {
            try (Stream<Path> logs = Files.list(events)) {
                assertThat(logs).isNotEmpty();
            }
        }
    }

    /** Master, worker and executors share the secret here without a file of their own. */
    @Test
    void rowsAreThoseOfAPlainRunWhereAllTrafficIsEncrypted() throws Exception {
        assertThat(rows(List.of("--master", "local-cluster[2,1,1024]", "--conf", "spark.authenticate=true", "--conf",
            "spark.authenticate.secret=hidden", "--conf", "spark.network.crypto.enabled=true", "--conf",
            "spark.io.encryption.enabled=true"))).isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
    }

    @Test
    void rowsAreThoseOfAPlainRunWhereTheLocalFolderIsSmall() throws Exception {
        Path small = Files.createDirectory(folder.resolve("small"));
        int mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=48m", "none", small.toString()).inheritIO().start()
            .waitFor();
        assumeThat(mounted).as("only a user who may mount can make a small file system").isZero();
        try {
            assertThat(rows(List.of("--master", "local[2]", "--conf", "spark.local.dir=" + small)))
                .isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
        } finally {
            assertThat(new ProcessBuilder("umount", small.toString()).inheritIO().start().waitFor()).isZero();
        }
    }

    @Test
    void gpusThatALocalMasterCannotGiveAreRefused() throws Exception {
        refused(List.of("--master", "local[2]", "--conf", "spark.executor.resource.gpu.amount=1", "--conf",
            "spark.task.resource.gpu.amount=0.5"), "a local master has no resources such as GPUs to give, found"
            + " spark.executor.resource.gpu.amount=1 with --master local[2]; leave spark.executor.resource.gpu.* and");
        refused(List.of("--master", "local-cluster[1,1,1024]", "--conf", "spark.task.resource.gpu.amount=1"),
            "found spark.task.resource.gpu.amount=1 with --master local-cluster[1,1,1024]");
    }

    static Stream<List<String>> tooMuch() {
        String there = ", there are 2 workers of 1024 MiB, 2 cores";
        return Stream.of(
            List.of("each was asked to have 3072 MiB, 1 core" + there, "--executor-memory", "3g"),
            List.of("each was asked to have 512 MiB, 8 cores" + there, "--executor-memory", "512m", "--executor-cores", "8"),
            List.of("each was asked to have 512 MiB, 4 cores, executors have come, with 2 cores;", "--executor-memory",
                "512m", "--conf", "spark.task.cpus=4"),
            List.of("each was asked to have 512 MiB, 1 core, 1 gpu" + there + ", 0 gpu; ask for less", "--executor-memory",
                "512m", "--conf", "spark.executor.resource.gpu.amount=1", "--conf", "spark.task.resource.gpu.amount=0.5"));
    }

    @ParameterizedTest
    @MethodSource("tooMuch")
    void executorsThatNoWorkerCanHaveAreRefusedInTime(List<String> flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("--master", cluster.url()));
        all.addAll(flags.subList(1, flags.size()));
        refused(all, "no worker can have an executor as asked: " + flags.get(0));
    }

    @Test
    void executorsThatDoNotComeAreWaitedForNoLongerThanAsked() throws Exception {
        try (StandaloneServers empty = new StandaloneServers(folder.resolve("empty"), 0, 1, "1g")) {
            refused(List.of("--master", empty.url(), "--conf", "spark.bitdgdm.executorWait=5s"), "no executor has worked within"
                + " 5 s (spark.bitdgdm.executorWait): each was asked to have 1024 MiB, 1 core, there is no worker;");
        }
        refused(List.of("--master", cluster.url(), "--executor-cores", "2", "--total-executor-cores", "1"),
            "spark.cores.max (--total-executor-cores) must be at least spark.executor.cores, found 1 and 2");
    }

    @Test
    void executorsThatEndAtOnceAreOneSentence() throws Exception {
        // Spark itself may still say that one of the hundreds has come too late.
        refusal(List.of("--master", cluster.url(), "--executor-memory", "512m", "--conf", "spark.bitdgdm.executorWait=20s",
            "--conf", "spark.executor.extraJavaOptions=-agentlib:nosuch"), "no executor has worked within 20 s"
            + " (spark.bitdgdm.executorWait): each was asked to have 512 MiB, 1 core, there are 2 workers of 1024 MiB, 2 cores;"
            + " ask for less, wait longer, or free the cluster; where executors are started and end at once");
    }

    @Test
    void sparkThatDoesNotStartWithItsSettingsIsOneSentence() throws Exception {
        refused(List.of("--master", "local[2]", "--driver-memory", "200m"), "Spark does not start: System memory 209715200 must"
            + " be at least 471859200. Please increase heap size using the --driver-memory option");
        refused(List.of("--master", "local[1]", "--conf", "spark.task.cpus=2"), "Spark does not start: The number of cores per"
            + " executor (=1) has to be >= the number of cpus per task = 2");
        refused(List.of("--master", cluster.url(), "--executor-memory", "100m"), "Spark does not start: Executor memory"
            + " 104857600 must be at least 471859200");
    }

    private void refused(List<String> spark, String sentence) throws Exception {
        assertThat(refusal(spark, sentence)).doesNotContain("Exception");
    }

    /** What a refused run has said: one sentence of the job, no stack trace, and nothing is written. */
    private String refusal(List<String> spark, String sentence) throws Exception {
        Path out = folder.resolve("refused");
        List<String> command = new ArrayList<>(Molecules.GENERATE_FEW);
        command.addAll(List.of("--out", out.toString()));
        try (Submission run = Submission.start(folder.resolve("logs"), Map.of(), command, spark)) {
            assertThat(run.await()).as(run.said()).isEqualTo(2);
            assertThat(run.err().lines().filter(line -> line.startsWith("error: "))).as(run.said()).hasSize(1).first()
                .asString().contains(sentence);
            assertThat(run.err()).doesNotContain("\tat ");
            assertThat(out).doesNotExist();
            return run.err();
        }
    }

    private List<String> rows(List<String> spark) throws Exception {
        Path out = Files.createTempDirectory(folder, "run");
        List<String> command = new ArrayList<>(Molecules.GENERATE_FEW);
        command.addAll(List.of("--out", out.toString()));
        try (Submission run = Submission.start(folder.resolve("logs"), Map.of(), command, spark)) {
            assertThat(run.await()).as(run.said()).isZero();
            assertThat(run.err()).as("printed command").doesNotContain("hidden");
            assertThat(Files.readString(out.resolve("run.json"))).doesNotContain("hidden");
        }
        return Molecules.rows(new Disk(out), "molecules");
    }
}
