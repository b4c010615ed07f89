package org.bitdgdm.graph;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.math3.special.Erf;
import org.bitdgdm.kernels.Graph;

/**
 * A partition of a graph's nodes into blocks, found by a seeded search for the least description length of the degree-corrected
 * stochastic block model (Peixoto, Phys. Rev. E 95, 2017), and the verdict that the published evaluation of SBM graphs takes from
 * it: as there each edge counts in both directions, degrees are described by block, and out-degrees apart from in-degrees.
 *
 * <p>The search begins with one block and tries, until nothing shortens the description: to move single nodes, to split a block,
 * and to merge two. The best of {@value #STARTS} such searches is kept. It depends on the graph alone, not on the order of its
 * nodes but for ties.
 */
public final class BlockModel {
    private static final int STARTS = 4;
    private static final int SPLITS = 3;
    private static final long SEED = 0x5B10C4;
    /** Nats that a change must save. */
    private static final double LEAST_GAIN = 1e-9;
    /** Blocks of the published data set's graphs, and their nodes. */
    private static final int FEWEST_BLOCKS = 2;
    private static final int MOST_BLOCKS = 5;
    private static final int FEWEST_NODES = 20;
    private static final int MOST_NODES = 40;
    /** Its probabilities of edges. */
    private static final double WITHIN = 0.3;
    private static final double BETWEEN = 0.005;
    private static final double SMOOTHED = 1e-6;
    private static final double LEAST_P = 0.9;
    /** Above so many edges, no partition into such blocks can have that mean p. */
    private static final int MOST_EDGES = 4096;

    /** Logarithms of factorials, and of the number of ways to write n as a sum of at most k numbers. */
    private static final class Logs {
        private static final int NODES = MOST_BLOCKS * MOST_NODES;
        private static final double[] FACTORIAL = new double[2 * MOST_EDGES + NODES * NODES + 1];
        private static final float[][] PARTITIONS = new float[NODES + 1][2 * MOST_EDGES + 1];

        static {
            for (int n = 1; n < FACTORIAL.length; n++) {
                FACTORIAL[n] = FACTORIAL[n - 1] + Math.log(n);
            }
            double[] row = new double[2 * MOST_EDGES + 1];
            Arrays.fill(row, Double.NEGATIVE_INFINITY);
            row[0] = 0;
            for (int k = 0; k <= NODES; k++) {
                for (int n = k; k > 0 && n < row.length; n++) {
                    row[n] = sum(row[n], row[n - k]);
                }
                for (int n = 0; n < row.length; n++) {
                    PARTITIONS[k][n] = (float) row[n];
                }
            }
        }

        private static double sum(double a, double b) {
            double most = Math.max(a, b);
            return most == Double.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(Math.min(a, b) - most));
        }

