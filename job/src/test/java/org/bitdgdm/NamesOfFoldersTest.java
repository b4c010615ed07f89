package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders and files by their own names, whatever signs those have and wherever they lie. */
class NamesOfFoldersTest {
    private static final String MODEL = Path.of("..", "conf", "models", "qm9").toString();

    @TempDir
    static Path folder;

    private String err;

    @BeforeAll
    static void startSpark() {
        TestSpark.on("local[2]").config("spark.hadoop.fs.defaultFS", "viewfs://c/")
            .config("spark.hadoop.fs.viewfs.mounttable.c.linkFallback", folder.resolve("mounted").toUri().toString())
            .getOrCreate();
    }

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    private int run(String... args) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int code = BitDgdmJob.run(args, new PrintStream(PrintStream.nullOutputStream()),
            new PrintStream(printed, true, StandardCharsets.UTF_8));
        err = printed.toString(StandardCharsets.UTF_8);
        return code;
    }

    private int generate(String out, int count) {
        return run("generate", "--model", MODEL, "--method", "fp32", "--steps", "2", "--seed", Integer.toString(count),
            "--count", Integer.toString(count), "--out", out);
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    private static int graphs(Path run) throws IOException {
        return json(run.resolve("metrics.json")).at("/counts/graphs").asInt();
    }

    /** Hydra names folders so when a setting is a list; shells and Spark take each for a pattern. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"run[1]|run1", "run{1,2}|run1", "run*|run1", "run?|run1", "run[^2]|run1",
        "run\\[1]|run[1]", "run 1%20|run 1 "})
    void aFolderIsReadByItsOwnName(String named, String likeIt) throws Exception {
        Path parent = Files.createTempDirectory(folder, "names");
        Path other = parent.resolve(likeIt);
        Path own = parent.resolve(named);
        assertThat(generate("file:" + own, 3)).as("alone: " + err).isZero();
        assertThat(graphs(own)).isEqualTo(3);
        assertThat(generate("file:" + other, 2)).as(err).isZero();
        Path judged = parent.resolve("judged of " + named);
        assertThat(run("evaluate", "--input", "file:" + own, "--against", "file:" + own, "--out", "file:" + judged)).as(err)
            .isZero();
        assertThat(graphs(judged)).isEqualTo(3);
        for (JsonNode metric : json(judged.resolve("metrics.json")).path("metrics")) {
            if (metric.path("name").asText().equals("validity_difference")) {
                assertThat(metric.path("denominator").asInt()).as("graphs that both have").isEqualTo(3);
            }
        }
    }

    @Test
    void aListIsReadFromItsPathAndFromItsUri() throws Exception {
        Path list = Files.writeString(folder.resolve("a list[1].smi"), "CCO\nOCC\nC1CC1\n");
        for (String named : new String[] {list.toString(), "file:" + list, "file://" + list, list.toUri().toString()
            .replace("%20", " ").replace("%5B", "[").replace("%5D", "]")}) {
            Path out = Files.createTempDirectory(folder, "list");
            assertThat(run("evaluate", "--model", "file://" + Path.of(MODEL).toAbsolutePath(), "--input", named,
                "--reference", named, "--out", "file:" + out)).as(named + ": " + err).isZero();
            assertThat(graphs(out)).isEqualTo(3);
            assertThat(json(out.resolve("_run/fingerprint.json")).at("/fingerprint/input").asText())
                .startsWith("file:" + list + ", 1 files, 14 bytes");
        }
    }

    @Test
    void theFingerprintNamesTheFileThatWasRead() throws Exception {
        Path mounted = Files.createDirectories(folder.resolve("mounted/lists"));
        Files.writeString(mounted.resolve("there.smi"), "CCO\nOCC\n");
        assertThat(run("evaluate", "--model", MODEL, "--input", "/lists/there.smi", "--out", "/judged")).as(err).isZero();
        Path judged = folder.resolve("mounted/judged");
        assertThat(graphs(judged)).isEqualTo(2);
        assertThat(json(judged.resolve("_run/fingerprint.json")).at("/fingerprint/input").asText())
            .startsWith("viewfs://c/lists/there.smi, 1 files, 8 bytes");

        // Of one name on this machine and there, the one that is read is the one that counts.
        Path here = Files.writeString(Files.createDirectories(folder.resolve("lists")).resolve("both.smi"), "C\nCC\nCCC\n");
        Path there = folder.resolve("mounted" + here);
        Files.createDirectories(there.getParent());
        Files.writeString(there, "O\n");
        assertThat(run("evaluate", "--model", MODEL, "--input", here.toString(), "--out", "/both")).as(err).isZero();
        assertThat(graphs(folder.resolve("mounted/both"))).isEqualTo(3);
        assertThat(json(folder.resolve("mounted/both/_run/fingerprint.json")).at("/fingerprint/input").asText())
            .startsWith("file:" + here + ", ");

        assertThat(run("evaluate", "--model", MODEL, "--input", "/lists/nowhere.smi", "--out", "/none")).isEqualTo(2);
        assertThat(err).isEqualToIgnoringNewLines("error: --input must name existing graphs, found nothing at /lists/nowhere.smi;"
            + " check its name");
    }
}
