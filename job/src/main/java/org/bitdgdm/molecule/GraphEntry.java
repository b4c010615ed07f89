package org.bitdgdm.molecule;

import java.io.Serializable;
import org.bitdgdm.kernels.Graph;

/**
 * One entry of a file of graphs: a graph, or the line of a list of molecules that stands for one.
 *
 * @param graph  classes of a vocabulary; its id is the 0-based position in the file. Without nodes where there is a line, of
 *               which they are still to be made
 * @param smiles the line; null for a graph
 */
public record GraphEntry(Graph graph, String smiles) implements Serializable {

    static GraphEntry of(long id, byte[] nodes, byte[] edges) {
        return new GraphEntry(new Graph(id, nodes, edges), null);
    }

    /** The line of a list at a position. */
    public static GraphEntry ofLine(long id, String smiles) {
        return new GraphEntry(new Graph(id, new byte[0], new byte[0]), smiles);
    }

    /** Position in the file. */
    public long id() {
        return graph.id();
    }
}
