package org.bitdgdm.cluster;

import java.io.IOException;
import java.util.List;
import java.util.SortedMap;

/** A file system that runs write to, with a view of it that owes nothing to the job. */
interface Storage extends AutoCloseable {

    /** What {@code --out} is given for a folder. */
    String uri(String folder);

    /** Spark's flags that reach it. */
    List<String> flags() throws IOException;

    /** Hadoop's settings that reach it, as {@code name=value}, its keys among them. */
    default List<String> hadoop() {
        return List.of();
    }

    /** What a class path must begin with to reach it. */
    default String connector() {
        return "";
    }

    /** Files that a reader sees under a folder, by their path in it, each with the time of its last change. */
    SortedMap<String, Long> files(String folder) throws IOException;

    /** Bytes of a file that is there. */
    byte[] read(String file) throws IOException;

    /** Writes a file, for input. */
    void write(String file, byte[] bytes) throws IOException;
}
