package org.bitdgdm.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.output.NamedFile;
import org.bitdgdm.output.RunFiles;

/**
 * Graphs that exist already, as an option names them: a text file, a folder or file of Parquet, or the folder of a run. A name
 * without a scheme is a text file of this machine if there is one, else looked for where {@code --out} is, on the default
 * file system.
 *
 * @param option that names them, for messages
 * @param named  as the user has named them
 * @param files  file system that holds them
 * @param path   full path there, every sign of which means itself
 */
public record InputGraphs(String option, String named, FileSystem files, Path path) {
    private static final String PARQUET = ".parquet";
    /** Names that a message has at most. */
    private static final int NAMED = 3;
    /** Signs of patterns. */
    private static final Pattern PATTERN = Pattern.compile("[*?\\[{]");
    /** Begins every file of Parquet. */
    private static final byte[] MAGIC = {'P', 'A', 'R', '1'};

    /** The text file of this machine that a name stands for; needs no Spark. */
    public static Optional<java.nio.file.Path> localText(String named) {
        try {
            return LocalPath.here(named).filter(file -> Files.isRegularFile(file) && !named.endsWith(PARQUET));
        } catch (IllegalArgumentException notOfThisMachine) {
            return Optional.empty();
        }
    }

    /**
     * Finds graphs.
     *
     * @throws InputException if there is nothing of that name, or it cannot be read
     */
    public static InputGraphs of(String option, String named, Configuration hadoop) {
        try {
            Optional<java.nio.file.Path> text = localText(named);
            Path path = text.isPresent() ? new Path(text.get().toAbsolutePath().toUri()) : new Path(named);
            FileSystem files = path.getFileSystem(hadoop);
            Path full = files.makeQualified(path);
            if (!files.exists(full)) {
                throw new FileNotFoundException(full.toString());
            }
            return new InputGraphs(option, named, files, full);
        } catch (FileNotFoundException absent) {
            throw new InputException(option + " must name existing graphs, found nothing at " + named + (PATTERN.matcher(named)
                .find() ? "; it is taken for a name, not for a pattern: give one file or folder" : "; check its name"), absent);
        } catch (IOException | IllegalArgumentException failed) {
            throw unreadable(option, named, failed);
        }
    }

    private static InputException unreadable(String option, String named, Exception failed) {
        return new InputException(option + " " + named + " cannot be read: "
            + String.valueOf(failed.getMessage()).lines().findFirst().orElse("") + "; check its name and permissions", failed);
    }

    /** Whether it is a text file; Parquet is a folder, or is named so. */
    public boolean isText() throws IOException {
        return files.getFileStatus(path).isFile() && !path.getName().endsWith(PARQUET);
    }

    /** The text file on this machine, where it lies or as a copy that goes with this process. */
    public java.nio.file.Path text() {
        if (path.toUri().getScheme().equals("file")) {
            return java.nio.file.Path.of(path.toUri().getPath());
        }
        try {
            return NamedFile.copy(files, path);
        } catch (IOException failed) {
            throw unreadable(option, named, failed);
        }
    }

    /**
     * The Parquet: the folder of a run stands for its rows, as does that of a cell of a sweep, whose lie elsewhere.
     *
     * @param rows name of the folder of rows of the model's family
     * @throws InputException if it is a run without such rows
     */
    public String rows(String rows) throws IOException {
        if (!files.exists(new Path(path, RunFiles.RUN_JSON))) {
            return path.toString();
        }
        for (Path there : List.of(new Path(path, rows), new Path(path, "../../" + rows + "/cell=" + path.getName()))) {
            if (files.exists(there)) {
                return there.toString();
            }
        }
        throw new InputException(option + " must be a run that has left " + rows + "/, found none in " + named
            + "; it is unfinished, or a run of a model of another family");
    }

    /**
     * Refuses a folder of which Spark would read nothing, or files that are no Parquet. As Spark does, it looks into folders
     * named {@code key=value} alone, and past names that begin with a dot or an underscore.
     *
     * @param rows   where the Parquet should be
     * @param orText whether a text file is another way to give graphs
     * @throws InputException saying what is there instead
     */
    public void requireParquet(String rows, boolean orText) throws IOException {
        Path folder = new Path(rows);
        List<FileStatus> all = new ArrayList<>();
        List<String> folders = new ArrayList<>();
        look(folder, all, folders);
        List<String> others = new ArrayList<>();
        for (FileStatus file : all) {
            if (!isParquet(file)) {
                others.add(file.getPath().getName());
            }
        }
        String found;
        if (all.isEmpty()) {
            found = folders.isEmpty() ? "an empty folder; check its name" : "no file in it but folders (" + some(folders)
                + "); give one of them";
        } else if (others.isEmpty()) {
            return;
        } else if (files.getFileStatus(folder).isFile()) {
            found = "a file that is no Parquet" + (orText ? "; where it is text give it another name" : "");
        } else if (others.size() < all.size()) {
            found = others.size() + " of " + all.size() + " files that are no Parquet (" + some(others)
                + "); take them out of the folder";
        } else {
            found = "a folder of " + (others.size() == 1 ? "one file that is no Parquet (" : others.size()
                + " files that are no Parquet (") + some(others) + ")" + (!orText ? ""
                : others.size() == 1 ? "; give that file in place of the folder"
                : "; give one file with the lines of all, which Spark writes after coalesce(1)");
        }
        throw new InputException(option + " " + named + " must be " + (orText ? "a folder of our Parquet or one text file"
            : "the folder of a finished run") + ", found " + found);
    }

    private void look(Path at, List<FileStatus> found, List<String> folders) throws IOException {
        for (FileStatus one : files.listStatus(at)) {
            String name = one.getPath().getName();
            boolean hidden = (name.startsWith("_") && !name.contains("=") || name.startsWith(".")) && !one.getPath().equals(at);
            if (one.isFile() && !hidden) {
                found.add(one);
            } else if (!hidden && name.contains("=")) {
                look(one.getPath(), found, folders);
            } else if (!hidden) {
                folders.add(name);
            }
        }
    }

    /** By its name, or else by how it begins, so that a folder of many files is not read for it. */
    private boolean isParquet(FileStatus file) throws IOException {
        if (file.getPath().getName().endsWith(PARQUET) && !file.getPath().equals(path)) {
            return true;
        }
        try (var in = files.open(file.getPath())) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        }
    }

    private static String some(List<String> names) {
        return names.stream().sorted().limit(NAMED).collect(Collectors.joining(", ")) + (names.size() > NAMED ? ", …" : "");
    }

    /** Full path, files, size and time, so that changed input is another run. */
    public String identity() {
        try {
            long count = 0;
            long size = 0;
            long newest = 0;
            for (RemoteIterator<LocatedFileStatus> all = files.listFiles(path, true); all.hasNext();) {
                LocatedFileStatus file = all.next();
                count++;
                size += file.getLen();
                newest = Math.max(newest, file.getModificationTime());
            }
            return path + ", " + count + " files, " + size + " bytes, changed " + Instant.ofEpochMilli(newest);
        } catch (IOException failed) {
            throw unreadable(option, named, failed);
        }
    }
}
