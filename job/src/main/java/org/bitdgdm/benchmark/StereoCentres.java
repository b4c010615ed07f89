package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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
        int[] ranks = ranks(molecule.molecule());
        int count = 0;
        for (IAtom atom : molecule.molecule().atoms()) {
            count += canBe(atom, molecule) && ligandsDiffer(atom, ranks) ? 1 : 0;
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
        List<List<Integer>> entries = new ArrayList<>();
        for (IAtom atom : molecule.atoms()) {
            entries.add(List.of(atom.getAtomicNumber()));
        }
        int[] ranks = ranked(entries);
        int classes = classes(ranks);
        for (int round = 0; classes < n && round < n / 2 + 1; round++) {
            for (IAtom atom : molecule.atoms()) {
                List<Integer> entry = new ArrayList<>();
                for (IBond bond : atom.bonds()) {
                    IAtom other = bond.getOther(atom);
                    for (int k = 0; k < weight(bond, other); k++) {
                        entry.add(ranks[other.getIndex()] + 1);
                    }
                }
                for (int k = 0; k < atom.getImplicitHydrogenCount(); k++) {
                    entry.add(0);
                }
                entry.sort((a, b) -> Integer.compare(b, a));
                entry.add(0, ranks[atom.getIndex()]);
                entries.set(atom.getIndex(), entry);
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

    private static int weight(IBond bond, IAtom other) {
        boolean phosphorus = other.getAtomicNumber() == IElement.P && (other.getBondCount() == 3 || other.getBondCount() == 4);
        return bond.isAromatic() ? 3 : bond.getOrder() == IBond.Order.DOUBLE && phosphorus ? 1 : 2 * bond.getOrder().numeric();
    }

    private static int[] ranked(List<List<Integer>> entries) {
        Map<List<Integer>, Integer> order = new TreeMap<>((a, b) -> Arrays.compare(
            a.stream().mapToInt(Integer::intValue).toArray(), b.stream().mapToInt(Integer::intValue).toArray()));
        entries.forEach(entry -> order.put(entry, 0));
        int next = 0;
        for (Map.Entry<List<Integer>, Integer> one : order.entrySet()) {
            one.setValue(next++);
        }
        return entries.stream().mapToInt(order::get).toArray();
    }

    private static int classes(int[] ranks) {
        Set<Integer> distinct = new HashSet<>();
        for (int rank : ranks) {
            distinct.add(rank);
        }
        return distinct.size();
    }
}
