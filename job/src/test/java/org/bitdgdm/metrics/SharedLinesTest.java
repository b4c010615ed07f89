package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that executors read, in one process and in several. */
class SharedLinesTest {
    private static final Vocabulary MOLECULES = new Vocabulary(Family.MOLECULES, List.of("C", "N", "O", "F"),
        List.of("none", "single", "double", "triple"), false, false);

    @TempDir
    private Path folder;

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    private static JavaSparkContext context(SparkSession spark) {
        return JavaSparkContext.fromSparkContext(spark.sparkContext());
    }

    private static JavaRDD<String> lines(Path file, JavaSparkContext spark) {
        SharedLines shared = SharedLines.of(file, spark);
        return shared.pieces(spark).mapPartitions(starts -> shared.piece(starts.next()));
    }

    /** Lines of all lengths, so that some end at the end of a piece and some hold it. */
    @Test
    void piecesTogetherAreTheFile() throws IOException {
        Random random = new Random(5);
        StringBuilder text = new StringBuilder();
        List<String> filled = new ArrayList<>();
        while (text.length() < 2 * SharedLines.PIECE + 1000) {
            // At both borders a line ends right before, and one right after it.
            long left = SharedLines.PIECE - text.length() % SharedLines.PIECE;
            int length = left <= 200 ? (int) left - 1 : random.nextInt(100);
            String line = "C".repeat(length);
            text.append(line).append(random.nextInt(10) == 0 && length < 100 ? "\r\n" : "\n");
            if (length > 0) {
                filled.add(line);
            }
        }
        text.append("CéO");
        filled.add("CéO");
        Path file = Files.writeString(folder.resolve("many.smi"), text);
        JavaSparkContext spark = context(TestSpark.on("local[2]").getOrCreate());
        JavaRDD<String> lines = lines(file, spark);
        assertThat(lines.getNumPartitions()).isEqualTo(3);
        assertThat(lines.collect()).isEqualTo(filled);
        assertThat(lines(Files.writeString(folder.resolve("empty.smi"), ""), spark).collect()).isEmpty();
    }

    @Test
    void executorsOfTheirOwnFetchFilesOfOneNameFromDifferentFolders() throws IOException {
        SparkSession spark = TestSpark.on("local-cluster[1,1,1024]").getOrCreate();
        Path one = Files.writeString(Files.createDirectory(folder.resolve("a")).resolve("test.csv"), "SMILES\nCCO\nCCN\nCCO\n");
        Path other = Files.writeString(Files.createDirectory(folder.resolve("b")).resolve("test.csv"), "SMILES,x\nC1CC1,1\n");
        try (BenchmarkSet first = BenchmarkFiles.molecules(one, MOLECULES, spark);
             BenchmarkSet second = BenchmarkFiles.molecules(other, MOLECULES, spark)) {
            assertThat(first.molecules()).isEqualTo(3);
            assertThat(first.different()).isEqualTo(2);
            assertThat(second.sample(5)).extracting(row -> row.getString(0)).containsExactly("C1CC1");
        }
    }

    @Test
    void compressedListsAndListsOfSomethingElseAreToldApart() throws IOException {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        Path packed = folder.resolve("test.smi");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write("smiles\nCCO\nCC=\n".getBytes(StandardCharsets.UTF_8));
        }
        try (BenchmarkSet set = BenchmarkFiles.molecules(packed, MOLECULES, spark)) {
            assertThat(set.molecules()).isEqualTo(1);
            assertThat(set.refused().example()).isEqualTo("CC=");
        }
        byte[] whole = Files.readAllBytes(packed);
        Path cut = Files.write(folder.resolve("cut.smi"), Arrays.copyOf(whole, whole.length - 9));
        assertThatThrownBy(() -> BenchmarkFiles.molecules(cut, MOLECULES, spark)).isInstanceOf(InputException.class)
            .hasMessageContaining("cut.smi is cut short");
        Path names = Files.writeString(folder.resolve("names.smi"), "aspirin!\nibuprofen?\nCCO\n");
        assertThatThrownBy(() -> BenchmarkFiles.molecules(names, MOLECULES, spark)).isInstanceOf(InputException.class)
            .hasMessageContaining("2 of 3 lines are written in letters that no SMILES has, the first at line 1 ('aspirin!')");
    }
}
