package org.bitdgdm.model;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What the classes of a model stand for, and in which form its training graphs had molecules.
 *
 * @param family    what kind of graphs it makes
 * @param nodes     name of each node class: the element symbol where graphs are molecules, for example C, N, O, F
 * @param edges     name of each edge class; class 0 is {@code none}
 * @param hydrogens whether hydrogens are nodes; a vocabulary may have H without any training graph holding it, as MOSES' has
 * @param aromatic  whether aromatic bonds have a class of their own in the training graphs, rather than their Kekulé form
 */
public record Vocabulary(Family family, List<String> nodes, List<String> edges, boolean hydrogens, boolean aromatic)
    implements Serializable {
    /** Edge classes of every molecular DiGress model. */
    public static final List<String> MOLECULE_BONDS = List.of("none", "single", "double", "triple", "aromatic");
    /** Symbol of hydrogen. */
    static final String HYDROGEN = "H";

    public Vocabulary {
        nodes = List.copyOf(nodes);
        edges = List.copyOf(edges);
    }

    /** Molecules in Kekulé form, with every hydrogen a node where H is a class. */
    public Vocabulary(List<String> atoms, List<String> bonds) {
        this(Family.MOLECULES, atoms, bonds, atoms.contains(HYDROGEN), false);
    }

    /** Plain graphs, whose classes have no names of their own. */
    public static Vocabulary ofGraphs(int nodeClasses, int edgeClasses) {
        List<String> edges = new ArrayList<>(List.of("none"));
        edges.addAll(numbered("edge", edgeClasses - 1));
        return new Vocabulary(Family.GRAPHS, numbered("node", nodeClasses), edges, false, false);
    }

    /** The word itself where there is one, else numbered from 1. */
    private static List<String> numbered(String word, int count) {
        List<String> names = new ArrayList<>();
        for (int number = 1; number <= count; number++) {
            names.add(count == 1 ? word : word + " " + number);
        }
        return names;
    }
}
