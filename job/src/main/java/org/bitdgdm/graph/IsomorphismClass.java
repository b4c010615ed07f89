package org.bitdgdm.graph;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.Sha256;

/**
 * A name that isomorphic graphs share and others do not: 128 bits, in hexadecimal, of the SHA-256 of a canonical form.
 *
 * <p>Colour refinement (Weisfeiler and Leman 1968) splits the nodes of each component by the classes of their neighbours. Where
 * it leaves nodes alike, each of them is tried in turn and the smallest list of edges is kept; what an automorphism found on
 * the way makes equal is skipped (McKay, Congressus Numerantium 30, 1981), as are nodes with the same neighbours. That is
 * exact. A graph so regular that the search would visit more than {@value #MOST_VISITS} neighbours keeps the name of its
 * refined colours, marked with {@value #UNDECIDED}: different graphs may share such a one. The bound counts work, not time, so
 * that a graph has the same name on every machine; only such a graph may have another one with its nodes in another order.
 */
public final class IsomorphismClass {
    /** Begins the name of a class that may hold graphs which are not isomorphic. */
    public static final String UNDECIDED = "~";
    /** How names are made, as recorded in reference sets; the number counts changes. */
    public static final String FLAVOUR = "canonical form 1";
    /** Neighbours that a search visits before it gives up. */
    public static final int MOST_VISITS = 50_000_000;
    private static final int BYTES = 16;

    private final Graph graph;
    private final int[][] neighbours;
    private long visitsLeft = MOST_VISITS;

    private IsomorphismClass(Graph graph) {
        this.graph = graph;
        this.neighbours = graph.neighbours();
    }

    /** The name of a graph's class. */
    public static String of(Graph graph) {
        return new IsomorphismClass(graph).name();
    }

