package org.bitdgdm.family;

import org.bitdgdm.model.Vocabulary;

/** A kind of graphs of classes of nodes and edges, and all that depends on it. */
public sealed interface GraphFamily extends ResultFamily permits Molecules, PlainGraphs {

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

    /** Name of the column of node classes. */
    String nodesColumn();

    /** Name of the column of edge classes. */
    String edgesColumn();

    /** A judge of graphs, for one task. */
    GraphScorer scorer();
}
