package org.bitdgdm.molecule;

/**
 * A line of a list of SMILES: the graph that a vocabulary makes of it, and what is known of it as a molecule. The graph says
 * nothing of charges and hydrogens that are written, so that it may decode to another molecule.
 *
 * @param nodes    (n) node classes, −1 for an element that the vocabulary lacks; empty where the line is no molecule
 * @param bonds    (n(n−1)/2) edge classes, upper triangle row-major, −1 for an order that the vocabulary lacks
 * @param molecule verdict and properties
 */
public record ScoredGraph(byte[] nodes, byte[] bonds, ScoredMolecule molecule) {

    static ScoredGraph refused(String reason) {
        return new ScoredGraph(new byte[0], new byte[0], ScoredMolecule.refused(0, reason));
    }
}
