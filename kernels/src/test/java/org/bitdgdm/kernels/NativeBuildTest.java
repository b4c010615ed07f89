package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code build.sh} says where a tool is missing: one line with the remedy on Debian and on RHEL. */
class NativeBuildTest {
    @TempDir
    private Path folder;

    @Test
    void aMissingCompilerIsOneLine() throws Exception {
        assertThat(refusal(System.getProperty("java.home"), Map.of("CXX", "no-such-compiler")))
            .isEqualTo("build.sh: no C++ compiler 'no-such-compiler'; install one (Debian: apt-get install g++,"
                + " RHEL: dnf install gcc-c++) or set CXX");
    }

    @Test
    void aMissingJdkIsOneLine() throws Exception {
        assertThat(refusal(folder.toString(), Map.of())).startsWith("build.sh: no " + folder + "/include/jni.h")
            .contains("apt-get install openjdk-17-jdk-headless").contains("dnf install java-17-openjdk-devel")
            .doesNotContain("\n");
    }

    private String refusal(String javaHome, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "src/main/cpp/build.sh", javaHome,
            folder.resolve("objects").toString(), folder.resolve("classes").toString());
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).as(output).isEqualTo(1);
        try (Stream<Path> built = Files.list(folder)) {
            assertThat(built).as("nothing half-built").isEmpty();
        }
        return output;
    }
}