    private String name() {
        List<Component> searched = components(neighbours).stream().map(Component::new).toList();
        boolean exact = searched.stream().allMatch(component -> component.exact);
        List<long[]> forms = new ArrayList<>(searched.stream()
            .map(component -> exact ? component.form : component.colours()).toList());
        // Components in an order of their own: a graph is the same whichever comes first.
        forms.sort(Arrays::compare);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * forms.stream().mapToInt(form -> form.length + 1).sum());
        for (long[] form : forms) {
            bytes.putLong(form.length);
            bytes.asLongBuffer().put(form);
            bytes.position(bytes.position() + Long.BYTES * form.length);
        }
        return (exact ? "" : UNDECIDED) + HexFormat.of().formatHex(Sha256.bytes(bytes.array()), 0, BYTES);
    }

    /** The nodes of each connected component. */
    static List<int[]> components(int[][] neighbours) {
        List<int[]> components = new ArrayList<>();
        BitSet seen = new BitSet(neighbours.length);
        int[] queue = new int[neighbours.length];
        for (int start = 0; start < neighbours.length; start++) {
            if (seen.get(start)) {
                continue;
            }
            seen.set(start);
            queue[0] = start;
            int size = 1;
            for (int at = 0; at < size; at++) {
                for (int other : neighbours[queue[at]]) {
                    if (!seen.get(other)) {
                        seen.set(other);
                        queue[size++] = other;
                    }
                }
            }
            components.add(Arrays.copyOf(queue, size));
        }
        return components;
    }

    /** The canonical form of one component; nodes are numbered 0…n−1 within it. */
    private final class Component {
        private final int n;
        private final int[] nodes;
        /** (n)(degree) neighbours within the component, and the edge class to each. */
        private final int[][] adjacent;
        private final int[][] labels;
        private final int[] refined;
        private boolean exact = true;
        private long[] form;
        /** The ranks of the best leaf so far, and the nodes individualised on the way to it. */
        private int[] bestRanks;
        private int[] bestPath;
        private final List<int[]> automorphisms = new ArrayList<>();

        Component(int[] nodes) {
            this.n = nodes.length;
            this.nodes = nodes;
            this.adjacent = new int[n][];
            this.labels = new int[n][];
            int[] place = new int[neighbours.length];
            for (int k = 0; k < n; k++) {
                place[nodes[k]] = k;
            }
            for (int k = 0; k < n; k++) {
                int node = nodes[k];
                adjacent[k] = Arrays.stream(neighbours[node]).map(other -> place[other]).toArray();
                labels[k] = Arrays.stream(neighbours[node]).map(other -> graph.edge(node, other)).toArray();
            }
            long[] classes = new long[n];
            Arrays.setAll(classes, k -> graph.nodes()[nodes[k]]);
            refined = refine(rank(new int[n], classes));
            search(refined, new int[0]);
        }

        /** Ranks by the old rank, then by a signature; nodes alike in both share the lowest rank of their class. */
        private int[] rank(int[] old, long[] signatures) {
            Integer[] sorted = new Integer[n];
            Arrays.setAll(sorted, node -> node);
            Arrays.sort(sorted, (a, b) -> old[a] != old[b] ? Integer.compare(old[a], old[b])
                : Long.compare(signatures[a], signatures[b]));
            int[] ranks = new int[n];
            for (int k = 1; k < n; k++) {
                boolean same = old[sorted[k]] == old[sorted[k - 1]] && signatures[sorted[k]] == signatures[sorted[k - 1]];
                ranks[sorted[k]] = same ? ranks[sorted[k - 1]] : k;
            }
            return ranks;
        }

        /** Splits classes by the classes of their neighbours until nothing splits any more. */
        private int[] refine(int[] ranks) {
            int classes = classes(ranks);
            while (classes < n) {
                long[] signatures = new long[n];
                for (int node = 0; node < n; node++) {
                    // A sum knows no order. Two signatures that collide split less than they could, which costs time only.
                    for (int k = 0; k < adjacent[node].length; k++) {
                        signatures[node] += mixed((long) ranks[adjacent[node][k]] << 8 | labels[node][k]);
                    }
                    visitsLeft -= adjacent[node].length + 1L;
                }
                ranks = rank(ranks, signatures);
                int split = classes(ranks);
                if (split == classes) {
                    break;
                }
                classes = split;
            }
            return ranks;
        }

        private int classes(int[] ranks) {
            BitSet distinct = new BitSet(n);
            for (int rank : ranks) {
                distinct.set(rank);
            }
            return distinct.cardinality();
        }

        /**
         * Visits the orders under a partition.
         *
         * @param path nodes individualised so far
         * @return depth to go back to: less than {@code path.length} where this branch equals one already visited
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
                if (visitsLeft < 0) {
                    exact = false;
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
            int compared = form == null ? -1 : Arrays.compare(found, form);
            if (compared < 0) {
                form = found;
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

        /** Node classes by rank, then edges as (lower rank, higher rank, class), ascending. */
        private long[] form(int[] ranks) {
            int edges = Arrays.stream(adjacent).mapToInt(list -> list.length).sum() / 2;
            visitsLeft -= n + 2L * edges;
            long[] found = new long[n + edges];
            for (int node = 0; node < n; node++) {
                found[ranks[node]] = graph.nodes()[nodes[node]];
            }
            int next = n;
            for (int node = 0; node < n; node++) {
                for (int k = 0; k < adjacent[node].length; k++) {
                    int other = ranks[adjacent[node][k]];
                    if (ranks[node] < other) {
                        found[next++] = ((long) ranks[node] * n + other) << 8 | labels[node][k];
                    }
                }
            }
            Arrays.sort(found, n, next);
            return found;
        }

        /** What refinement alone tells: for every node its colour, and the colours of its neighbours, in any order. */
        private long[] colours() {
            long[] found = new long[n];
            for (int node = 0; node < n; node++) {
                long sum = mixed(refined[node]) ^ graph.nodes()[nodes[node]];
                for (int k = 0; k < adjacent[node].length; k++) {
                    sum += mixed((long) refined[adjacent[node][k]] << 8 | labels[node][k]);
                }
                found[node] = sum;
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
            if (adjacent[a].length != adjacent[b].length) {
                return false;
            }
            for (int k = 0, l = 0; k < adjacent[a].length || l < adjacent[b].length;) {
                if (k < adjacent[a].length && adjacent[a][k] == b) {
                    k++;
                } else if (l < adjacent[b].length && adjacent[b][l] == a) {
                    l++;
                } else if (k == adjacent[a].length || l == adjacent[b].length || adjacent[a][k] != adjacent[b][l]
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
            while (orbit[node] != node) {
                node = orbit[node];
            }
            return node;
        }
    }

    /** A well-spread function of 64 bits (SplitMix64: Steele, Lea and Flood, OOPSLA 2014). */
    private static long mixed(long value) {
        long z = (value + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
