package org.bitdgdm.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * The search for an order of a graph's nodes that does not depend on the order they came in: refinement splits classes of nodes
 * by those of their neighbours; where it leaves nodes alike, each of them is tried in turn and the order with the smallest
 * {@link #form} is kept. What an automorphism found on the way makes equal is skipped (McKay, Congressus Numerantium 30, 1981),
 * as are nodes with the same neighbours.
 */
public abstract class CanonicalSearch {
    /** Number of nodes. */
    protected final int n;
    /** (n)(degree) neighbours, and the label of the edge to each, 0…255. */
    protected final int[][] neighbours;
    /** Of {@link #neighbours}. */
    protected final int[][] labels;
    /** The ranks and the form of the best leaf so far, and the nodes individualised on the way to it. */
    private int[] bestRanks;
    private long[] bestForm;
    private int[] bestPath;
    private final List<int[]> automorphisms = new ArrayList<>();

    /** A search over nodes whose neighbours, and the labels of the edges to them, are given. */
    protected CanonicalSearch(int[][] neighbours, int[][] labels) {
        this.n = neighbours.length;
        this.neighbours = neighbours;
        this.labels = labels;
    }

    /** Ranks after one pass that splits classes by the classes of neighbours; counts what it costs. */
    protected abstract int[] split(int[] ranks);

    /** Called before a branch is taken; false ends the search where it is. */
    protected abstract boolean goesOn();

    /** Whether two nodes are of one class. */
    @FunctionalInterface
    protected interface Alike {
        boolean test(int one, int other);
    }

    /** Ranks of nodes in an order, 0…n−1; neighbours in it that are alike share the lowest rank of their class. */
    protected static int[] ranks(Integer[] sorted, Alike alike) {
        int[] ranks = new int[sorted.length];
        for (int k = 1; k < sorted.length; k++) {
            ranks[sorted[k]] = alike.test(sorted[k], sorted[k - 1]) ? ranks[sorted[k - 1]] : k;
        }
        return ranks;
    }

    /** Splits classes until nothing splits any more. */
    protected final int[] refine(int[] ranks) {
        int[] refined = ranks;
        int classes = classes(ranks);
        while (classes < n) {
            refined = split(refined);
            int more = classes(refined);
            if (more == classes) {
                break;
            }
            classes = more;
        }
        return refined;
    }

    private static int classes(int[] ranks) {
        BitSet distinct = new BitSet(ranks.length);
        for (int rank : ranks) {
            distinct.set(rank);
        }
        return distinct.cardinality();
    }

    /**
     * The canonical rank of each node, 0…n−1; null where the search was ended.
     *
     * @param refined what {@link #refine} has made of the first ranks
     */
    protected final int[] order(int[] refined) {
        return search(refined, new int[0]) < 0 ? null : bestRanks;
    }

    /** The {@link #form} of the canonical order. */
    protected final long[] form() {
        return bestForm;
    }

    /**
     * Visits the orders under a partition.
     *
     * @param path nodes individualised so far
     * @return depth to go back to: less than {@code path.length} where this branch equals one already visited; −1 at the end
     */
    private int search(int[] ranks, int[] path) {
        int[] tied = firstTie(ranks);
        if (tied.length == 0) {
            return leaf(ranks, path);
        }
        for (int k = 0; k < tied.length; k++) {
            if (k > 0 && (twinOfEarlier(tied, k) || equalsEarlier(tied, k, path))) {
                continue;
            }
            if (!goesOn()) {
                return -1;
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

    /** Nodes of the class of lowest rank with more than one node; empty where every node has its own rank. */
    private int[] firstTie(int[] ranks) {
        int[] count = new int[n];
        for (int rank : ranks) {
            count[rank]++;
        }
        for (int rank = 0; rank < n; rank++) {
            if (count[rank] > 1) {
                int[] found = new int[count[rank]];
                for (int node = 0, next = 0; node < n; node++) {
                    if (ranks[node] == rank) {
                        found[next++] = node;
                    }
                }
                return found;
            }
        }
        return new int[0];
    }

    private int leaf(int[] ranks, int[] path) {
        long[] found = form(ranks);
        int compared = bestForm == null ? -1 : Arrays.compare(found, bestForm);
        if (compared < 0) {
            bestForm = found;
            bestRanks = ranks;
            bestPath = path;
        } else if (compared == 0) {
            int[] nodeOfRank = new int[n];
            for (int node = 0; node < n; node++) {
                nodeOfRank[ranks[node]] = node;
            }
            int[] automorphism = new int[n];
            Arrays.setAll(automorphism, node -> nodeOfRank[bestRanks[node]]);
            automorphisms.add(automorphism);
            // Everything below the fork from the best leaf's path is its image, and that side was visited in full.
            return Math.max(0, Arrays.mismatch(path, bestPath));
        }
        return path.length;
    }

    /** Edges in an order of the nodes, as (lower rank, higher rank, label), ascending. */
    protected long[] form(int[] ranks) {
        long[] found = new long[Arrays.stream(neighbours).mapToInt(list -> list.length).sum() / 2];
        int next = 0;
        for (int node = 0; node < n; node++) {
            for (int k = 0; k < neighbours[node].length; k++) {
                int other = ranks[neighbours[node][k]];
                if (ranks[node] < other) {
                    found[next++] = ((long) ranks[node] * n + other) << Byte.SIZE | labels[node][k];
                }
            }
        }
        Arrays.sort(found);
        return found;
    }

    /** Whether swapping a node with an earlier one of the tie changes nothing, and leaves all others where they are. */
    private boolean twinOfEarlier(int[] tied, int k) {
        for (int earlier = 0; earlier < k; earlier++) {
            if (twins(tied[earlier], tied[k])) {
                return true;
            }
        }
        return false;
    }

    private boolean twins(int a, int b) {
        if (neighbours[a].length != neighbours[b].length) {
            return false;
        }
        for (int k = 0, l = 0; k < neighbours[a].length || l < neighbours[b].length;) {
            if (k < neighbours[a].length && neighbours[a][k] == b) {
                k++;
            } else if (l < neighbours[b].length && neighbours[b][l] == a) {
                l++;
            } else if (k == neighbours[a].length || l == neighbours[b].length || neighbours[a][k] != neighbours[b][l]
                || labels[a][k++] != labels[b][l++]) {
                return false;
            }
        }
        return true;
    }

    /** Whether known automorphisms that fix the path map an earlier node of the tie onto node {@code k} of it. */
    private boolean equalsEarlier(int[] tied, int k, int[] path) {
        int[] orbit = new int[n];
        Arrays.setAll(orbit, node -> node);
        for (int[] automorphism : automorphisms) {
            if (Arrays.stream(path).allMatch(node -> automorphism[node] == node)) {
                for (int node = 0; node < n; node++) {
                    orbit[root(orbit, node)] = root(orbit, automorphism[node]);
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

    private static int root(int[] orbit, int node) {
        int at = node;
        while (orbit[at] != at) {
            at = orbit[at];
        }
        return at;
    }
}
