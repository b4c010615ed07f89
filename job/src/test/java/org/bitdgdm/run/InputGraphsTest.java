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
}
