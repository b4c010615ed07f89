package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledDriverTest {

    @TempDir
    private Path temporary;

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void sameCommandMakesOnlyTheMissingShards() throws Exception {
        TestRun run = new TestRun(temporary.resolve("out"), 80, 4);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().trim().split("\\s+")));
        command.addAll(List.of(TestSpark.SHORT_LIVED, "-Xmx1g", "-cp",
            TestSpark.classPath(), TestRun.class.getName(), "local[2]",
            run.out().toString(), "80", "4", "120"));
        File log = temporary.resolve("driver.log").toFile();
        Process driver = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
        try {
            run.awaitShards(3, driver.onExit());
        } finally {
            // SIGKILL
            driver.destroyForcibly().waitFor();
        }
        Map<String, Long> before = run.shards();
        assertThat(before).as("killed in the middle").hasSizeBetween(3, 19);

        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        assertThat(run.rows(spark)).as("every visible shard is whole").hasSize(before.size() * 4);
        assertThat(run.folder(spark).state(run.fingerprint())).isEqualTo(OutputFolder.State.UNFINISHED);
        RunTimings.Sampled resumed = run.write(spark, TestOpener.plain(), new PrintStream(PrintStream.nullOutputStream()));
        assertThat(resumed.kept()).isEqualTo(before.size() * 4L);
        assertThat(resumed.sampled()).isEqualTo(80 - before.size() * 4L);
        assertThat(run.shards()).containsAllEntriesOf(before).hasSize(20);
        assertThat(temporary.resolve("out/_run/staging")).as("what the killed driver left is gone").isEmptyDirectory();

        TestRun uninterrupted = new TestRun(temporary.resolve("whole"), 80, 4);
        uninterrupted.write(spark, TestOpener.plain(), new PrintStream(PrintStream.nullOutputStream()));
        assertThat(run.rows(spark)).isEqualTo(uninterrupted.rows(spark));
    }
}
