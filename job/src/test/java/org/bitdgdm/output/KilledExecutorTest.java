package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledExecutorTest {

    @TempDir
    private Path temporary;

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void rowsAreThoseOfAnUninterruptedRun() throws Exception {
        TestRun run = new TestRun(temporary.resolve("out"), 60, 3);
        PrintStream console = new PrintStream(PrintStream.nullOutputStream());
        List<String> rows;
        try (StandaloneCluster cluster = new StandaloneCluster(Files.createDirectories(temporary.resolve("logs")), 2)) {
            SparkSession spark = TestSpark.on(cluster.url()).config("spark.executor.memory", "512m")
                .config("spark.cores.max", "2").getOrCreate();
            CompletableFuture<RunTimings.Sampled> running = CompletableFuture.supplyAsync(() -> {
                try {
                    return run.write(spark, TestOpener.slow(150), console);
                } catch (Exception failed) {
                    throw new IllegalStateException(failed);
                }
            });
            run.awaitShards(2, running);
            List<ProcessHandle> executors = cluster.executors();
            assertThat(executors).isNotEmpty();
            // SIGKILL
            assertThat(executors.get(0).destroyForcibly()).isTrue();
            executors.get(0).onExit().get();
            assertThat(run.shards()).as("killed in the middle").hasSizeLessThan(20);
            RunTimings.Sampled result = running.get();
            assertThat(result.sampled()).isEqualTo(60);
            assertThat(result.seconds()).isPositive();
            assertThat(run.shards()).hasSize(20);
            rows = run.rows(spark);
            TestSpark.stop();
        }
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        TestRun uninterrupted = new TestRun(temporary.resolve("whole"), 60, 3);
        uninterrupted.write(spark, TestOpener.plain(), console);
        assertThat(rows).isEqualTo(uninterrupted.rows(spark));
    }
}
