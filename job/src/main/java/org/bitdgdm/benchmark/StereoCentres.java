package org.bitdgdm.benchmark;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;

/**
 * Atoms that can be tetrahedral stereocentres, as RDKit's {@code FindMolChiralCenters} counts unassigned ones: four ligands of
 * which no two are alike by its ranks. Ranks start with elements and are refined by the ranks of neighbours, a neighbour
 * counted as often as twice its bond's order, for at most half as many rounds as there are atoms.
 */
final class StereoCentres {
    private StereoCentres() {
    }

    static int count(BenchmarkMolecule molecule) {
        int[] ranks = null;
        int count = 0;
        for (IAtom atom : molecule.molecule().atoms()) {
            if (canBe(atom, molecule)) {
                ranks = ranks == null ? ranks(molecule.molecule()) : ranks;
                count += ligandsDiffer(atom, ranks) ? 1 : 0;
            }
        }
        return count;
    }

    private static boolean ligandsDiffer(IAtom atom, int[] ranks) {
        BitSet seen = new BitSet();
        for (IBond bond : atom.bonds()) {
            int rank = ranks[bond.getOther(atom).getIndex()];
            if (seen.get(rank)) {
                return false;
            }
            seen.set(rank);
        }
        return true;
    }

    private static boolean canBe(IAtom atom, BenchmarkMolecule molecule) {
        int heavy = atom.getBondCount();
        int hydrogens = atom.getImplicitHydrogenCount();
        int element = atom.getAtomicNumber();
        boolean pyramidal = element == IElement.P || element == IElement.As;
        if (heavy + hydrogens > 4 || heavy + hydrogens < 3 || heavy < 3 && !pyramidal) {
            return false;
        }
        if (heavy != 3 || hydrogens == 1) {
            return true;
        }
        int orders = 0;
        for (IBond bond : atom.bonds()) {
            orders += bond.getOrder().numeric();
        }
        return switch (element) {
            case IElement.N -> molecule.inRingOf(3, atom.getIndex()) || bridgehead(atom, molecule);
            case IElement.P, IElement.As -> true;
            case IElement.S, IElement.Se -> orders == 4 || orders == 3 && atom.getFormalCharge() == 1;
            default -> false;
        };
    }

    /** Whether three bonds lie in rings, each of which shares two bonds with another through the atom. */
    private static boolean bridgehead(IAtom atom, BenchmarkMolecule molecule) {
        BitSet own = new BitSet();
        for (IBond bond : atom.bonds()) {
            if (bond.isInRing()) {
                own.set(bond.getIndex());
            }
        }
        if (own.cardinality() < 3) {
            return false;
        }
        List<BitSet> through = molecule.ringBonds().stream().filter(ring -> ring.intersects(own)).toList();
        for (BitSet ring : through) {
            boolean overlaps = false;
            for (BitSet other : through) {
                overlaps |= other != ring && common(ring, other).cardinality() >= 2;
            }
            if (!overlaps) {
                return false;
            }
        }
        return true;
    }

    static BitSet common(BitSet a, BitSet b) {
        BitSet both = (BitSet) a.clone();
        both.and(b);
        return both;
    }

    private static int[] ranks(IAtomContainer molecule) {
        int n = molecule.getAtomCount();
        int[][] entries = new int[n][];
        for (IAtom atom : molecule.atoms()) {
            entries[atom.getIndex()] = new int[] {atom.getAtomicNumber()};
        }
        int[] ranks = ranked(entries);
        int classes = classes(ranks);
        for (int round = 0; classes < n && round < n / 2 + 1; round++) {
            for (IAtom atom : molecule.atoms()) {
                entries[atom.getIndex()] = entry(atom, ranks);
            }
            ranks = ranked(entries);
            int found = classes(ranks);
            if (found == classes) {
                break;
            }
            classes = found;
        }
        return ranks;
    }

    /** The rank of an atom, then those of its neighbours from 1, descending, and 0 for each hydrogen. */
    private static int[] entry(IAtom atom, int[] ranks) {
        int length = 1 + atom.getImplicitHydrogenCount();
        for (IBond bond : atom.bonds()) {
            length += weight(bond, bond.getOther(atom));
        }
        int[] entry = new int[length];
        int at = 1;
        for (IBond bond : atom.bonds()) {
            IAtom other = bond.getOther(atom);
            for (int k = 0; k < weight(bond, other); k++) {
                entry[at++] = -ranks[other.getIndex()] - 1;
            }
        }
        Arrays.sort(entry, 1, at);
        for (int k = 1; k < at; k++) {
            entry[k] = -entry[k];
        }
        entry[0] = ranks[atom.getIndex()];
        return entry;
    }

    private static int weight(IBond bond, IAtom other) {
        boolean phosphorus = other.getAtomicNumber() == IElement.P && (other.getBondCount() == 3 || other.getBondCount() == 4);
        return bond.isAromatic() ? 3 : bond.getOrder() == IBond.Order.DOUBLE && phosphorus ? 1 : 2 * bond.getOrder().numeric();
    }

    /** Places of entries among the different ones, in the order of their numbers. */
    private static int[] ranked(int[][] entries) {
        Integer[] order = new Integer[entries.length];
        Arrays.setAll(order, entry -> entry);
        Arrays.sort(order, (a, b) -> Arrays.compare(entries[a], entries[b]));
        int[] ranks = new int[entries.length];
        for (int at = 1; at < order.length; at++) {
            ranks[order[at]] = ranks[order[at - 1]] + (Arrays.equals(entries[order[at]], entries[order[at - 1]]) ? 0 : 1);
        }
        return ranks;
    }

    private static int classes(int[] ranks) {
        return Arrays.stream(ranks).max().orElse(-1) + 1;
    }
}
