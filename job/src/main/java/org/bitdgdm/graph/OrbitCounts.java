package org.bitdgdm.graph;

import java.util.BitSet;
import org.bitdgdm.kernels.Graph;

/**
 * How often each node lies in each of the 15 orbits of connected induced subgraphs of two to four nodes (Pržulj, Bioinformatics
 * 23, 2007), exactly. Subgraphs that need not be induced are counted in closed form from degrees, triangles and common
 * neighbours, and what they count too much is taken off, densest first, as in Hočevar and Demšar (Bioinformatics 30, 2014).
 */
public final class OrbitCounts {
    /** Orbits: edge; end and middle of a path of three; triangle; then those of four nodes. */
    public static final int ORBITS = 15;

    private final int[][] neighbours;
    private final BitSet[] sets;

    private OrbitCounts(Graph graph) {
        neighbours = graph.neighbours();
        sets = new BitSet[neighbours.length];
        for (int node = 0; node < sets.length; node++) {
            sets[node] = new BitSet(sets.length);
            for (int other : neighbours[node]) {
                sets[node].set(other);
            }
        }
    }

    /** (n)(15) counts of a graph, in the order of Pržulj's numbers. */
    public static long[][] of(Graph graph) {
        OrbitCounts counts = new OrbitCounts(graph);
        long[] triangles = counts.triangles();
        long[][] orbits = new long[counts.sets.length][];
        for (int node = 0; node < orbits.length; node++) {
            orbits[node] = counts.of(node, triangles);
        }
        return orbits;
    }

    /** (15) mean over the nodes of a graph of at least one. */
    public static double[] means(Graph graph) {
        long[][] counts = of(graph);
        double[] means = new double[ORBITS];
        for (int orbit = 0; orbit < ORBITS; orbit++) {
            double sum = 0;
            for (long[] node : counts) {
                sum += node[orbit];
            }
            means[orbit] = sum / counts.length;
        }
        return means;
    }

    private long degree(int node) {
        return neighbours[node].length;
    }

    private BitSet common(int a, int b) {
        BitSet both = (BitSet) sets[a].clone();
        both.and(sets[b]);
        return both;
    }

    private long[] triangles() {
        long[] triangles = new long[sets.length];
        for (int node = 0; node < sets.length; node++) {
            for (int other : neighbours[node]) {
                triangles[node] += common(node, other).cardinality();
            }
            triangles[node] /= 2;
        }
        return triangles;
    }

    private static long pairs(long n) {
        return n * (n - 1) / 2;
    }

    private long[] of(int x, long[] triangles) {
        long d = degree(x);
        // Not induced yet: what stands behind each sum is the same figure with more edges among its nodes.
        long fours = 0;
        long diamondHubs = 0;
        long diamondTips = 0;
        long pawTriangles = 0;
        long pawPendants = 0;
        long starLeaves = 0;
        long pathInner = 0;
        long pathEnds = 0;
        long twoPaths = 0;
        int[] reached = new int[sets.length];
        for (int y : neighbours[x]) {
            BitSet shared = common(x, y);
            long t = shared.cardinality();
            diamondHubs += pairs(t);
            pawPendants += triangles[y] - t;
            starLeaves += pairs(degree(y) - 1);
            pathInner += (d - 1) * (degree(y) - 1) - t;
            twoPaths += degree(y) - 1 - t;
            for (int z : neighbours[y]) {
                if (z != x) {
                    reached[z]++;
                    pathEnds += degree(z) - 1 - (sets[x].get(z) ? 1 : 0);
                }
            }
            for (int z = shared.nextSetBit(y + 1); z >= 0; z = shared.nextSetBit(z + 1)) {
                BitSet closing = common(y, z);
                diamondTips += closing.cardinality() - 1;
                pawTriangles += degree(y) + degree(z) - 4;
                closing.and(sets[x]);
                fours += closing.cardinality();
            }
        }
        long cycles = 0;
        for (int paths : reached) {
            cycles += pairs(paths);
        }
        long[] o = new long[ORBITS];
        o[0] = d;
        o[1] = twoPaths;
        o[3] = triangles[x];
        o[2] = pairs(d) - o[3];
        o[14] = fours / 3;
        o[13] = diamondHubs - 3 * o[14];
        o[12] = diamondTips - 3 * o[14];
        o[11] = o[3] * (d - 2) - 2 * o[13] - 3 * o[14];
        o[10] = pawTriangles - 2 * o[12] - 2 * o[13] - 6 * o[14];
        o[9] = pawPendants - 2 * o[12] - 3 * o[14];
        o[8] = cycles - o[12] - o[13] - 3 * o[14];
        o[7] = d * (d - 1) * (d - 2) / 6 - o[11] - o[13] - o[14];
        o[6] = starLeaves - o[9] - o[10] - o[13] - 2 * o[12] - 3 * o[14];
        o[5] = pathInner - 2 * o[8] - 2 * o[11] - o[10] - 4 * o[13] - 2 * o[12] - 6 * o[14];
        o[4] = pathEnds - 2 * o[8] - 2 * o[9] - o[10] - 2 * o[13] - 4 * o[12] - 6 * o[14];
        return o;
    }
}
