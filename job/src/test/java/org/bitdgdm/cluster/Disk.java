package org.bitdgdm.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

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
    public SortedMap<String, Long> files(String folder) {
        SortedMap<String, Long> found = new TreeMap<>();
        add(root.resolve(folder).toFile(), "", found);
        return found;
    }

    /** Servers and runs rename files meanwhile: one that goes while it is looked at is not there. */
    private static void add(File folder, String path, SortedMap<String, Long> found) {
        File[] all = folder.listFiles();
        for (File each : all == null ? new File[0] : all) {
            long changed = each.lastModified();
            if (each.isDirectory()) {
                add(each, path + each.getName() + "/", found);
            } else if (changed != 0 && each.isFile()) {
                found.put(path + each.getName(), changed);
            }
        }
    }

    @Override
    public byte[] read(String file) throws IOException {
        return Files.readAllBytes(root.resolve(file));
    }

    @Override
    public void write(String file, byte[] bytes) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.write(root.resolve(file), bytes);
    }

    @Override
    public void close() {
        // A folder needs no closing.
    }
}
