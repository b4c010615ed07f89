package org.bitdgdm.molecule;

import java.util.Arrays;
import org.bitdgdm.graph.CanonicalSearch;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * An order of a molecule's atoms that does not depend on the order they came in.
 *
 * <p>The CDK's own labelling refines by neighbours without bond orders and breaks ties arbitrarily, so cages, fused
 * symmetric rings and cyclooctatetraene get several "unique" SMILES (11 of QM9's training molecules). This one refines by
 * neighbours and bonds, and tries every atom of a tied class.
 */
final class CanonicalOrder extends CanonicalSearch {
    /** Above every order, a quadruple bond's too. */
    private static final int AROMATIC = 5;
    private static final int LABELS = 8;
    /** Atoms looked at before it gives up: some seconds, ten thousand times what a molecule of a hundred atoms needs. */
    private static final long MOST_LOOKS = 100_000_000;

    private final IAtomContainer molecule;
    private long looks;

    private CanonicalOrder(IAtomContainer molecule) {
        super(new int[molecule.getAtomCount()][], new int[molecule.getAtomCount()][]);
        this.molecule = molecule;
        for (int atom = 0; atom < n; atom++) {
            IAtom at = molecule.getAtom(atom);
            neighbours[atom] = new int[at.getBondCount()];
            labels[atom] = new int[at.getBondCount()];
            int next = 0;
            for (IBond bond : at.bonds()) {
                neighbours[atom][next] = bond.getOther(at).getIndex();
                labels[atom][next++] = bond.isAromatic() ? AROMATIC : bond.getOrder().numeric();
            }
        }
    }

    /**
     * Canonical rank of each atom, 0…n−1. Aromatic flags must be set: bonds that carry one are alike whatever their
     * order, so that two Kekulé forms rank alike.
     *
     * @throws IllegalStateException where the search would not end in a time that one molecule is worth
     */
    static int[] ranks(IAtomContainer molecule) {
        CanonicalOrder order = new CanonicalOrder(molecule);
        return order.order(order.refine(order.initialRanks()));
    }

    /** Ranks by degree, hydrogens, element, charge and aromaticity; equal atoms share the lowest rank of their class. */
    private int[] initialRanks() {
        int[][] signatures = new int[n][];
        for (int atom = 0; atom < n; atom++) {
            IAtom at = molecule.getAtom(atom);
            signatures[atom] = new int[] {neighbours[atom].length, at.getImplicitHydrogenCount(), at.getAtomicNumber(),
                at.getFormalCharge(), at.isAromatic() ? 1 : 0};
        }
        return rank(signatures);
    }

    @Override
    protected int[] split(int[] ranks) {
        looks += n;
        if (looks > MOST_LOOKS) {
            throw new IllegalStateException("too large or too symmetric to order its " + n + " atoms");
        }
        int[][] signatures = new int[n][];
        for (int atom = 0; atom < n; atom++) {
            int[] signature = new int[neighbours[atom].length];
            for (int k = 0; k < signature.length; k++) {
                signature[k] = ranks[neighbours[atom][k]] * LABELS + labels[atom][k];
            }
            Arrays.sort(signature);
            int[] whole = new int[signature.length + 1];
            whole[0] = ranks[atom];
            System.arraycopy(signature, 0, whole, 1, signature.length);
            signatures[atom] = whole;
        }
        return rank(signatures);
    }

    /** What it costs is bounded in {@link #split}. */
    @Override
    protected boolean goesOn() {
        return true;
    }

    private int[] rank(int[][] signatures) {
        Integer[] sorted = new Integer[n];
        Arrays.setAll(sorted, atom -> atom);
        Arrays.sort(sorted, (a, b) -> Arrays.compare(signatures[a], signatures[b]));
        return ranks(sorted, (one, other) -> Arrays.equals(signatures[one], signatures[other]));
    }
}
