package org.bitdgdm.molecule;

import java.util.List;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;

/** Graphs of tests, written as text. */
public final class Graphs {
    /** The classes of QM9 without hydrogen. */
    public static final Vocabulary QM9 = new Vocabulary(List.of("C", "N", "O", "F"), Vocabulary.MOLECULE_BONDS);

    private Graphs() {
    }

    /**
     * A graph such as {@code "C N O", "0-1 1=2"}: atoms by symbol, bonds {@code -}, {@code =}, {@code #} or {@code :}
     * (class 4) between positions.
     */
    public static Graph of(Vocabulary vocabulary, String atoms, String bonds) {
        String[] symbols = atoms.split(" ");
        byte[] nodes = new byte[symbols.length];
        for (int k = 0; k < nodes.length; k++) {
            nodes[k] = (byte) vocabulary.nodes().indexOf(symbols[k]);
        }
        byte[] classes = new byte[Graph.pairs(nodes.length)];
        for (String bond : bonds.isEmpty() ? new String[0] : bonds.split(" ")) {
            String[] ends = bond.split("[-=#:]");
            int i = Integer.parseInt(ends[0]);
            int j = Integer.parseInt(ends[1]);
            int type = 1 + "-=#:".indexOf(bond.charAt(ends[0].length()));
            classes[Graph.pair(nodes.length, Math.min(i, j), Math.max(i, j))] = (byte) type;
        }
        return new Graph(0, nodes, classes);
    }

    /** The verdict on such a graph of QM9's classes. */
    public static ScoredMolecule scored(String atoms, String bonds) {
        Graph graph = of(QM9, atoms, bonds);
        return new MoleculeScorer(QM9).score(graph.nodes(), graph.edges());
    }
}
