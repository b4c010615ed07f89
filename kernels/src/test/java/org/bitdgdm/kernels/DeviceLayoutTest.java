package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Java's offsets of what it writes into device memory against those of a compiler that reads the kernels' header. */
class DeviceLayoutTest {

    @Test
    void theCompilerHasTheFieldsWhereJavaWritesThem() throws IOException, InterruptedException, IllegalAccessException {
        Process process = new ProcessBuilder(Path.of("target", "cuda-emulator", "emulator").toString(), "--layout").start();
        Map<String, Integer> found = new TreeMap<>();
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().map(line -> line.split(" "))
            .forEach(line -> found.put(line[0], Integer.parseInt(line[1])));
        assertThat(process.waitFor()).isZero();
        Map<String, Integer> expected = new TreeMap<>();
        for (Class<?> structure : List.of(DeviceLayout.CodeTiles.class, DeviceLayout.Linear.class,
            DeviceLayout.Transform.class, DeviceLayout.Branch.class)) {
            for (Field field : structure.getDeclaredFields()) {
                expected.put(structure.getSimpleName() + "." + camel(field.getName()), field.getInt(null));
            }
        }
        assertThat(found).hasSizeGreaterThan(30).isEqualTo(expected);
    }

    /** {@code SPARSE_ROW} is {@code sparseRow}. */
    private static String camel(String constant) {
        StringBuilder name = new StringBuilder();
        for (String word : constant.toLowerCase().split("_")) {
            name.append(name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }
}
