package org.bitdgdm.family;

import org.apache.spark.sql.Row;
import org.bitdgdm.molecule.MolecularGraph;

/** Judges graphs, one row each. May hold what is not thread-safe: one instance per task. */
public interface GraphScorer {
    /**
     * The row of a graph. What is no graph of the family is a row with a reason, never an exception.
     *
     * @param graphId id, or position in the input of an evaluation
     * @param nodes   (n) node classes
     * @param edges   (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major
     */
    Row row(long graphId, byte[] nodes, byte[] edges);

    /** The row of a graph of a file. */
    Row row(MolecularGraph graph);
}
