package org.bitdgdm.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.classic.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.LocalPath;
import scala.Option;

/**
 * A file that an option names, on this machine: where it lies on its disks, or, of another file system, as a copy that goes
 * with this process.
 */
public final class NamedFile {
    /** By full name, size and time. */
    private static final Map<String, Path> COPIES = new ConcurrentHashMap<>();

    private NamedFile() {
    }

    /**
     * The file.
     *
     * @param option  that names it, for messages
     * @param content what it should hold, for messages
     * @param named   a path, or a URI of Hadoop's
     * @throws InputException where there is none or it cannot be read
     */
    public static Path of(String option, String content, String named) {
        Optional<Path> here = LocalPath.here(named);
        if (here.isPresent()) {
            if (!Files.isRegularFile(here.get())) {
                throw absent(option, content, here.get().toString(), Files.isDirectory(here.get()), null);
            }
            return here.get();
        }
        try {
            org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(named);
            FileSystem files = path.getFileSystem(settings());
            FileStatus status = files.getFileStatus(path);
            if (!status.isFile()) {
                throw absent(option, content, named, true, null);
            }
            String key = status.getPath() + " " + status.getLen() + " " + status.getModificationTime();
            Path known = COPIES.get(key);
            if (known == null) {
                known = copy(files, path);
                COPIES.put(key, known);
            }
            return known;
        } catch (FileNotFoundException e) {
            throw absent(option, content, named, false, e);
        } catch (IOException | IllegalArgumentException e) {
            throw new InputException(option + " " + named + " cannot be read: "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + "; check its name and permissions", e);
        }
    }

    /** Those of the application, before and after its session begins. */
    private static Configuration settings() {
        Option<SparkSession> session = SparkSession.getDefaultSession();
        return session.isDefined() ? session.get().sparkContext().hadoopConfiguration()
            : SparkHadoopUtil.get().newConfiguration(new SparkConf());
    }

    /**
     * What is told of an option without a file.
     *
     * @param content what the file should hold
     * @param found   where it should be
     * @param folder  whether a folder is there
     */
    public static InputException absent(String option, String content, String found, boolean folder, Exception cause) {
        return new InputException(option + " must name a file " + content + ", found " + (folder ? "a folder" : "none") + " at "
            + found + (folder ? "; give one file" : "; check its name"), cause);
    }

    /**
     * A copy of a file, under its name, that goes with this process.
     *
     * @throws IOException where it cannot be read or there is no room for it
     */
    public static Path copy(FileSystem files, org.apache.hadoop.fs.Path path) throws IOException {
        Path folder = Files.createTempDirectory("bitdgdm-input");
        Path copy = folder.resolve(path.getName());
        // In this order: the last asked for goes first.
        folder.toFile().deleteOnExit();
        copy.toFile().deleteOnExit();
        try (var in = files.open(path)) {
            Files.copy(in, copy);
        }
        return copy;
    }
}
