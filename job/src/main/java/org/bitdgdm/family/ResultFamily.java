package org.bitdgdm.family;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;

/** A kind of what models make, and how its rows are counted, shown and called. */
public sealed interface ResultFamily extends Serializable permits GraphFamily, Proteins {

    /**
     * The protocol of a name.
     *
     * @throws org.bitdgdm.conf.InputException if there is none of that name for this family
     */
    Protocol protocol(String name);

    /** Name of the folder of the rows. */
    String folder();

    /** Columns of the rows, in their order. */
    StructType schema();

    /** Every metric that a run can have. */
    MetricRegistry registry(Protocol protocol);

    /**
     * Computes the metrics of rows of {@link #schema()}.
     *
     * @param graphs how many rows there are, about
     */
    MetricReport metrics(Dataset<Row> rows, long graphs, Optional<ReferenceSet> reference, BenchmarkFiles files,
                         Protocol protocol);

    /** Files of text for other programs: lines of each by its name, made of rows of {@link #schema()}. */
    default Map<String, Function<Dataset<Row>, Iterator<String>>> texts() {
        return Map.of();
    }

    /** Why there will be no drawings; empty if there will. */
    Optional<String> noDrawings();

    /** Examples of rows of {@link #schema()}; only a fixed number of them comes to the driver. */
    GraphFamily.Examples examples(Dataset<Row> rows);

    /**
     * Markup of one example's picture.
     *
     * @param drawn of an {@link GraphFamily.Examples.Example}
     * @throws Exception where the toolkit cannot draw it
     */
    String draw(String drawn) throws Exception;

    /** Pictures of counts that only this family has. */
    default List<Picture> pictures(MetricReport report) {
        return List.of();
    }

    /**
     * A picture of counts.
     *
     * @param title   of it
     * @param svg     markup
     * @param caption below it
     */
    record Picture(String title, String svg, String caption) {
    }

    /** What is said of this family on a page. */
    GraphFamily.Words words(Protocol protocol);
}
