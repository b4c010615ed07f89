package org.bitdgdm.output;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import org.bitdgdm.conf.StoppedException;

/** Disk, or share of it, that has no room left, as its file system says it somewhere inside the exceptions of Spark. */
public final class FullDisk {
    /** Of Linux (ENOSPC, EDQUOT, EFBIG) and of HDFS, whose quotas have exceptions of their own. */
    private static final List<String> SAID = List.of("no space left on device", "disk quota exceeded", "file too large",
        "not enough space", "could only be written to 0 of the", "quotaexceededexception");
    private static final List<String> TEMPORARY = List.of("org.apache.spark.storage.", "org.apache.spark.shuffle.",
        "org.apache.spark.util.collection.");

    private FullDisk() {
    }

    /**
     * The sentence for a run that has ended so; empty where it has ended otherwise.
     *
     * @param out folder of the run
     */
    public static Optional<StoppedException> of(Throwable failure, String out) {
        Optional<Throwable> full = Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
            .filter(cause -> said(cause).isPresent()).reduce((outer, inner) -> inner);
        return full.map(cause -> {
            // Its own files are written by Hadoop, those of a shuffle and of blocks by Spark.
            boolean temporary = Stream.of(cause.getStackTrace())
                .anyMatch(place -> TEMPORARY.stream().anyMatch(place.getClassName()::startsWith));
            return new StoppedException("no room is left " + (temporary ? "in Spark's folder of temporary files"
                + " (spark.local.dir)" : "for --out " + out) + ": " + said(cause).orElseThrow()
                + "; free some, and the same command makes what is missing of " + out, failure);
        });
    }

    /** The line that says so. */
    private static Optional<String> said(Throwable cause) {
        return String.valueOf(cause).lines().filter(line -> SAID.stream()
            .anyMatch(line.toLowerCase(Locale.ROOT)::contains)).findFirst()
            .map(line -> line.replaceFirst("^(\\S+(Exception|Error): )+", "").strip());
    }
}
