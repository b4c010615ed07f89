package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder of this machine. */
record Disk(Path root) implements Storage {

    @Override
    public String uri(String folder) {
        return root.resolve(folder).toString();
    }

    @Override
    public List<String> flags() {
        return List.of();
    }

    @Override
    public SortedMap<String, Long> files(String folder) throws IOException {
        SortedMap<String, Long> found = new TreeMap<>();
        Path above = root.resolve(folder);
        if (Files.isDirectory(above)) {
            try (Stream<Path> all = Files.walk(above)) {
                for (Path file : all.filter(Files::isRegularFile).toList()) {
                    found.put(above.relativize(file).toString(), Files.getLastModifiedTime(file).toMillis());
                }
            }
        }
        return found;
    }

    @Override
    public byte[] read(String file) throws IOException {
        return Files.readAllBytes(root.resolve(file));
    }

    @Override
    public void close() {
        // A folder needs no closing.
    }
}
