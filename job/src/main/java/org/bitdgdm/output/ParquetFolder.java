package org.bitdgdm.output;

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
}
