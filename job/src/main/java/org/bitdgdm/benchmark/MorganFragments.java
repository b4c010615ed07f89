package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Circular fragments of a molecule around each atom, as 32-bit identifiers (Rogers and Hahn, J. Chem. Inf. Model. 50, 2010),
 * with the invariants and the hash of RDKit's {@code GetMorganFingerprint}: published tables are keyed by its identifiers.
 */
final class MorganFragments {
    private static final int GOLDEN = 0x9e3779b9;
    private static final int AROMATIC = 12;

    private MorganFragments() {
    }

    /**
     * How often each fragment occurs, fragments of fewer bonds first.
     *
     * @param radius bonds from the centre
     */
    static Map<Integer, Integer> of(IAtomContainer molecule, int radius) {
        int n = molecule.getAtomCount();
        int[] invariants = new int[n];
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        for (IAtom atom : molecule.atoms()) {
            invariants[atom.getIndex()] = invariant(atom);
            counts.merge(invariants[atom.getIndex()], 1, Integer::sum);
        }
        BitSet[] reached = new BitSet[n];
        for (int atom = 0; atom < n; atom++) {
            reached[atom] = new BitSet();
        }
        BitSet dead = new BitSet();
        Set<BitSet> seen = new HashSet<>();
        for (int layer = 0; layer < radius; layer++) {
            int[] next = new int[n];
            BitSet[] wider = reached.clone();
            List<Environment> environments = new ArrayList<>();
            for (IAtom atom : molecule.atoms()) {
                int index = atom.getIndex();
                if (dead.get(index)) {
                    continue;
                }
                if (atom.getBondCount() == 0) {
                    dead.set(index);
                    continue;
                }
                wider[index] = (BitSet) reached[index].clone();
                next[index] = grown(atom, layer, invariants, reached, wider[index]);
                environments.add(new Environment(wider[index], next[index], index));
            }
            // Of those that cover the same bonds the one of the smallest identifier is kept.
            environments.sort(Comparator.comparingLong((Environment one) -> Integer.toUnsignedLong(one.identifier()))
                .thenComparing(Environment::atom));
            for (Environment one : environments) {
                if (seen.add(one.bonds())) {
                    counts.merge(one.identifier(), 1, Integer::sum);
                } else {
                    dead.set(one.atom());
                }
            }
            invariants = next;
            reached = wider;
        }
        return counts;
    }

    private record Environment(BitSet bonds, int identifier, int atom) {
    }

    /** The identifier of the fragment that reaches one bond further; its bonds are added to {@code wider}. */
    private static int grown(IAtom atom, int layer, int[] invariants, BitSet[] reached, BitSet wider) {
        List<int[]> neighbours = new ArrayList<>();
        for (IBond bond : atom.bonds()) {
            int other = bond.getOther(atom).getIndex();
            wider.set(bond.getIndex());
            wider.or(reached[other]);
            neighbours.add(new int[] {bond.isAromatic() ? AROMATIC : bond.getOrder().numeric(), invariants[other]});
        }
        neighbours.sort(Comparator.<int[]>comparingInt(pair -> pair[0])
            .thenComparing((a, b) -> Integer.compareUnsigned(a[1], b[1])));
        int hash = combined(layer, invariants[atom.getIndex()]);
        for (int[] pair : neighbours) {
            hash = combined(hash, combined(combined(0, pair[0]), pair[1]));
        }
        return hash;
    }

    private static int invariant(IAtom atom) {
        int hash = 0;
        int hydrogens = atom.getImplicitHydrogenCount();
        int isotope = 0;
        for (int part : new int[] {atom.getAtomicNumber(), atom.getBondCount() + hydrogens, hydrogens, atom.getFormalCharge(),
            isotope}) {
            hash = combined(hash, part);
        }
        return atom.isInRing() ? combined(hash, 1) : hash;
    }

    private static int combined(int seed, int value) {
        return seed ^ value + GOLDEN + (seed << 6) + (seed >>> 2);
    }
}
