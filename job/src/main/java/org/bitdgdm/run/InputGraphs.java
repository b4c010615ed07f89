package org.bitdgdm.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
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
            throw new InputException(option + " must name existing graphs, found nothing at " + named, absent);
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
