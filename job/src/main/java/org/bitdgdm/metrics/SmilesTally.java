package org.bitdgdm.metrics;

import java.io.Serializable;

/** What is counted molecule by molecule, once for each different SMILES. Parts add up in any order to the same. */
final class SmilesTally implements Serializable {
    private static final long serialVersionUID = 1;

    private long distinct;
    private long once;
    private long novel;
    private long novelOnce;
    private final ScaffoldTally scaffolds = new ScaffoldTally();

    long distinct() {
        return distinct;
    }

    long once() {
        return once;
    }

    long novel() {
        return novel;
    }

    long novelOnce() {
        return novelOnce;
    }

    /** Molecules by scaffold. */
    ScaffoldTally scaffolds() {
        return scaffolds;
    }

    /** Counts the scaffold of a different molecule. */
    SmilesTally addScaffold(String label, long graphs) {
        scaffolds.add(label, graphs);
        return this;
    }

    /**
     * Counts one different molecule.
     *
     * @param graphs how many graphs are this molecule
     * @param known  whether it is in the training set; false where none is known
     */
    SmilesTally add(long graphs, boolean known) {
        boolean single = graphs == 1;
        distinct++;
        once += single ? 1 : 0;
        novel += known ? 0 : 1;
        novelOnce += single && !known ? 1 : 0;
        return this;
    }

    /** Adds the counts of another part to this one. */
    SmilesTally merge(SmilesTally other) {
        distinct += other.distinct;
        once += other.once;
        novel += other.novel;
        novelOnce += other.novelOnce;
        scaffolds.merge(other.scaffolds);
        return this;
    }
}
