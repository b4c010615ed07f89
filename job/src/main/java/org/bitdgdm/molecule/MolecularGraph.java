package org.bitdgdm.molecule;

import java.io.Serializable;
import org.bitdgdm.kernels.Graph;

/**
 * A graph of atoms and bonds as classes of a vocabulary, or a line that stands for one, before anything is known about its
 * chemistry.
 *
 * @param graphId id of the graph; for graphs read from a file the 0-based position in it
 * @param nodes   (n) node classes
 * @param bonds   (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major
 * @param smiles  the line, of which nodes and bonds are still to be made, and are empty; null for a graph
 */
public record MolecularGraph(long graphId, byte[] nodes, byte[] bonds, String smiles) implements Serializable {

    public MolecularGraph {
        if (bonds.length != pairs(nodes.length)) {
            throw new IllegalArgumentException("a graph of " + nodes.length + " nodes must have " + pairs(nodes.length)
                + " pairs i < j, found " + bonds.length);
        }
    }

    /** A graph of classes. */
    public MolecularGraph(long graphId, byte[] nodes, byte[] bonds) {
        this(graphId, nodes, bonds, null);
    }

    /** A line of a list. */
    static MolecularGraph ofLine(long graphId, String smiles) {
        return new MolecularGraph(graphId, new byte[0], new byte[0], smiles);
    }

    /** Pairs i &lt; j of n nodes. */
    public static int pairs(int n) {
        return Graph.pairs(n);
    }

    /** Index of the pair i &lt; j in the row-major upper triangle of n nodes. */
    public static int pair(int n, int i, int j) {
        return Graph.pair(n, i, j);
    }
}
