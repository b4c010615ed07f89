package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {
    private final String before = System.getProperty("bitdgdm.home");
    @TempDir
    Path home;

    @BeforeEach
    void set() {
        System.setProperty("bitdgdm.home", home.toString());
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty("bitdgdm.home");
        } else {
            System.setProperty("bitdgdm.home", before);
        }
    }

    @Test
    void aRelativeFolderIsFoundInTheCurrentFolderFirstThenInTheRoot() throws Exception {
        Path inHome = Files.createDirectories(home.resolve("conf/models/nowhere-else"));
        assertThat(Home.folder("model", "conf/models/nowhere-else")).isEqualTo(inHome);
        Files.createDirectories(home.resolve("src"));
        assertThat(Home.folder("model", "src")).isEqualTo(Path.of("src"));
    }

    @Test
    void aRelativeFileIsFoundInTheCurrentFolderFirstThenInTheRoot() throws Exception {
        Path inHome = Files.writeString(home.resolve("nowhere-else.conf"), "");
        assertThat(Home.file("nowhere-else.conf")).isEqualTo(inHome);
        Files.writeString(home.resolve("pom.xml"), "");
        assertThat(Home.file("pom.xml")).isEqualTo(Path.of("pom.xml"));
        assertThat(Home.file("missing.conf")).isEqualTo(Path.of("missing.conf"));
    }

    @Test
    void itsFileIsReadOverTheJarsDefaultsAndBelowTheFileOfTheUser() throws Exception {
        Files.createDirectories(home.resolve("conf"));
        Path installed = Files.writeString(home.resolve("conf/bitdgdm.conf"), "quantize { rank = 5, alpha = 0.5 }");
        Path own = Files.writeString(home.resolve("own.conf"), "quantize.rank = 6, output.out = x");
        Settings settings = Settings.load(Optional.of(own), Map.of());
        assertThat(settings.whole(Option.RANK)).isEqualTo(6);
        assertThat(settings.number(Option.ALPHA)).isEqualTo(0.5);
        assertThat(settings.whole(Option.STEPS)).isEqualTo(500);
        Files.writeString(installed, "quantize.alpha = 2");
        assertThatThrownBy(() -> JobConf.of(Settings.load(Optional.of(own), Map.of())))
            .hasMessage("quantize.alpha must be in 0..1, found 2.0 in " + installed + " line 1");
    }

    @Test
    void aMissingFolderNamesBothPlaces() {
        assertThatThrownBy(() -> Home.folder("model", "missing/")).isInstanceOf(InputException.class)
            .hasMessage("--model must name an existing folder, found missing/ (looked for "
                + Path.of("missing").toAbsolutePath() + " and " + home.resolve("missing") + ")");
    }

    @Test
    void anAbsoluteFolderIsLookedForOnce() {
        Path missing = home.resolve("missing");
        assertThatThrownBy(() -> Home.folder("model", missing.toString())).isInstanceOf(InputException.class)
            .hasMessage("--model must name an existing folder, found " + missing + " (looked for " + missing + ")");
    }
}
