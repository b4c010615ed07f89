package org.bitdgdm.conf;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Path of this machine's disk as a user writes it: plain, or as the {@code file:} URI by which Spark and Hadoop name it. */
public final class LocalPath {
    private static final Pattern DISK = Pattern.compile("^file:(?://(?=/)|(?=/(?!/)))");
    private static final Pattern ELSEWHERE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:/.*", Pattern.DOTALL);

    private LocalPath() {
    }

    /**
     * The path. As in Hadoop's URIs, a percent sign means itself.
     *
     * @throws InvalidPathException if this machine can have no such name
     * @throws InputException       if it is on another file system
     */
    public static Path of(String named) {
        return here(named).orElseThrow(() -> new InputException(named + " is on another file system, and has to be on a disk of"
            + " this machine; copy it here, or give a path"));
    }

    /**
     * The path, if it is one of this machine.
     *
     * @throws InvalidPathException if this machine can have no such name
     */
    public static Optional<Path> here(String named) {
        String path = DISK.matcher(named).replaceFirst("");
        return ELSEWHERE.matcher(path).matches() ? Optional.empty() : Optional.of(Path.of(path));
    }
}
