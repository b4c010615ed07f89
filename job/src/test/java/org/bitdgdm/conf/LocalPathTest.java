package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalPathTest {

    @ParameterizedTest
    @CsvSource({"/sets/a.smi, /sets/a.smi", "file:/sets/a.smi, /sets/a.smi", "file:///sets/a.smi, /sets/a.smi",
        "file:///sets/50%.smi, /sets/50%.smi", "sets/run[1], sets/run[1]", "t=0:30/run, t=0:30/run", "run:1, run:1",
        "./a:/b, ./a:/b"})
    void isAPathOrAUriOfTheDisk(String named, String path) {
        assertThat(LocalPath.of(named)).isEqualTo(Path.of(path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3a://bucket/train.smi", "hdfs:///train.smi", "hdfs:/train.smi", "viewfs://c/train.smi",
        "https://host/train.smi", "file://host/train.smi"})
    void anotherFileSystemIsNoFolderOfThatName(String named) {
        assertThat(LocalPath.here(named)).isEmpty();
        assertThatThrownBy(() -> LocalPath.of(named)).isInstanceOf(InputException.class)
            .hasMessage(named + " is on another file system, and has to be on a disk of this machine; copy it here, or give a path");
    }

    @Test
    void nothingIsTheCurrentFolder() {
        assertThat(LocalPath.of("")).isEqualTo(Path.of(""));
    }
}
