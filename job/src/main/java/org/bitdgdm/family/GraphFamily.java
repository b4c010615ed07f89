package org.bitdgdm.family;

import java.io.Serializable;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.Vocabulary;

/** A kind of graphs that models make, and all that depends on it. */
public sealed interface GraphFamily extends Serializable permits Molecules, PlainGraphs {

    /**
     * The family of a vocabulary.
     *
     * @throws org.bitdgdm.conf.InputException if it has classes that nothing here can judge
     */
    static GraphFamily of(Vocabulary vocabulary) {
        return switch (vocabulary.family()) {
            case MOLECULES -> new Molecules(vocabulary);
            case GRAPHS -> new PlainGraphs(vocabulary);
        };
    }

    /** What the classes of the model stand for. */
    Vocabulary vocabulary();

    /**
     * The protocol of a name.
     *
     * @throws org.bitdgdm.conf.InputException if there is none of that name for graphs of this family
     */
    Protocol protocol(String name);

    /** Name of the folder of the rows. */
    String folder();

    /** Columns of the rows, in their order. */
    StructType schema();

    /** Name of the column of node classes. */
    String nodesColumn();

    /** Name of the column of edge classes. */
    String edgesColumn();

    /** A judge of graphs, for one task. */
    GraphScorer scorer();

    /** Every metric that a run can have. */
    MetricRegistry registry(Protocol protocol);

    /** Computes the metrics of rows of {@link #schema()}. */
    MetricReport metrics(Dataset<Row> rows, Optional<ReferenceSet> reference, BenchmarkFiles files, Protocol protocol);

    /** Why there will be no drawings; empty if there will. */
    Optional<String> noDrawings();

    /** Examples of rows of {@link #schema()}; only a fixed number of them comes to the driver. */
    Examples examples(Dataset<Row> rows);

    /**
     * Markup of one example's picture.
     *
     * @param drawn of an {@link Examples.Example}
     * @throws Exception where the toolkit cannot draw it
     */
    String draw(String drawn) throws Exception;

    /** What is said of graphs of this family on a page. */
    FamilyWords words(Protocol protocol);
}
