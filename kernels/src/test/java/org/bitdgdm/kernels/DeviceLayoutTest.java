package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Java's offsets of what it hands to the device against those of a compiler that reads the kernels' header. */
class DeviceLayoutTest {

    @Test
    void theCompilerHasTheFieldsWhereJavaWritesThem() throws IllegalAccessException {
        Map<String, Integer> expected = new TreeMap<>();
        List<Class<?>> structures = List.of(DeviceLayout.CodeTiles.class, DeviceLayout.Linear.class,
            DeviceLayout.Transform.class, DeviceLayout.Branch.class, DeviceLayout.Step.class);
        for (Class<?> structure : structures) {
            for (Field field : structure.getDeclaredFields()) {
                expected.put(structure.getSimpleName() + "." + camel(field.getName()), field.getInt(null));
            }
        }
        Map<String, Integer> found = new TreeMap<>(EmulatedDriver.layout());
        found.keySet().removeIf(field -> structures.stream()
            .noneMatch(structure -> field.startsWith(structure.getSimpleName() + ".")));
        assertThat(found).hasSizeGreaterThan(30).isEqualTo(expected);
    }

    /** Sizes of all arguments; {@link CudaLaunchTest} reads their fields. */
    @Test
    void theCompilerHasArgumentsAsLongAsJavaWritesThem() throws IllegalAccessException {
        Map<String, Integer> expected = new TreeMap<>(Map.of("LinearArguments.rows", DeviceLayout.Arguments.LINEAR_ROWS,
            "LinearJob.size", DeviceLayout.Arguments.LINEAR_ROWS / DeviceLayout.Arguments.LINEAR_JOBS,
            "Progress.broken", DeviceLayout.Progress.BROKEN, "Progress.size", DeviceLayout.Progress.SIZE));
        for (Field field : DeviceLayout.Arguments.class.getDeclaredFields()) {
            if (!field.getName().startsWith("LINEAR_")) {
                String name = camel(field.getName());
                expected.put(Character.toUpperCase(name.charAt(0)) + name.substring(1) + "Arguments.size",
                    field.getInt(null));
            }
        }
        assertThat(expected).hasSize(15);
        assertThat(EmulatedDriver.layout()).containsAllEntriesOf(expected);
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
