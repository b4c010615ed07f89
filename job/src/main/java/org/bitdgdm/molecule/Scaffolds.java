package org.bitdgdm.molecule;

import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.fragment.MurckoFragmenter;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Scaffolds of molecules: rings and what links them (Bemis and Murcko, J. Med. Chem. 39, 1996), by the CDK, whose scaffold
 * keeps no atom outside rings and linkers, the oxygen of a ring's C=O neither. Not thread-safe.
 */
public final class Scaffolds {
    /**
     * The scaffold of a SMILES of ours, see {@link #of(IAtomContainer)}.
     *
     * @throws CDKException where it cannot be written
     * @throws IllegalArgumentException where the text is no SMILES of ours
     */
    public String of(String smiles) throws CDKException {
        try {
            IAtomContainer molecule = Sanitisation.apply(OpenSmiles.read(smiles), false).molecule();
            if (molecule == null) {
                throw new IllegalArgumentException("a molecule must be one, found " + smiles);
            }
            return of(molecule);
        } catch (OpenSmiles.Fault e) {
            throw new IllegalArgumentException("a molecule must be a SMILES, found " + smiles, e);
        }
    }

    /**
     * Canonical SMILES of a scaffold, hydrogens filling what its bonds leave; empty for a molecule without rings.
     *
     * @param molecule with bond orders 1…3; not changed
     */
    public String of(IAtomContainer molecule) throws CDKException {
        IAtomContainer scaffold = MurckoFragmenter.scaffold(molecule);
        if (scaffold == null || scaffold.isEmpty()) {
            return "";
        }
        for (IAtom atom : scaffold.atoms()) {
            int orders = 0;
            for (IBond bond : atom.bonds()) {
                orders += bond.getOrder().numeric();
            }
            int hydrogens = Valences.of(atom.getSymbol()).hydrogens(orders, atom.getFormalCharge());
            atom.setImplicitHydrogenCount(Math.max(0, hydrogens));
            atom.setIsAromatic(false);
        }
        return Canonicaliser.smiles(scaffold);
    }
}
