package org.bitdgdm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputGraphsTest {
    @TempDir
    private Path folder;

    private InputGraphs input(Path path) throws IOException {
        return InputGraphs.of("--input", path.toString(), new Configuration());
    }

    @Test
    void aRunStandsForItsRows() throws IOException {
        Path rows = Files.createDirectories(folder.resolve("molecules"));
        assertThat(input(folder).rows("molecules")).as("no run").endsWith(folder.toString());
        Files.writeString(folder.resolve("run.json"), "{}");
        assertThat(input(folder).rows("molecules")).endsWith(rows.toString());
    }

    @Test
    void aCellOfASweepStandsForItsRows() throws IOException {
        Path cell = Files.createDirectories(folder.resolve("details/rtn"));
        Files.writeString(cell.resolve("run.json"), "{}");
        Path rows = Files.createDirectories(folder.resolve("molecules/cell=rtn"));
        assertThat(input(cell).rows("molecules")).endsWith(rows.toString());
    }

    @Test
    void aRunOfAnotherFamilyIsNamed() throws IOException {
        Files.createDirectories(folder.resolve("molecules"));
        Files.writeString(folder.resolve("run.json"), "{}");
        assertThatThrownBy(() -> input(folder).rows("graphs")).isInstanceOf(InputException.class)
            .hasMessageContaining("--input must be a run that has left graphs/").hasMessageContaining("another family");
    }

    private Path made(String name, String... files) throws IOException {
        Path made = Files.createDirectories(folder.resolve(name));
        for (String file : files) {
            Path path = made.resolve(file);
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.contains("arquet") ? "PAR1…PAR1" : "smiles\nCCO\n");
        }
        return made;
    }

    private void assertFound(Path at, boolean orText, String found) throws IOException {
        InputGraphs input = InputGraphs.of(orText ? "--input" : "--against", at.toString(), new Configuration());
        assertThatThrownBy(() -> input.requireParquet(input.rows("molecules"), orText)).isInstanceOf(InputException.class)
            .hasMessage((orText ? "--input " + at + " must be a folder of our Parquet or one text file, found "
                : "--against " + at + " must be the folder of a finished run, found ") + found);
    }

    @Test
    void aFolderWithoutParquetIsToldByWhatItHolds() throws IOException {
        String[] parts = {"part-00000.csv", "part-00001.csv", "part-00002.csv", "part-00003.csv", "_SUCCESS",
            ".part-00000.csv.crc"};
        assertFound(made("parts", parts), true, "a folder of 4 files that are no Parquet (part-00000.csv, part-00001.csv,"
            + " part-00002.csv, …); give one file with the lines of all, which Spark writes after coalesce(1)");
        assertFound(made("parts", parts), false, "a folder of 4 files that are no Parquet (part-00000.csv, part-00001.csv,"
            + " part-00002.csv, …)");
        assertFound(made("one", "part-00000.csv", "_SUCCESS"), true, "a folder of one file that is no Parquet (part-00000.csv);"
            + " give that file in place of the folder");
        assertFound(made("cut", "cell=a/part-0", "cell=b/part-1"), true, "a folder of 2 files that are no Parquet (part-0,"
            + " part-1); give one file with the lines of all, which Spark writes after coalesce(1)");
        assertFound(made("mixed", "a.parquet", "b.csv", "parquet"), true, "1 of 3 files that are no Parquet (b.csv); take them out"
            + " of the folder");
        assertFound(made("none", "_SUCCESS"), true, "an empty folder; check its name");
        assertFound(made("runs", "first/a.parquet", "second/b.parquet"), true, "no file in it but folders (first, second); give"
            + " one of them");
        assertFound(Files.writeString(folder.resolve("list.parquet"), "CCO"), true, "a file that is no Parquet; where it is text"
            + " give it another name");
        assertFound(Files.writeString(folder.resolve("list.smi"), "CCO"), false, "a file that is no Parquet");
    }

    @Test
    void parquetIsToldByItsNameOrHowItBegins() throws IOException {
        for (Path at : new Path[] {made("named", "a.parquet", "_SUCCESS", "._SUCCESS.crc", "_metrics/a.csv"),
            made("begins", "parquet-0"), made("partitioned", "cell=a/a.parquet", "cell=b/b.parquet"),
            made("file", "a.parquet").resolve("a.parquet")}) {
            input(at).requireParquet(input(at).rows("molecules"), true);
        }
    }

    @Test
    void whatIsNotThereIsToldWithARemedy() {
        for (String[] told : new String[][] {{"none.smi", "check its name"},
            {"*.smi", "it is taken for a name, not for a pattern: give one file or folder"}}) {
            String named = folder.resolve(told[0]).toString();
            assertThatThrownBy(() -> InputGraphs.of("--input", named, new Configuration())).isInstanceOf(InputException.class)
                .hasMessage("--input must name existing graphs, found nothing at " + named + "; " + told[1]);
        }
    }
}
