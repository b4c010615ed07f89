package org.bitdgdm.molecule;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What is known of one graph as a molecule. Properties are those of the largest fragment of the relaxed molecule, and
 * null where {@code smiles} is.
 *
 * @param valid        whether every atom keeps its valence without charges and aromatic bonds kekulise
 * @param relaxedValid the same after N, O and S with exactly one order too many took charge +1
 * @param connected    whether the graph has one component, valid or not
 * @param numFragments components of the graph, valid or not; 0 where the graph is none
 * @param smiles       canonical SMILES of the largest fragment of the relaxed molecule (equal size: the one with the
 *                     lowest atom index); null exactly where not {@code relaxedValid}
 * @param reason       why the graph is not {@code valid}, atoms counted from 0; null where it is
 * @param properties   by {@link MoleculeProperty}, in their order; null where the molecule has none of that kind, and all
 *                     where it is none
 */
public record ScoredMolecule(
    boolean valid, boolean relaxedValid, boolean connected, int numFragments, String smiles, String reason,
    List<Number> properties) implements Serializable {

    public ScoredMolecule {
        // Serializable, and open to null.
        properties = Collections.unmodifiableList(new ArrayList<>(properties));
        if (properties.size() != MoleculeProperty.values().length) {
            throw new IllegalArgumentException("a molecule must have " + MoleculeProperty.values().length
                + " properties, null among them, found " + properties.size());
        }
    }

    /** How the reason of a line begins that is no SMILES. */
    static final String NO_MOLECULE = "no molecule: ";
    /** How the reason of a molecule begins that the toolkit cannot write. */
    public static final String NOT_WRITTEN = "no canonical SMILES: ";
    /** How the reason of the check ends that RDKit leaves out, see {@link Sanitisation}. */
    public static final String AFTER_KEKULISATION = " after kekulisation";

    static ScoredMolecule refused(int numFragments, String reason) {
        return new ScoredMolecule(false, false, numFragments == 1, numFragments, null, reason,
            Collections.nCopies(MoleculeProperty.values().length, null));
    }

    /** One of the properties; null where the molecule has none of that kind. */
    public Number property(MoleculeProperty property) {
        return properties.get(property.ordinal());
    }
}
