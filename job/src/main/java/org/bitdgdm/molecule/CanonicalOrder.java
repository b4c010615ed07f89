package org.bitdgdm.molecule;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * An order of a molecule's atoms that does not depend on the order they came in.
 *
 * <p>The CDK's own labelling refines by neighbours without bond orders and breaks ties arbitrarily, so cages, fused
 * symmetric rings and cyclooctatetraene get several "unique" SMILES (11 of QM9's training molecules). This one refines by
 * neighbours and bonds, tries every atom of a tied class and keeps the order with the smallest bond list, skipping what
 * an automorphism already found makes equal (McKay, Congressus Numerantium 30, 1981).
 */
final class CanonicalOrder {
    /** Above every order, a quadruple bond's too. */
    private static final int AROMATIC = 5;
    private static final int LABELS = 8;
    /** Atoms looked at before it gives up: some seconds, ten thousand times what a molecule of a hundred atoms needs. */
    private static final long MOST_LOOKS = 100_000_000;

    private final int atomCount;
    /** (n)(degree) neighbours, and the bond label to each. */
    private final int[][] neighbours;
    private final int[][] labels;

    /** The best leaf so far: rank of each atom, its bond list, the atoms individualised on the way. */
    private int[] bestRanks;
    private int[] bestBonds;
    private int[] bestPath;
    private final List<int[]> automorphisms = new ArrayList<>();
    private long looks;

    private CanonicalOrder(IAtomContainer molecule) {
        atomCount = molecule.getAtomCount();
        neighbours = new int[atomCount][];
        labels = new int[atomCount][];
        for (int atom = 0; atom < atomCount; atom++) {
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
        order.search(order.refine(order.initialRanks(molecule)), new int[0]);
        return order.bestRanks;
    }

    /** Ranks by degree, hydrogens, element, charge and aromaticity; equal atoms share the lowest rank of their class. */
    private int[] initialRanks(IAtomContainer molecule) {
        int[][] signatures = new int[atomCount][];
        for (int atom = 0; atom < atomCount; atom++) {
            IAtom at = molecule.getAtom(atom);
            signatures[atom] = new int[] {neighbours[atom].length, at.getImplicitHydrogenCount(), at.getAtomicNumber(),
                at.getFormalCharge(), at.isAromatic() ? 1 : 0};
        }
        return rank(signatures);
    }

    /** Splits classes by the classes of their neighbours until nothing splits any more. */
    private int[] refine(int[] ranks) {
        int classes = classes(ranks);
        while (classes < atomCount) {
            looks += atomCount;
            if (looks > MOST_LOOKS) {
                throw new IllegalStateException("too large or too symmetric to order its " + atomCount + " atoms");
            }
            int[][] signatures = new int[atomCount][];
            for (int atom = 0; atom < atomCount; atom++) {
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
            ranks = rank(signatures);
            int split = classes(ranks);
            if (split == classes) {
                break;
            }
            classes = split;
        }
        return ranks;
    }

    private int[] rank(int[][] signatures) {
        Integer[] sorted = new Integer[atomCount];
        Arrays.setAll(sorted, atom -> atom);
        Arrays.sort(sorted, (a, b) -> Arrays.compare(signatures[a], signatures[b]));
        int[] ranks = new int[atomCount];
        for (int k = 1; k < atomCount; k++) {
            boolean same = Arrays.equals(signatures[sorted[k]], signatures[sorted[k - 1]]);
            ranks[sorted[k]] = same ? ranks[sorted[k - 1]] : k;
        }
        return ranks;
    }

    private static int classes(int[] ranks) {
        return (int) Arrays.stream(ranks).distinct().count();
    }

    /**
     * Visits the orders under a partition.
     *
     * @param path atoms individualised so far
     * @return depth to go back to: less than {@code path.length} where this branch equals one already visited
     */
    private int search(int[] ranks, int[] path) {
        int[] tied = firstTie(ranks);
        if (tied.length == 0) {
            return leaf(ranks, path);
        }
        for (int k = 0; k < tied.length; k++) {
            if (k > 0 && equalsEarlier(tied, k, path)) {
                continue;
            }
            int[] individualised = ranks.clone();
            for (int other : tied) {
                individualised[other] += other == tied[k] ? 0 : 1;
            }
            int[] longer = Arrays.copyOf(path, path.length + 1);
            longer[path.length] = tied[k];
            int back = search(refine(individualised), longer);
            if (back < path.length) {
                return back;
            }
        }
        return path.length;
    }

    /** Atoms of the class of lowest rank with more than one atom; empty where every atom has its own rank. */
    private int[] firstTie(int[] ranks) {
        int[] count = new int[atomCount];
        for (int rank : ranks) {
            count[rank]++;
        }
        for (int rank = 0; rank < atomCount; rank++) {
            if (count[rank] > 1) {
                int[] tied = new int[count[rank]];
                int next = 0;
                for (int atom = 0; atom < atomCount; atom++) {
                    if (ranks[atom] == rank) {
                        tied[next++] = atom;
                    }
                }
                return tied;
            }
        }
        return new int[0];
    }

    private int leaf(int[] ranks, int[] path) {
        int[] bonds = bondList(ranks);
        int compared = bestBonds == null ? -1 : Arrays.compare(bonds, bestBonds);
        if (compared < 0) {
            bestRanks = ranks;
            bestBonds = bonds;
            bestPath = path;
        } else if (compared == 0) {
            int[] atomOfRank = new int[atomCount];
            for (int atom = 0; atom < atomCount; atom++) {
                atomOfRank[ranks[atom]] = atom;
            }
            int[] automorphism = new int[atomCount];
            Arrays.setAll(automorphism, atom -> atomOfRank[bestRanks[atom]]);
            automorphisms.add(automorphism);
            // Everything below the fork from the best leaf's path is its image, and that side was visited in full.
            return Math.max(0, Arrays.mismatch(path, bestPath));
        }
        return path.length;
    }

    /** Bonds as (lower rank, higher rank, label), ascending. */
    private int[] bondList(int[] ranks) {
        int[] bonds = new int[Arrays.stream(neighbours).mapToInt(list -> list.length).sum() / 2];
        int next = 0;
        for (int atom = 0; atom < atomCount; atom++) {
            for (int k = 0; k < neighbours[atom].length; k++) {
                int other = ranks[neighbours[atom][k]];
                if (ranks[atom] < other) {
                    bonds[next++] = (ranks[atom] * atomCount + other) * LABELS + labels[atom][k];
                }
            }
        }
        Arrays.sort(bonds);
        return bonds;
    }

    /** Whether known automorphisms that fix the path map an earlier atom of the tie onto atom {@code k} of it. */
    private boolean equalsEarlier(int[] tied, int k, int[] path) {
        int[] orbit = new int[atomCount];
        Arrays.setAll(orbit, atom -> atom);
        for (int[] automorphism : automorphisms) {
            if (Arrays.stream(path).allMatch(atom -> automorphism[atom] == atom)) {
                for (int atom = 0; atom < atomCount; atom++) {
                    orbit[root(orbit, atom)] = root(orbit, automorphism[atom]);
                }
            }
        }
        int own = root(orbit, tied[k]);
        for (int earlier = 0; earlier < k; earlier++) {
            if (root(orbit, tied[earlier]) == own) {
                return true;
            }
        }
        return false;
    }

    private static int root(int[] orbit, int atom) {
        while (orbit[atom] != atom) {
            atom = orbit[atom];
        }
        return atom;
    }
}
