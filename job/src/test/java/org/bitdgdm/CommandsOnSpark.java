package org.bitdgdm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests of commands as a user gives them, on real Spark: what one has printed, and what it has left. */
abstract class CommandsOnSpark {
    /** The shipped model. */
    static final String MODEL = Path.of("..", "conf", "models", "qm9").toString();
    static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    static SparkSession spark;

    /** What the last command has printed. */
    String out;
    String err;

    @BeforeAll
    static void startSpark() {
        spark = TestSpark.on("local[2]").getOrCreate();
    }

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    /** The exit code of a command. */
    int run(String... args) {
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        int code = BitDgdmJob.run(args, new PrintStream(outBytes, true, StandardCharsets.UTF_8),
            new PrintStream(errBytes, true, StandardCharsets.UTF_8));
        out = outBytes.toString(StandardCharsets.UTF_8);
        err = errBytes.toString(StandardCharsets.UTF_8);
        return code;
    }

    /** A metric of a finished run. */
    static JsonNode metric(Path run, String name) throws IOException {
        JsonNode metrics = JSON.readTree(run.resolve("metrics.json").toFile()).path("metrics");
        return StreamSupport.stream(metrics.spliterator(), false).filter(metric -> metric.path("name").asText().equals(name))
            .findFirst().orElseThrow();
    }
}
