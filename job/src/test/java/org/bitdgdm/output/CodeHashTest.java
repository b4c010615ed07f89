package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeHashTest {

    @TempDir
    private Path temporary;

    @Test
    void followsOurFilesNotWhereTheyLie() throws Exception {
        Path classes = temporary.resolve("classes");
        write(classes.resolve("org/bitdgdm/A.class"), "a");
        write(classes.resolve("native/linux-amd64/libbitdgdm.so"), "so");
        String hash = Versions.CodeHash.of(Set.of(classes));

        Path jar = temporary.resolve("job.jar");
        try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file)) {
            for (String[] entry : new String[][] {{"com/other/B.class", "b"}, {"native/linux-amd64/libbitdgdm.so", "so"},
                {"org/bitdgdm/A.class", "a"}}) {
                out.putNextEntry(new JarEntry(entry[0]));
                out.write(entry[1].getBytes());
            }
        }
        assertThat(Versions.CodeHash.of(Set.of(jar))).as("a library beside it is not ours").isEqualTo(hash);

        write(classes.resolve("native/linux-amd64/libbitdgdm.so"), "another build");
        assertThat(Versions.CodeHash.of(Set.of(classes))).isNotEqualTo(hash);
    }

    @Test
    void codeThatRunsHasOne() {
        assertThat(Versions.CodeHash.value()).matches("[0-9a-f]{16}");
    }

    private static void write(Path file, String content) throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }
}
