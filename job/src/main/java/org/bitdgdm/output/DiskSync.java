package org.bitdgdm.output;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Order of what reaches a local disk: the content of a file before its name, so that a machine that loses power keeps no
 * file of the right name without its bytes. Other file systems answer for what they have closed: HDFS has it on all
 * machines of its pipeline, an object store in one piece.
 */
final class DiskSync {
    private DiskSync() {
    }

    /** Forces a file, its checksum beside it or all files of a folder to the disk, where that is a local one. */
    static void content(FileSystem files, Path path) throws IOException {
        Optional<java.nio.file.Path> found = local(files, path);
        if (found.isEmpty()) {
            return;
        }
        java.nio.file.Path local = found.get();
        if (Files.isDirectory(local)) {
            try (var inside = Files.newDirectoryStream(local)) {
                for (java.nio.file.Path file : inside) {
                    force(file);
                }
            }
        }
        force(local);
        java.nio.file.Path checksum = local.resolveSibling("." + local.getFileName() + ".crc");
        if (Files.exists(checksum)) {
            force(checksum);
        }
    }

    /** Forces the names in a folder to the disk, where that is a local one. */
    static void names(FileSystem files, Path folder) throws IOException {
        Optional<java.nio.file.Path> local = local(files, folder);
        if (local.isPresent()) {
            force(local.get());
        }
    }

    /** An existing file or folder on a local disk, whatever file system names it; empty where it lies elsewhere. */
    static Optional<java.nio.file.Path> local(FileSystem files, Path path) throws IOException {
        Path real = files.resolvePath(path);
        return "file".equals(real.toUri().getScheme()) ? Optional.of(java.nio.file.Path.of(real.toUri().getPath()))
            : Optional.empty();
    }

    private static void force(java.nio.file.Path path) throws IOException {
        // For reading: that suffices to force a file, and a folder cannot be opened otherwise.
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
