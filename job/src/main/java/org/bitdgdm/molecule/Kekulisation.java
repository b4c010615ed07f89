package org.bitdgdm.molecule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.graph.Matching;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Aromatic bonds as alternating single and double ones, by the rule of RDKit's {@code Kekulize}, which the DiGress evaluation
 * calls: atoms of aromatic bonds lie in rings; an atom that misses exactly one of the valence it aims at, with its aromatic
 * bonds counted as single, takes exactly one double bond, along an aromatic ring bond; the others take none. So pyridine
 * kekulises, and pyrrole drawn with five aromatic bonds does not.
 */
final class Kekulisation {
    static final String OUTSIDE_RING = "kekulisation: aromatic bond outside a ring";
    static final String NO_ALTERNATION = "kekulisation: no alternating single and double bonds";

    private Kekulisation() {
    }

    /**
     * Gives every aromatic bond an order, in place.
     *
     * @param molecule  aromatic bonds are flagged, and so are their atoms
     * @param hydrogens (n) hydrogens of each atom that belong to it whatever becomes of its bonds
     * @param totals    (n) hydrogens and orders of each atom before, which say which valence it aims at
     * @param bracketed atoms that get no further hydrogens, and may keep an electron for themselves
     * @return null where it worked, otherwise the reason; orders are then in no useful state
     */
    static String apply(IAtomContainer molecule, int[] hydrogens, int[] totals, BitSet bracketed) {
        Cycles.markRingAtomsAndBonds(molecule);
        BitSet open = new BitSet();
        for (IAtom atom : molecule.atoms()) {
            if (!atom.isAromatic()) {
                continue;
            }
            if (!atom.isInRing()) {
                return OUTSIDE_RING;
            }
            int index = atom.getIndex();
            int sum = hydrogens[index];
            for (IBond bond : atom.bonds()) {
                sum += bond.isAromatic() ? 1 : bond.getOrder().numeric();
            }
            int missing = Valences.of(atom.getAtomicNumber()).aimed(totals[index], atom.getFormalCharge()) - sum;
            if (missing == 1 || missing == 2 && bracketed.get(index)) {
                open.set(index);
            }
        }
        return alternate(molecule, open) ? null : NO_ALTERNATION;
    }

    /**
     * Makes double bonds of aromatic ring bonds such that every open atom has exactly one, and single ones of the others.
     * Which, where there is a choice, depends on the order of the atoms only.
     *
     * @param molecule rings are marked
     * @return whether there is such a choice
     */
    static boolean alternate(IAtomContainer molecule, BitSet open) {
        int[][] candidates = new int[molecule.getAtomCount()][];
        for (IAtom atom : molecule.atoms()) {
            List<Integer> found = new ArrayList<>();
            for (IBond bond : atom.bonds()) {
                int other = bond.getOther(atom).getIndex();
                if (open.get(atom.getIndex()) && open.get(other) && bond.isAromatic() && bond.isInRing()) {
                    found.add(other);
                }
            }
            candidates[atom.getIndex()] = found.stream().mapToInt(Integer::intValue).toArray();
            Arrays.sort(candidates[atom.getIndex()]);
        }
        Matching matching = Matching.withCapacity(candidates.length);
        if (!matching.perfect(candidates, open)) {
            return false;
        }
        for (IBond bond : molecule.bonds()) {
            if (bond.isAromatic()) {
                int begin = bond.getBegin().getIndex();
                boolean isDouble = open.get(begin) && matching.other(begin) == bond.getEnd().getIndex();
                bond.setOrder(isDouble ? IBond.Order.DOUBLE : IBond.Order.SINGLE);
            }
        }
        return true;
    }
}
