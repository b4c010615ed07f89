package org.bitdgdm.molecule;

import java.io.Serializable;

/**
 * A graph of atoms and bonds as classes of a vocabulary, before anything is known about its chemistry.
 *
 * @param graphId id of the graph; for graphs read from a file the 0-based position in it
 * @param nodes   (n) node classes
 * @param bonds   (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major
 */
public record MolecularGraph(long graphId, byte[] nodes, byte[] bonds) implements Serializable {

    public MolecularGraph {
        if (bonds.length != pairs(nodes.length)) {
            throw new IllegalArgumentException("a graph of " + nodes.length + " nodes must have " + pairs(nodes.length)
                + " pairs i < j, found " + bonds.length);
        }
    }

    /** Pairs i &lt; j of n nodes. */
    public static int pairs(int n) {
        return n * (n - 1) / 2;
    }

    /** Index of the pair i &lt; j in the row-major upper triangle of n nodes. */
    public static int pair(int n, int i, int j) {
        return i * (2 * n - i - 1) / 2 + (j - i - 1);
    }
}
