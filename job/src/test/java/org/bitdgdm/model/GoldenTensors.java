package org.bitdgdm.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tensors of a file of golden numbers, for tests of all packages. */
public final class GoldenTensors {
    private GoldenTensors() {
    }

    /** All tensors of a file, integers as floats. */
    public static Map<String, float[]> read(Path file) throws IOException {
        Map<String, float[]> values = new LinkedHashMap<>();
        SafetensorsFile.read(file, Files.readAllBytes(file)).forEach((name, tensor) -> values.put(name, tensor.values().get()));
        return values;
    }

    /** What lies beside the repository; null where it does not. */
    public static Path shared(String name) {
        return ModelImportTest.shared(name);
    }
}
