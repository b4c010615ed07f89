package org.bitdgdm.metrics;

import java.util.List;
import java.util.Objects;

/**
 * What the molecules of a set look like. Atoms, bonds and sizes are counted over all graphs, valid or not; the properties
 * over molecules, that is over the largest fragments of relaxed-valid graphs.
 *
 * @param atoms  atoms by element
 * @param bonds  bonds by class, without class 0
 * @param sizes  graphs by number of atoms
 * @param weight molecules by molecular weight
 * @param logp   molecules by logP; the unit names the descriptor
 * @param rings  molecules by number of independent rings
 */
public record Distributions(
    Histogram atoms, Histogram bonds, Histogram sizes, Histogram weight, Histogram logp, Histogram rings) {

    public Distributions {
        for (Histogram histogram : new Histogram[] {atoms, bonds, sizes, weight, logp, rings}) {
            Objects.requireNonNull(histogram, "distributions must have atoms, bonds, sizes, weight, logp and rings");
        }
    }

    /** All of them, in the order of the report. */
    public List<Histogram> all() {
        return List.of(atoms, bonds, sizes, weight, logp, rings);
    }
}
