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
 * it leaves nodes alike, {@link CanonicalSearch} tries each of them and keeps the smallest list of edges. That is exact. A graph
 * so regular that the search would visit more than {@value #MOST_VISITS} neighbours keeps the name of its refined colours,
 * marked with {@value #UNDECIDED}: different graphs may share such a one. The bound counts work, not time, so that a graph has
 * the same name on every machine; only such a graph may have another one with its nodes in another order.
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
    private final int[][] neighboursOf;
    private long visitsLeft = MOST_VISITS;

    private IsomorphismClass(Graph graph) {
        this.graph = graph;
        this.neighboursOf = graph.neighbours();
    }

    /** The name of a graph's class. */
    public static String of(Graph graph) {
        return new IsomorphismClass(graph).name();
    }

    private String name() {
        List<Component> searched = components(neighboursOf).stream().map(Component::new).toList();
        boolean exact = searched.stream().allMatch(component -> component.exact);
        List<long[]> forms = new ArrayList<>(searched.stream()
            .map(component -> exact ? component.form() : component.colours()).toList());
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
    private final class Component extends CanonicalSearch {
        private final int[] nodes;
        private final int[] refined;
        private final boolean exact;

        Component(int[] nodes) {
            this(nodes, within(nodes));
        }

        private Component(int[] nodes, int[][] adjacent) {
            super(adjacent, new int[nodes.length][]);
            this.nodes = nodes;
            long[] classes = new long[n];
            for (int k = 0; k < n; k++) {
                int node = nodes[k];
                labels[k] = Arrays.stream(neighboursOf[node]).map(other -> graph.edge(node, other)).toArray();
                classes[k] = graph.nodes()[node];
            }
            refined = refine(rank(new int[n], classes));
            exact = order(refined) != null;
        }

        /** Ranks by the old rank, then by a signature; nodes alike in both share the lowest rank of their class. */
        private int[] rank(int[] old, long[] signatures) {
            Integer[] sorted = new Integer[n];
            Arrays.setAll(sorted, node -> node);
            Arrays.sort(sorted, (a, b) -> old[a] != old[b] ? Integer.compare(old[a], old[b])
                : Long.compare(signatures[a], signatures[b]));
            return ranks(sorted, (one, other) -> old[one] == old[other] && signatures[one] == signatures[other]);
        }

        @Override
        protected int[] split(int[] ranks) {
            long[] signatures = new long[n];
            for (int node = 0; node < n; node++) {
                // A sum knows no order. Two signatures that collide split less than they could, which costs time only.
                for (int k = 0; k < neighbours[node].length; k++) {
                    signatures[node] += mixed((long) ranks[neighbours[node][k]] << Byte.SIZE | labels[node][k]);
                }
                visitsLeft -= neighbours[node].length + 1L;
            }
            return rank(ranks, signatures);
        }

        @Override
        protected boolean goesOn() {
            return visitsLeft >= 0;
        }

        /** Node classes by rank, then edges. */
        @Override
        protected long[] form(int[] ranks) {
            long[] edges = super.form(ranks);
            visitsLeft -= n + 2L * edges.length;
            long[] found = new long[n + edges.length];
            for (int node = 0; node < n; node++) {
                found[ranks[node]] = graph.nodes()[nodes[node]];
            }
            System.arraycopy(edges, 0, found, n, edges.length);
            return found;
        }

        /** What refinement alone tells: for every node its colour, and the colours of its neighbours, in any order. */
        private long[] colours() {
            long[] found = new long[n];
            for (int node = 0; node < n; node++) {
                long sum = mixed(refined[node]) ^ graph.nodes()[nodes[node]];
                for (int k = 0; k < neighbours[node].length; k++) {
                    sum += mixed((long) refined[neighbours[node][k]] << Byte.SIZE | labels[node][k]);
                }
                found[node] = sum;
            }
            Arrays.sort(found);
            return found;
        }
    }

    /** (n)(degree) neighbours of the nodes of a component, by their places in it. */
    private int[][] within(int[] nodes) {
        int[] place = new int[neighboursOf.length];
        for (int k = 0; k < nodes.length; k++) {
            place[nodes[k]] = k;
        }
        return Arrays.stream(nodes).mapToObj(node -> Arrays.stream(neighboursOf[node]).map(other -> place[other]).toArray())
            .toArray(int[][]::new);
    }

    /** A well-spread function of 64 bits (SplitMix64: Steele, Lea and Flood, OOPSLA 2014). */
    private static long mixed(long value) {
        long z = (value + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
