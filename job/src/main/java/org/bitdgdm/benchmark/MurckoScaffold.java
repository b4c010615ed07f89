package org.bitdgdm.benchmark;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;

/**
 * Rings, what links them, and what is doubly bound to either (Bemis and Murcko, J. Med. Chem. 39, 1996, as RDKit has it: the
 * oxygen of a ring's C=O stays, which the CDK's scaffold drops).
 */
final class MurckoScaffold {
    private MurckoScaffold() {
    }

    /**
     * Canonical SMILES of the scaffold; empty for a molecule without rings.
     *
     * @throws CDKException where it cannot be written
     */
    static String of(IAtomContainer molecule, PartSmiles smiles) throws CDKException {
        BitSet kept = ringsAndLinkers(molecule);
        BitSet framework = (BitSet) kept.clone();
        for (IBond bond : molecule.bonds()) {
            int begin = bond.getBegin().getIndex();
            int end = bond.getEnd().getIndex();
            if (bond.getOrder() == IBond.Order.DOUBLE && framework.get(begin) != framework.get(end)) {
                kept.set(begin);
                kept.set(end);
            }
        }
        if (kept.isEmpty()) {
            return "";
        }
        PartSmiles.Part scaffold = new PartSmiles.Part();
        int[] place = new int[molecule.getAtomCount()];
        for (IAtom atom : molecule.atoms()) {
            if (kept.get(atom.getIndex())) {
                place[atom.getIndex()] =
                    scaffold.atom(atom.getAtomicNumber(), hydrogens(atom, kept), atom.getFormalCharge());
            }
        }
        for (IBond bond : molecule.bonds()) {
            if (kept.get(bond.getBegin().getIndex()) && kept.get(bond.getEnd().getIndex())) {
                scaffold.bond(place[bond.getBegin().getIndex()], place[bond.getEnd().getIndex()], bond.getOrder());
            }
        }
        return smiles.of(scaffold);
    }

    /** Hydrogens in the place of what is cut off; a sulfur or phosphorus of more than its lowest valence goes back to it. */
    private static int hydrogens(IAtom atom, BitSet kept) {
        int lost = 0;
        int left = 0;
        for (IBond bond : atom.bonds()) {
            int order = bond.getOrder().numeric();
            lost += kept.get(bond.getOther(atom).getIndex()) ? 0 : order;
            left += kept.get(bond.getOther(atom).getIndex()) ? order : 0;
        }
        int element = atom.getAtomicNumber();
        boolean hypervalent = (element == IElement.S || element == IElement.P) && atom.getFormalCharge() == 0;
        if (lost == 0 || !hypervalent) {
            return atom.getImplicitHydrogenCount() + lost;
        }
        int valence = element == IElement.S ? 2 : 3;
        while (valence < left) {
            valence += 2;
        }
        return valence - left;
    }

    /** What is left when atoms of one neighbour are taken off as long as there are any. */
    private static BitSet ringsAndLinkers(IAtomContainer molecule) {
        BitSet kept = new BitSet();
        kept.set(0, molecule.getAtomCount());
        int[] degrees = new int[molecule.getAtomCount()];
        Deque<IAtom> ends = new ArrayDeque<>();
        for (IAtom atom : molecule.atoms()) {
            degrees[atom.getIndex()] = atom.getBondCount();
            if (atom.getBondCount() <= 1) {
                ends.add(atom);
            }
        }
        while (!ends.isEmpty()) {
            IAtom end = ends.remove();
            kept.clear(end.getIndex());
            for (IBond bond : end.bonds()) {
                IAtom other = bond.getOther(end);
                if (kept.get(other.getIndex()) && --degrees[other.getIndex()] == 1) {
                    ends.add(other);
                }
            }
        }
        return kept;
    }
}