        static double choose(int n, int k) {
            return FACTORIAL[n] - FACTORIAL[k] - FACTORIAL[n - k];
        }
    }

    private final int n;
    private final int[][] neighbours;
    private final int[] degrees;
    private final int ends;
    /** Nodes of each block, ends of its edges, edges between blocks in both directions, nodes of a block by degree. */
    private final int[] nodes;
    private final int[] degree;
    private final int[][] between;
    private final int[][] byDegree;
    private int[] block;
    private int blocks;

    private BlockModel(int[][] neighbours) {
        this.neighbours = neighbours;
        n = neighbours.length;
        degrees = Arrays.stream(neighbours).mapToInt(list -> list.length).toArray();
        ends = Arrays.stream(degrees).sum();
        nodes = new int[n + 1];
        degree = new int[n + 1];
        between = new int[n + 1][n + 1];
        byDegree = new int[n + 1][n];
        set(new int[n]);
    }

    /**
     * A fit.
     *
     * @param blocks (n) block of each node, numbered by their first nodes
     * @param length of the description, nats
     * @param p      mean over pairs of blocks of the p-value of Wald's test that edges have the published probabilities
     */
    public record Fit(int[] blocks, double length, double p) {
        /** Whether it is one of a graph of the published data set. */
        public boolean valid() {
            int[] sizes = new int[Arrays.stream(blocks).max().orElseThrow() + 1];
            for (int block : blocks) {
                sizes[block]++;
            }
            return sizes.length >= FEWEST_BLOCKS && sizes.length <= MOST_BLOCKS
                && Arrays.stream(sizes).allMatch(size -> size >= FEWEST_NODES && size <= MOST_NODES) && p > LEAST_P;
        }
    }

    /** Whether the published evaluation calls a graph one of a stochastic block model; what none can be is not fitted. */
    public static boolean valid(Graph graph) {
        int n = graph.nodes().length;
        int edges = Arrays.stream(graph.neighbours()).mapToInt(list -> list.length).sum() / 2;
        return n >= FEWEST_BLOCKS * FEWEST_NODES && n <= MOST_BLOCKS * MOST_NODES && edges > 0 && edges <= MOST_EDGES
            && fit(graph).valid();
    }

    /**
     * The shortest description found.
     *
     * @throws IllegalArgumentException for a graph of more than 200 nodes or 4,096 edges, or without edges
     */
    static Fit fit(Graph graph) {
        BlockModel model = new BlockModel(graph.neighbours());
        if (model.n > Logs.NODES || model.ends > 2 * MOST_EDGES || model.ends == 0) {
            throw new IllegalArgumentException("a graph to fit must have at most " + Logs.NODES + " nodes and 1 to " + MOST_EDGES
                + " edges, found " + model.n + " and " + model.ends / 2);
        }
        int[] best = new int[model.n];
        double least = Double.POSITIVE_INFINITY;
        for (int start = 0; start < STARTS; start++) {
            SplittableRandom random = new SplittableRandom(SEED + start);
            model.set(new int[model.n]);
            model.search(random);
            double length = model.length();
            if (length < least - LEAST_GAIN) {
                least = length;
                best = model.block.clone();
            }
        }
        model.set(best);
        return new Fit(best, least, model.meanP());
    }

    private void set(int[] labels) {
        int[] place = new int[n + 1];
        Arrays.fill(place, -1);
        blocks = 0;
        block = new int[n];
        Arrays.fill(nodes, 0);
        Arrays.fill(degree, 0);
        for (int k = 0; k <= n; k++) {
            Arrays.fill(between[k], 0);
            Arrays.fill(byDegree[k], 0);
        }
        for (int node = 0; node < n; node++) {
            place[labels[node]] = place[labels[node]] < 0 ? blocks++ : place[labels[node]];
            block[node] = place[labels[node]];
            nodes[block[node]]++;
            degree[block[node]] += degrees[node];
            byDegree[block[node]][degrees[node]]++;
        }
        for (int node = 0; node < n; node++) {
            for (int other : neighbours[node]) {
                between[block[node]][block[other]]++;
            }
        }
    }

    private void search(SplittableRandom random) {
        int[] all = IntStream.range(0, n).toArray();
        boolean shorter = true;
        while (shorter) {
            moveNodes(random, all, null);
            shorter = split(random);
            shorter |= merge();
        }
    }

    /** Moves nodes to the block, of all or of some, where the description is shortest, until none moves. */
    private void moveNodes(SplittableRandom random, int[] movable, int[] targets) {
        boolean moved = true;
        for (int sweep = 0; moved && sweep < n; sweep++) {
            moved = false;
            for (int k = movable.length - 1; k > 0; k--) {
                int at = random.nextInt(k + 1);
                int node = movable[k];
                movable[k] = movable[at];
                movable[at] = node;
            }
            for (int node : movable) {
                moved |= moveBest(node, targets);
            }
        }
    }

    private boolean moveBest(int node, int[] targets) {
        int from = block[node];
        if (targets != null && nodes[from] == 1) {
            return false;
        }
        int to = -1;
        double best = -LEAST_GAIN;
        for (int k = 0; k < (targets == null ? blocks : targets.length); k++) {
            int candidate = targets == null ? k : targets[k];
            if (candidate == from) {
                continue;
            }
            double before = part(from, candidate) + ofCounts(blocks);
            move(node, candidate);
            double change = part(from, candidate) + ofCounts(nodes[from] == 0 ? blocks - 1 : blocks) - before;
            move(node, from);
            if (change < best) {
                best = change;
                to = candidate;
            }
        }
        if (to < 0) {
            return false;
        }
        move(node, to);
        if (nodes[from] == 0) {
            set(block);
        }
        return true;
    }

    /** Divides blocks in two where that is shorter. */
    private boolean split(SplittableRandom random) {
        boolean any = false;
        for (int divided = 0; divided < blocks; divided++) {
            for (int attempt = 0; attempt < SPLITS; attempt++) {
                int[] before = block.clone();
                double length = length();
                int own = divided;
                int[] members = IntStream.range(0, n).filter(node -> block[node] == own).toArray();
                if (members.length < 2) {
                    break;
                }
                int seed = members[random.nextInt(members.length)];
                int made = blocks++;
                for (int node : members) {
                    // Around a node, or at random: one of the two is near what there is to find.
                    boolean near = attempt == 0 ? random.nextBoolean()
                        : node == seed || Arrays.binarySearch(neighbours[seed], node) >= 0;
                    if (near && nodes[own] > 1) {
                        move(node, made);
                    }
                }
                if (nodes[made] == 0) {
                    set(before);
                    continue;
                }
                moveNodes(random, members, new int[] {own, made});
                if (length() < length - LEAST_GAIN) {
                    any = true;
                } else {
                    set(before);
                }
            }
        }
        return any;
    }

    /** Makes one of two blocks where that is shorter. */
    private boolean merge() {
        boolean any = false;
        boolean merged = true;
        while (merged) {
            merged = false;
            double least = length() - LEAST_GAIN;
            int[] before = block.clone();
            int[] best = null;
            for (int a = 0; a < blocks; a++) {
                for (int b = a + 1; b < blocks; b++) {
                    int first = a;
                    int second = b;
                    set(Arrays.stream(before).map(own -> own == second ? first : own).toArray());
                    double length = length();
                    if (length < least) {
                        least = length;
                        best = block.clone();
                    }
                    set(before);
                }
            }
            if (best != null) {
                set(best);
                merged = true;
                any = true;
            }
        }
        return any;
    }

    private void move(int node, int to) {
        int from = block[node];
        for (int other : neighbours[node]) {
            int theirs = block[other];
            between[from][theirs]--;
            between[theirs][from]--;
            between[to][theirs]++;
            between[theirs][to]++;
        }
        nodes[from]--;
        nodes[to]++;
        degree[from] -= degrees[node];
        degree[to] += degrees[node];
        byDegree[from][degrees[node]]--;
        byDegree[to][degrees[node]]++;
        block[node] = to;
    }

    /** What of the length depends on two blocks. */
    private double part(int a, int b) {
        double sum = ofBlock(a) + ofBlock(b);
        for (int other = 0; other < blocks; other++) {
            sum -= 2 * Logs.FACTORIAL[between[a][other]];
            sum -= other == a ? 0 : 2 * Logs.FACTORIAL[between[b][other]];
        }
        return sum + Logs.FACTORIAL[between[a][a]] + Logs.FACTORIAL[between[b][b]];
    }

    private double ofBlock(int own) {
        double sum = 2 * Logs.FACTORIAL[degree[own]] - Logs.FACTORIAL[nodes[own]];
        if (nodes[own] > 0) {
            sum += 2 * (Logs.PARTITIONS[nodes[own]][degree[own]] + Logs.FACTORIAL[nodes[own]]);
        }
        for (int count : byDegree[own]) {
            sum -= 2 * Logs.FACTORIAL[count];
        }
        return sum;
    }

    /** What depends on the number of blocks alone. */
    private double ofCounts(int number) {
        return Logs.choose(number * number + ends - 1, ends) + Logs.choose(n - 1, number - 1);
    }

    private double length() {
        double sum = ofCounts(blocks) + Logs.FACTORIAL[n] + Math.log(n);
        for (int degreeOfNode : degrees) {
            sum -= 2 * Logs.FACTORIAL[degreeOfNode];
        }
        for (int a = 0; a < blocks; a++) {
            sum += ofBlock(a);
            for (int b = 0; b < blocks; b++) {
                sum -= Logs.FACTORIAL[between[a][b]];
            }
        }
        return sum;
    }

    /**
     * The published evaluation holds shares of edges in a NumPy matrix, whose {@code *} and {@code **} are products of matrices:
     * between blocks, squares and variances are sums over all blocks on the way. Its threshold was chosen with these.
     */
    private double meanP() {
        double[][] off = new double[blocks][blocks];
        double[][] shares = new double[blocks][blocks];
        for (int a = 0; a < blocks; a++) {
            for (int b = 0; b < blocks; b++) {
                shares[a][b] = a == b ? 0 : between[a][b] / ((double) nodes[a] * nodes[b] + SMOOTHED);
                off[a][b] = shares[a][b] - BETWEEN;
            }
        }
        double sum = 0;
        for (int a = 0; a < blocks; a++) {
            for (int b = 0; b < blocks; b++) {
                double square = 0;
                double variance = SMOOTHED;
                for (int c = 0; a != b && c < blocks; c++) {
                    square += off[a][c] * off[c][b];
                    variance += shares[a][c] * (1 - shares[c][b]);
                }
                if (a == b) {
                    double share = between[a][a] / ((double) nodes[a] * (nodes[a] - 1) + SMOOTHED);
                    square = (share - WITHIN) * (share - WITHIN);
                    variance = share * (1 - share) + SMOOTHED;
                }
                // χ² of one degree of freedom.
                sum += Erf.erfc(Math.sqrt(Math.abs(square / variance) / 2));
            }
        }
        return sum / blocks / blocks;
    }
}
