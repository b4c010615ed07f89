package org.bitdgdm.conf;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Path of this machine's disk as a user writes it: plain, or as the {@code file:} URI by which Spark and Hadoop name it. */
public final class LocalPath {
    private LocalPath() {
    }

    /**
     * The path. As in Hadoop's URIs, a percent sign means itself.
     *
     * @throws InvalidPathException if this machine can have no such name
     */
    public static Path of(String named) {
        return Path.of(named.replaceFirst("^file:(//(?=/))?(?=/)", ""));
    }
}
