package org.bitdgdm.molecule;

import java.io.Serializable;

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
 * @param weight       average molecular weight with implicit hydrogens, g/mol
 * @param logp         octanol–water partition coefficient by {@link MoleculeProperties#LOGP_DESCRIPTOR}; null also where
 *                     the descriptor has no value
 * @param rings        number of independent rings (bonds − atoms + 1, the size of an SSSR)
 */
public record ScoredMolecule(
    boolean valid, boolean relaxedValid, boolean connected, int numFragments, String smiles, String reason,
    Double weight, Double logp, Integer rings) implements Serializable {

    static ScoredMolecule refused(int numFragments, String reason) {
        return new ScoredMolecule(false, false, numFragments == 1, numFragments, null, reason, null, null, null);
    }
}
