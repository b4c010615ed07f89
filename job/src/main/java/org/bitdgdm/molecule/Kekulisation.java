package org.bitdgdm.molecule;

import java.util.BitSet;
import java.util.List;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.graph.Matching;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * Aromatic bonds (class 4) as alternating single and double ones, by the rule of RDKit's {@code Kekulize} for a graph
 * without explicit hydrogens, which the DiGress evaluation calls: atoms of aromatic bonds lie in rings; an atom that
 * still misses valence with its aromatic bonds counted as single takes exactly one double bond, along an aromatic ring
 * bond; the others take none. So pyridine kekulises, and pyrrole drawn with five aromatic bonds does not.
 */
final class Kekulisation {
    static final String OUTSIDE_RING = "kekulisation: aromatic bond outside a ring";
    static final String NO_ALTERNATION = "kekulisation: no alternating single and double bonds";

    private Kekulisation() {
    }

    /**
     * Replaces aromatic orders in place.
     *
     * @param orders  (n, n) bond orders 0…3, {@link BondOrders#AROMATIC} where aromatic, symmetric
     * @param atoms   (n) valences of each atom
     * @param charges (n) −1, 0 or +1
     * @return null where it worked, otherwise the reason; orders are then in no useful state
     */
    static String apply(int[][] orders, List<Valences> atoms, int[] charges) {
        int n = orders.length;
        boolean[][] inRing = ringBonds(orders);
        BitSet open = new BitSet(n);
        for (int atom = 0; atom < n; atom++) {
            boolean aromatic = false;
            boolean ring = false;
            int sum = 0;
            for (int other = 0; other < n; other++) {
                boolean isAromatic = orders[atom][other] == BondOrders.AROMATIC;
                aromatic |= isAromatic;
                ring |= inRing[atom][other];
                sum += isAromatic ? 1 : orders[atom][other];
            }
            if (aromatic && !ring) {
                return OUTSIDE_RING;
            }
            if (aromatic && atoms.get(atom).hydrogens(sum, charges[atom]) > 0) {
                open.set(atom);
            }
        }
        int[][] candidates = new int[n][];
        for (int atom = 0; atom < n; atom++) {
            int own = atom;
            candidates[atom] = open.stream()
                .filter(other -> open.get(own) && orders[own][other] == BondOrders.AROMATIC && inRing[own][other]).toArray();
        }
        Matching matching = Matching.withCapacity(n);
        if (!matching.perfect(candidates, open)) {
            return NO_ALTERNATION;
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                if (orders[i][j] == BondOrders.AROMATIC) {
                    orders[i][j] = open.get(i) && matching.other(i) == j ? 2 : 1;
                }
            }
        }
        return null;
    }

    private static boolean[][] ringBonds(int[][] orders) {
        int n = orders.length;
        IAtomContainer skeleton = SilentChemObjectBuilder.getInstance().newAtomContainer();
        for (int atom = 0; atom < n; atom++) {
            skeleton.newAtom(6, 0);
        }
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                if (orders[i][j] != 0) {
                    skeleton.newBond(skeleton.getAtom(i), skeleton.getAtom(j));
                }
            }
        }
        Cycles.markRingAtomsAndBonds(skeleton);
        boolean[][] inRing = new boolean[n][n];
        skeleton.bonds().forEach(bond -> {
            int begin = bond.getBegin().getIndex();
            int end = bond.getEnd().getIndex();
            inRing[begin][end] = bond.isInRing();
            inRing[end][begin] = bond.isInRing();
        });
        return inRing;
    }
}
