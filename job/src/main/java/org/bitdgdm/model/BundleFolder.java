package org.bitdgdm.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.bitdgdm.conf.InputException;

/** A folder that holds a complete bundle or none: whoever reads it never sees half of one. */
final class BundleFolder {
    private final Path folder;

    BundleFolder(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
    }

    /**
     * Lets {@code files} be written into a folder beside this one, then moves that, or what is in it, to its place. If
     * anything fails, the folder beside is removed.
     */
    void save(ModelBundle.Companion files) {
        try {
            requireFree();
            Path parent = folder.getParent() == null ? folder : folder.getParent();
            Files.createDirectories(parent);
            // Not a temporary directory of Java's, which only its owner may read, also after it has moved.
            Path staging = Files.createDirectory(parent.resolve("." + folder.getFileName() + "." + UUID.randomUUID()));
            try {
                files.write(staging);
                publish(staging);
            } finally {
                delete(staging);
            }
        } catch (IOException e) {
            throw new InputException("cannot write the model bundle " + folder + " (" + e.getClass().getSimpleName() + ": "
                + e.getMessage() + "); give a folder that can be written", e);
        }
    }

    private void requireFree() throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new InputException(folder + " is no folder; give a folder for the model bundle");
        }
        if (Files.exists(folder) && !children(folder).isEmpty()
            && !Files.isRegularFile(folder.resolve(ModelBundle.FACTS_FILE))) {
            throw new InputException(folder + " is neither empty nor a model bundle; give another folder");
        }
    }

    private void publish(Path staging) throws IOException {
        if (!Files.exists(folder)) {
            Files.move(staging, folder, StandardCopyOption.ATOMIC_MOVE);
            return;
        }
        // Without its description the folder is no bundle, and the description comes last.
        Path facts = folder.resolve(ModelBundle.FACTS_FILE);
        Files.deleteIfExists(facts);
        for (Path file : children(staging)) {
            if (!file.endsWith(ModelBundle.FACTS_FILE)) {
                Files.move(file, folder.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            }
        }
        Files.move(staging.resolve(ModelBundle.FACTS_FILE), facts, StandardCopyOption.ATOMIC_MOVE);
    }

    private static List<Path> children(Path parent) throws IOException {
        try (Stream<Path> children = Files.list(parent)) {
            return children.sorted().toList();
        }
    }

    private static void delete(Path tree) throws IOException {
        if (Files.exists(tree)) {
            try (Stream<Path> paths = Files.walk(tree)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
