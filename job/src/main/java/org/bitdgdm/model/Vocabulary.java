package org.bitdgdm.model;

import java.io.Serializable;
import java.util.List;

/**
 * What the classes of a model stand for.
 *
 * @param atoms element symbol of each node class, for example C, N, O, F
 * @param bonds name of each edge class; class 0 is {@code none}
 */
public record Vocabulary(List<String> atoms, List<String> bonds) implements Serializable {
    /** Edge classes of every molecular DiGress model. */
    public static final List<String> MOLECULE_BONDS = List.of("none", "single", "double", "triple", "aromatic");

    public Vocabulary {
        atoms = List.copyOf(atoms);
        bonds = List.copyOf(bonds);
    }
}
