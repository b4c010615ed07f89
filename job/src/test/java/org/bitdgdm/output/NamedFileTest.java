package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NamedFileTest {
    private static final String SCHEME = "spark.hadoop.fs.strict.impl";

    @TempDir
    private Path folder;

    @BeforeAll
    static void name() {
        System.setProperty(SCHEME, StrictFileSystem.class.getName());
    }

    @AfterAll
    static void forget() {
        System.clearProperty(SCHEME);
    }

    private static Path named(String name) {
        return NamedFile.of("--test-set", "of graphs", name);
    }

    @Test
    void aFileOfThisMachineIsReadWhereItLies() throws IOException {
        Path file = Files.writeString(folder.resolve("test.smi"), "CCO\n");
        assertThat(named(file.toString())).isEqualTo(file);
        assertThat(named("file:" + file)).isEqualTo(file);
        assertThat(named("file://" + file)).isEqualTo(file);
    }

    @Test
    void aFileOfAnotherFileSystemIsCopiedOnceUnderItsName() throws IOException {
        Path file = Files.writeString(folder.resolve("test.smi"), "CCO\n");
        Path copy = named("strict:" + file);
        assertThat(copy).isNotEqualTo(file).hasFileName("test.smi").hasSameTextualContentAs(file);
        assertThat(named("strict:" + file)).isEqualTo(copy);
        Files.writeString(file, "CCO\nCCN\n");
        assertThat(named("strict:" + file)).isNotEqualTo(copy).hasSameTextualContentAs(file);
    }

    @Test
    void whatIsNoFileIsToldWithTheOption() {
        for (String scheme : new String[] {"", "strict:"}) {
            String absent = scheme + folder.resolve("none.smi");
            assertThatThrownBy(() -> named(absent)).isInstanceOf(InputException.class)
                .hasMessage("--test-set must name a file of graphs, found none at " + absent + "; check its name");
            assertThatThrownBy(() -> named(scheme + folder)).isInstanceOf(InputException.class)
                .hasMessage("--test-set must name a file of graphs, found a folder at " + scheme + folder + "; give one file");
        }
        assertThatThrownBy(() -> named("unheard-of://host/test.smi")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("--test-set unheard-of://host/test.smi cannot be read: ");
    }
}
