package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.apache.hadoop.conf.Configuration;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
    private static final Fingerprint RUN =
        new Fingerprint(Map.of("seed", "1", "steps", "50"), Map.of("protocol", "digress"));

    @TempDir
    private Path temporary;

    private OutputFolder folder(String name) {
        return OutputFolder.of(temporary.resolve(name).toString(), new Configuration());
    }

    @Test
    void goesFromNewThroughUnfinishedToFinished() throws Exception {
        OutputFolder folder = folder("out/first");
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.NEW);
        assertThat(temporary).as("looking creates nothing").isEmptyDirectory();
        folder.begin(RUN);
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.UNFINISHED);
        folder.publish("metrics.json", "{}".getBytes(StandardCharsets.UTF_8));
        folder.finish(RUN);
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.FINISHED);
        assertThat(temporary.resolve("out/first/_run/staging")).doesNotExist();
        assertThat(folder("out/first").read("metrics.json")).asString().isEqualTo("{}");
    }

    @Test
    void emptyFolderIsTaken() throws Exception {
        Files.createDirectories(temporary.resolve("out"));
        assertThat(folder("out").state(RUN)).isEqualTo(OutputFolder.State.NEW);
        folder("out").begin(RUN);
        assertThat(folder("out").state(RUN)).isEqualTo(OutputFolder.State.UNFINISHED);
    }

    @Test
    void anotherRunIsRefusedNamingWhatDiffers() {
        folder("out").begin(RUN);
        Fingerprint other = new Fingerprint(Map.of("seed", "1", "steps", "100", "rank", "16"), RUN.evaluation());
        assertThatThrownBy(() -> folder("out").begin(other)).isInstanceOf(InputException.class)
            .hasMessageContaining("holds another run")
            .hasMessageContaining("rank (none there, 16 asked for), steps (50 there, 100 asked for)")
            .hasMessageContaining("give another folder").hasMessageNotContaining("seed");
        assertThat(folder("out").state(RUN)).isEqualTo(OutputFolder.State.UNFINISHED);
    }

    @Test
    void aRunOfAnotherCommandIsRefusedInOneShortSentence() {
        folder("evaluated").begin(new Fingerprint(Map.of("command", "evaluate", "input", "a.smi"), Map.of()));
        assertThatThrownBy(() -> folder("evaluated").begin(RUN)).isInstanceOf(InputException.class)
            .hasMessage("--out " + temporary.resolve("evaluated") + " holds a run of evaluate; give another folder");
        folder("generated").begin(RUN);
        Fingerprint sweep = new Fingerprint(Map.of("command", "sweep"), Map.of());
        assertThatThrownBy(() -> folder("generated").state(sweep)).isInstanceOf(InputException.class)
            .hasMessage("--out " + temporary.resolve("generated") + " holds a run of generate; give another folder");
    }

    @Test
    void anotherEvaluationKeepsTheRows() throws Exception {
        folder("out").begin(RUN);
        folder("out").finish(RUN);
        Fingerprint moses = new Fingerprint(RUN.rows(), Map.of("protocol", "moses"));
        assertThat(folder("out").state(moses)).isEqualTo(OutputFolder.State.UNFINISHED);
        folder("out").begin(moses);
        assertThat(folder("out").state(RUN)).as("its metrics are being replaced").isEqualTo(OutputFolder.State.UNFINISHED);
        folder("out").finish(moses);
        assertThat(folder("out").state(moses)).isEqualTo(OutputFolder.State.FINISHED);
    }

    @Test
    void whatIsDeletedFromAFinishedRunIsMissed() throws Exception {
        OutputFolder folder = folder("out");
        folder.begin(RUN);
        folder.publish("metrics.json", "{}".getBytes(StandardCharsets.UTF_8));
        folder.publish("molecules/shard-000000.parquet", new byte[1]);
        folder.publish("molecules/shard-000001.parquet", new byte[1]);
        folder.completeMolecules(Map.of(0, ShardContent.of(0, 5), 1, ShardContent.of(5, 5)));
        folder.finish(RUN);
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.FINISHED);
        Files.delete(temporary.resolve("out/molecules/shard-000001.parquet"));
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.UNFINISHED);
        folder.publish("molecules/shard-000001.parquet", new byte[1]);
        Files.delete(temporary.resolve("out/metrics.json"));
        assertThat(folder.state(RUN)).isEqualTo(OutputFolder.State.UNFINISHED);
    }

    @Test
    void foldersOfOthersAreRefusedAndKept() throws Exception {
        Files.createDirectories(temporary.resolve("home"));
        Files.writeString(temporary.resolve("home/thesis.tex"), "x");
        assertThatThrownBy(() -> folder("home").begin(RUN)).isInstanceOf(InputException.class)
            .hasMessageContaining("not empty").hasMessageContaining("thesis.tex");
        assertThat(temporary.resolve("home")).isDirectoryContaining("glob:**/thesis.tex");
        assertThat(temporary.resolve("home/_run")).doesNotExist();
        assertThatThrownBy(() -> folder("home/thesis.tex").state(RUN)).isInstanceOf(InputException.class)
            .hasMessageContaining("is a file");
        assertThatThrownBy(() -> folder("home/thesis.tex/deeper").begin(RUN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> OutputFolder.of("nosuch://bucket/out", new Configuration()))
            .isInstanceOf(InputException.class).hasMessageContaining("nosuch");
        assertThatThrownBy(() -> OutputFolder.of("", new Configuration())).isInstanceOf(InputException.class);
    }

    @Test
    void brokenFingerprintIsRefused() throws Exception {
        folder("out").begin(RUN);
        Path fingerprint = temporary.resolve("out/_run/fingerprint.json");
        for (String broken : new String[] {"", "{", "[]", "{\"format\": 2, \"fingerprint\": {}}", "{\"format\": 1}"}) {
            Files.writeString(fingerprint, broken);
            Files.deleteIfExists(fingerprint.resolveSibling(".fingerprint.json.crc"));
            assertThatThrownBy(() -> folder("out").state(RUN)).isInstanceOf(InputException.class)
                .hasMessageContaining("fingerprint.json").hasMessageContaining("give another folder");
        }
    }

    @Test
    void killedBeforeTheFingerprintIsStillNew() throws Exception {
        Files.createDirectories(temporary.resolve("out/_run/staging"));
        Files.writeString(temporary.resolve("out/_run/staging/half"), "{");
        assertThat(folder("out").state(RUN)).isEqualTo(OutputFolder.State.NEW);
        folder("out").begin(RUN);
        assertThat(temporary.resolve("out/_run/staging/half")).doesNotExist();
    }

    @Test
    void onlyShardsCountAsShards() throws Exception {
        OutputFolder folder = folder("out");
        folder.begin(RUN);
        assertThat(folder.committedShards()).isEmpty();
        Path molecules = Files.createDirectories(temporary.resolve("out/molecules"));
        for (String name : new String[] {"shard-000000.parquet", "shard-000012.parquet", "shard-1234567.parquet", "_SUCCESS",
            ".shard-000001.parquet.crc", "shard-000002.parquet.part", "part-00003.parquet"}) {
            Files.createFile(molecules.resolve(name));
        }
        assertThat(folder.committedShards()).containsExactly(0, 12, 1234567);
        assertThat(ShardFiles.name(12)).isEqualTo("shard-000012.parquet");
        assertThat(ShardFiles.name(1234567)).isEqualTo("shard-1234567.parquet");
    }

    @Test
    void publishingReplacesAWholeFile() throws Exception {
        OutputFolder folder = folder("out");
        folder.begin(RUN);
        folder.publish("run.json", "first".getBytes(StandardCharsets.UTF_8));
        folder.publish("run.json", "second".getBytes(StandardCharsets.UTF_8));
        assertThat(temporary.resolve("out/run.json")).content().isEqualTo("second");
        assertThat(folder.read("run.json")).as("checksum too is the new one").asString().isEqualTo("second");
        assertThat(temporary.resolve("out/_run/staging")).isEmptyDirectory();
    }
}
