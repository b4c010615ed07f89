package org.bitdgdm.metrics;

import java.util.List;
import java.util.Objects;

/**
 * What the molecules of a set look like. Atoms, bonds and sizes are counted over all graphs, valid or not; the properties
 * over molecules, that is over the largest fragments of relaxed-valid graphs.
 *
 * @param atoms     atoms by element
 * @param bonds     bonds by class, without class 0
 * @param sizes     graphs by number of atoms
 * @param weight    molecules by molecular weight
 * @param logp      molecules by logP; the unit names the descriptor
 * @param rings     molecules by number of independent rings
 * @param scaffolds molecules by hash of their scaffold, see {@link ScaffoldTally}; empty where no reference set says which
 *                  count
 */
public record Distributions(
    Histogram atoms, Histogram bonds, Histogram sizes, Histogram weight, Histogram logp, Histogram rings,
    Histogram scaffolds) {

    public Distributions {
        for (Histogram histogram : new Histogram[] {atoms, bonds, sizes, weight, logp, rings, scaffolds}) {
            Objects.requireNonNull(histogram, "distributions must have atoms, bonds, sizes, weight, logp, rings and"
                + " scaffolds");
        }
    }

    /** All that are drawn, in the order of the report: not the scaffolds, which have no axis. */
    public List<Histogram> all() {
        return List.of(atoms, bonds, sizes, weight, logp, rings);
    }

    /** The same with other scaffolds. */
    Distributions with(Histogram otherScaffolds) {
        return new Distributions(atoms, bonds, sizes, weight, logp, rings, otherScaffolds);
    }
}
