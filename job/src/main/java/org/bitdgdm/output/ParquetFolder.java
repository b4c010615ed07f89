package org.bitdgdm.output;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Folder of Parquet files by its own name. Spark takes paths for patterns, so that {@code run[1]} would read {@code run1}
 * and not itself; Hydra and shells name folders so when a setting is a list.
 */
public final class ParquetFolder {
    /** What Hadoop's patterns are made of, the escape among it. */
    private static final String SIGNS = "[\\\\*?\\[\\]{}]";

    private ParquetFolder() {
    }

    /** A path as Spark's readers must be given it, so that every sign of it means itself. */
    public static String literal(String path) {
        return path.replaceAll(SIGNS, "\\\\$0");
    }

    /**
     * The rows of a folder, or of one file.
     *
     * @param path or URI, every sign of which means itself
     */
    public static Dataset<Row> read(SparkSession spark, String path) {
        return spark.read().parquet(literal(path));
    }

    /** The file that could not be read, where that is why something has failed. */
    public static Optional<String> unreadable(Throwable failed) {
        return Stream.iterate(failed, e -> e != null, Throwable::getCause)
            .filter(e -> e instanceof SparkThrowable known && String.valueOf(known.getCondition()).startsWith("FAILED_READ_FILE"))
            .map(e -> ((SparkThrowable) e).getMessageParameters().getOrDefault("path", "one")).findFirst();
    }
}
