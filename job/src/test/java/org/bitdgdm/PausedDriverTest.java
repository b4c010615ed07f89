package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Drivers as processes, one of which sleeps (SIGSTOP) longer than a driver may be silent. */
@EnabledOnOs(OS.LINUX)
class PausedDriverTest {
    private static final int GRAPHS = 96;
    private static final int SHARDS = 24;

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startSpark() {
        spark = TestSpark.on("local[1]").getOrCreate();
    }

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    private record Driver(Process process, Path err) {
        void signal(String name) throws Exception {
            assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
        }

        int end() throws Exception {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ends in time").isTrue();
            return process.exitValue();
        }

        List<String> errors() throws IOException {
            return Files.readAllLines(err).stream().filter(line -> line.startsWith("error: ")).toList();
        }
    }

    /** The same command each time; steps make a shard last a while. */
    private Driver start(String name, Path out, String timeout) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+")));
        command.addAll(List.of(TestSpark.SHORT_LIVED, "-Xmx1g", "-Dspark.master=local[2]", "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=127.0.0.1", "-Dspark.driver.bindAddress=127.0.0.1",
            "-Dspark.hadoop.bitdgdm.lock.timeout=" + timeout, "-cp", TestSpark.classPath(), BitDgdmJob.class.getName(),
            "generate", "--model", Path.of("..", "conf", "models", "qm9").toString(), "--method", "fp32", "--count",
            Integer.toString(GRAPHS), "--shard-size", Integer.toString(GRAPHS / SHARDS), "--steps", "200", "--out", out.toString()));
        Path err = folder.resolve(name + ".err");
        return new Driver(new ProcessBuilder(command).redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(err.toFile()).start(), err);
    }

    private static long shards(Path out) throws IOException {
        if (!Files.isDirectory(out.resolve("molecules"))) {
            return 0;
        }
        try (Stream<Path> files = Files.list(out.resolve("molecules"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("shard-")).count();
        }
    }

    private static void awaitShards(Path out, long least, Driver making) throws Exception {
        while (shards(out) < least) {
            assertThat(making.process().isAlive()).as("%s: %s", shards(out), Files.readString(making.err())).isTrue();
            Thread.sleep(20);
        }
    }

    /** Every file with a hash of what it holds. */
    private static Map<String, Integer> files(Path out) throws IOException {
        Map<String, Integer> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(out.relativize(file).toString(), Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return all;
    }

    /** Rows in the order of ids; files of several processes may differ in the order of what their footers say. */
    private static List<String> molecules(Path out) {
        return spark.read().parquet(out.resolve("molecules").toString()).orderBy("graph_id").collectAsList().stream()
            .map(Row::toString).toList();
    }

    @Test
    void aDriverThatWakesBesideItsSuccessorEndsWithoutATrace() throws Exception {
        Path out = folder.resolve("out");
        List<Driver> all = new ArrayList<>();
        try {
            Driver first = start("first", out, "2s");
            all.add(first);
            awaitShards(out, 2, first);
            first.signal("STOP");
            Driver tooEarly = start("too-early", out, "10m");
            all.add(tooEarly);
            assertThat(tooEarly.end()).isEqualTo(2);
            assertThat(tooEarly.errors()).hasSize(1).first().asString().contains("is being written by another driver (host ")
                .contains("process " + first.process().pid());

            long before = shards(out);
            Driver second = start("second", out, "2s");
            all.add(second);
            awaitShards(out, before + 2, second);
            assertThat(shards(out)).as("woken in the middle").isLessThan(SHARDS);
            first.signal("CONT");
            assertThat(first.end()).as(Files.readString(first.err())).isEqualTo(1);
            assertThat(first.errors()).hasSize(1).first().asString().startsWith("error: --out " + out
                + " was taken over by another driver (host ").contains("process " + second.process().pid())
                .endsWith("it ends here and that one makes the rest");
            assertThat(second.end()).as(Files.readString(second.err())).isZero();

            // One that sleeps until its successor has finished.
            List<String> whole = molecules(out);
            assertThat(whole).hasSize(GRAPHS);
            Path again = folder.resolve("again");
            Driver third = start("third", again, "2s");
            all.add(third);
            awaitShards(again, 2, third);
            third.signal("STOP");
            Thread.sleep(2500);
            Driver fourth = start("fourth", again, "2s");
            all.add(fourth);
            assertThat(fourth.end()).as(Files.readString(fourth.err())).isZero();
            Map<String, Integer> left = files(again);
            third.signal("CONT");
            assertThat(third.end()).as(Files.readString(third.err())).isEqualTo(1);
            assertThat(third.errors()).hasSize(1).first().asString().contains("was taken over by another driver");
            assertThat(files(again)).isEqualTo(left);
            assertThat(molecules(again)).as("the same rows").isEqualTo(whole);
            for (Path run : List.of(out, again)) {
                assertThat(new ObjectMapper().readTree(run.resolve("metrics.json").toFile()).at("/counts/graphs").asInt())
                    .isEqualTo(GRAPHS);
                assertThat(run.resolve("_run/staging")).doesNotExist();
                assertThat(run.resolve("_run/lock.json")).doesNotExist();
            }
        } finally {
            for (Driver driver : all) {
                driver.process().destroyForcibly().waitFor();
            }
        }
    }
}
