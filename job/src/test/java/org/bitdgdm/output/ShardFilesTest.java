package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole files and damaged ones, as Spark writes them to a local disk, with Hadoop's checksums beside them and without. */
class ShardFilesTest {
    private static SparkSession spark;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void start() {
        spark = TestSpark.on("local[2]").getOrCreate();
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    @BeforeEach
    void writeTwoShards() throws Exception {
        for (int shard = 0; shard < 2; shard++) {
            write(shard, 1000L * shard, 1000);
        }
        // Small pages, so that bytes in the middle are rows.
        assertThat(Files.size(file(0))).isGreaterThan(4000);
    }

    private void write(int shard, long first, long rows) throws Exception {
        Path folder = temporary.resolve("written");
        spark.range(first, first + rows, 1, 1).selectExpr("id as graph_id", "uuid() as smiles").write()
            .mode(SaveMode.Overwrite).parquet(folder.toString());
        Path target = file(shard);
        Files.createDirectories(target.getParent());
        try (var files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.getFileName().toString().contains(".parquet")).toList()) {
                boolean checksum = file.getFileName().toString().startsWith(".");
                Files.deleteIfExists(checksum ? checksum(shard) : target);
                Files.move(file, checksum ? checksum(shard) : target);
            }
        }
    }

    private Path file(int shard) {
        return temporary.resolve("molecules").resolve(ShardFiles.name(shard));
    }

    private Path checksum(int shard) {
        return file(shard).resolveSibling("." + ShardFiles.name(shard) + ".crc");
    }

    private Map<Integer, String> damage() throws Exception {
        Map<Integer, ShardContent> wanted = new TreeMap<>();
        for (int shard = 0; shard < 3; shard++) {
            wanted.put(shard, ShardContent.of(1000L * shard, 1000));
        }
        return new ShardFiles(FileSystem.getLocal(new Configuration()),
            new org.apache.hadoop.fs.Path(temporary.resolve("molecules").toUri())).damage(wanted);
    }

    @Test
    void wholeShardsAreWholeAndMissingOnesAreNotDamaged() throws Exception {
        assertThat(damage()).isEmpty();
        Files.delete(checksum(0));
        assertThat(damage()).isEmpty();
        Files.delete(file(0));
        assertThat(damage()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFileOfAnyOtherLengthOrContentIsDamaged(boolean withChecksum) throws Exception {
        byte[] whole = Files.readAllBytes(file(1));
        if (!withChecksum) {
            Files.delete(checksum(1));
        }
        for (int length : new int[] {0, 3, 11, 12, whole.length / 2, whole.length - 8, whole.length - 1}) {
            Files.write(file(1), Arrays.copyOf(whole, length));
            assertThat(damage()).as(length + " bytes").containsOnlyKeys(1);
        }
        Files.write(file(1), Arrays.copyOf(whole, whole.length + 1));
        assertThat(damage()).as("a byte more").containsOnlyKeys(1);
        // The start, pages, the length of the footer, the end.
        for (int at : new int[] {0, 40, 1500, 3500, whole.length / 2, whole.length - 7, whole.length - 5, whole.length - 1}) {
            byte[] changed = whole.clone();
            changed[at] ^= 0x20;
            Files.write(file(1), changed);
            assertThat(damage()).as("byte " + at + " of " + whole.length).containsOnlyKeys(1);
        }
        Files.write(file(1), new byte[whole.length]);
        assertThat(damage()).as("zeros").containsOnlyKeys(1);
        Files.write(file(1), whole);
        assertThat(damage()).isEmpty();
    }

    @Test
    void otherRowsAreDamageToo() throws Exception {
        write(1, 1000, 999);
        assertThat(damage()).containsExactly(Map.entry(1, "999 rows instead of 1000"));
        write(1, 0, 1000);
        assertThat(damage()).containsExactly(Map.entry(1, "ids 0 to 999 instead of 1000 to 1999"));
        Files.delete(file(1));
        Files.createDirectory(file(1));
        assertThat(damage()).containsExactly(Map.entry(1, "is no file"));
    }
}
