package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitdgdm.drawing.MoleculeDrawings;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openscience.cdk.exception.CDKException;

class MoleculeDrawingsTest {

    @Nested
    class WithFonts {

        @BeforeEach
        void fonts() {
            assumeThat(MoleculeDrawings.probe()).as("fonts of this machine").isEmpty();
        }

        @Test
        void coloursAreNamesOfTheStyleSheet() throws Exception {
            String svg = MoleculeDrawings.draw("NC(=O)C(F)S");
            assertThat(svg).startsWith("<svg ").contains("var(--text)", "var(--atom-n)", "var(--atom-o)",
                "var(--atom-halogen)", "var(--atom-s)", "aria-label=\"NC(=O)C(F)S\"").doesNotContain("#0000FF", "#FF0000", "DOCTYPE", "github");
        }

        @Test
        void oneLineForABondTwoForADoubleBond() throws Exception {
            assertThat(MoleculeDrawings.draw("CC").split("<line ", -1)).hasSize(2);
            assertThat(MoleculeDrawings.draw("C=C").split("<line ", -1)).hasSize(3);
        }

        @Test
        void unknownStereoIsNotDrawnAsWaves() throws Exception {
            assertThat(MoleculeDrawings.draw("CC=CC")).doesNotContain("<path");
        }

        @Test
        void whatCdkCannotReadIsRefused() {
            assertThatThrownBy(() -> MoleculeDrawings.draw("not a molecule")).isInstanceOf(CDKException.class);
        }
    }

    @Test
    void withoutFontsTheProbeNamesPackagesAndTheReportIsMade(@TempDir Path temporary) throws Exception {
        Path fontconfig = Files.writeString(temporary.resolve("fonts.conf"), "<fontconfig></fontconfig>");
        Path log = temporary.resolve("log");
        // The JDK keeps what it found in the home folder.
        ProcessBuilder command = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Duser.home=" + temporary, "-Dfile.encoding=UTF-8", "-cp", TestSpark.classPath(), WithoutFonts.class.getName(),
            temporary.resolve("report.html").toString());
        command.environment().put("FONTCONFIG_FILE", fontconfig.toString());
        int status = command.redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();

        assertThat(status).as(() -> read(log)).isZero();
        String page = read(temporary.resolve("report.html"));
        assertThat(page).contains("no drawings: this machine has no fonts for AWT (", "fontconfig fonts-dejavu-core",
            "fontconfig dejavu-sans-fonts");
        assertThat(page.split("<svg ", -1)).as("charts need no fonts").hasSize(1 + 8);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A run on a machine without fonts. */
    static final class WithoutFonts {
        private WithoutFonts() {
        }

        public static void main(String[] arguments) throws Exception {
            Optional<String> problem = MoleculeDrawings.probe();
            String page = RunReport.render(
                ReportFixture.with(ReportFixture.generated(), ReportFixture.examples(), problem));
            Files.writeString(Path.of(arguments[0]), page, StandardCharsets.UTF_8);
        }
    }
}
