package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ReportFixture;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.run.RecordedRun;
import org.bitdgdm.run.Results;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run has left in its folder and reads back, changed. */
class MutatedRunTest {
    private static final List<String> JSON = List.of("null", "{}", "[]", "[[[[[[[[", "\"", "-5", "\"format\": 1",
        "\"format\": 2", "\"metrics\": null", "\"absent\": null", "\"value\": null", "\"numerator\": null",
        "\"sampling\": null", "\n", "\u202e", "1e400", "NaN", "\"command\": \"generate\"");
    private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    private static final String RUN = """
        {"format": 1, "command": "generate", "hashes": {"model": "0123", "packed_model": "4567"},
         "model_bytes": {"before": 17600000, "after": 3100000}, "graphs": {"count": 100, "sampled": 60, "kept": 40},
         "graphs_per_second": 5.934, "timings": {"sampling_seconds": 16.85}, "configuration": {"model": "conf/models/qm9"}}
        """;
    private static final Fingerprint FINGERPRINT =
        new Fingerprint(Map.of("model", "0123", "sample.seed", "7"), Map.of("output.protocol", "digress"));

    @TempDir
    private Path temporary;

    private Path path;
    private OutputFolder folder;

    @BeforeEach
    void finishedRun() throws IOException {
        path = temporary.resolve("mutated-run");
        folder = OutputFolder.of(path.toString(), new Configuration());
        folder.begin(FINGERPRINT);
        folder.publish("metrics.json",
            new ObjectMapper().writeValueAsBytes(ReportFixture.metrics(Protocol.DIGRESS, 38L).toJson()));
        folder.publish("run.json", RUN.getBytes(StandardCharsets.UTF_8));
        new RunTimings(2.5, "made by this run", List.of(new RunTimings.Sampling(60, 16.85, 33.5, null))).save(folder);
        folder.finish(FINGERPRINT);
    }

    private void check(String name, Mutations.Reader reader) throws Exception {
        Path file = path.resolve(name);
        // Hadoop's own checksum would find every change first.
        Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
        byte[] whole = Files.readAllBytes(file);
        Mutations.check(name, List.of(whole), JSON, input -> {
            Files.write(file, input);
            reader.read(input);
        });
        Files.write(file, whole);
    }

    @Test
    void fingerprints() throws Exception {
        check("_run/fingerprint.json", input -> folder.state(FINGERPRINT));
    }

    @Test
    void endsOfRuns() throws Exception {
        check("_SUCCESS", input -> {
            if (folder.state(FINGERPRINT) != OutputFolder.State.FINISHED) {
                throw new InputException("is to be made again");
            }
        });
    }

    @Test
    void timings() throws Exception {
        // Broken ones are made again, which is said in a line.
        Path file = path.resolve("_run/timings.json");
        Files.deleteIfExists(file.resolveSibling(".timings.json.crc"));
        Mutations.check("_run/timings.json", List.of(Files.readAllBytes(file)), JSON, input -> {
            Files.write(file, input);
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            RunTimings.of(folder, new PrintStream(said, true, StandardCharsets.UTF_8)).total(100);
            if (said.size() > 0) {
                throw new InputException(said.toString(StandardCharsets.UTF_8).strip());
            }
        });
    }

    /** What is not as recorded is removed, so a record must not name what lies elsewhere. */
    @ParameterizedTest
    @ValueSource(strings = {"../beside", "/beside", "_run/model/../../../beside", "run.json/../../beside", "..", ".", "_run"})
    void nothingOutsideOfTheFolderIsRemoved(String name) throws Exception {
        Path beside = Files.createDirectory(temporary.resolve("beside"));
        Files.writeString(beside.resolve("mine.txt"), "x");
        Path success = path.resolve("_SUCCESS");
        Files.deleteIfExists(path.resolve("._SUCCESS.crc"));
        ObjectNode record = (ObjectNode) new ObjectMapper().readTree(success.toFile());
        record.withObject("/results").put(name.startsWith("/") ? beside.toString() : name, "another");
        Files.writeString(success, record.toString());
        assertThat(folder.state(FINGERPRINT)).isEqualTo(OutputFolder.State.UNFINISHED);
        folder.begin(FINGERPRINT);
        assertThat(beside.resolve("mine.txt")).hasContent("x");
        assertThat(path.resolve("_run/fingerprint.json")).exists();
    }

    @Test
    void metrics() throws Exception {
        check("metrics.json", input -> Results.print(folder, new Molecules(Graphs.QM9), NOWHERE));
    }

    @Test
    void records() throws Exception {
        check("run.json", input -> {
            Results.print(folder, new Molecules(Graphs.QM9), NOWHERE);
            RecordedRun.of(path.toString(), new Configuration()).ifPresent(RecordedRun::model);
        });
    }
}
