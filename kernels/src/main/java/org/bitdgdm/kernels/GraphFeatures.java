package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * The network's input for one noisy graph: types as one-hot, and the extra features that DiGress recomputes from z_t at
 * every step ({@code src/diffusion/extra_features.py} and {@code extra_features_molecular.py}).
 *
 * <p>Node features, in this order: types (a) ‖ cycles of length 3, 4, 5 through the node (÷10, at most 1) ‖ 1 outside
 * the largest component ‖ eigenvectors of the 2 lowest non-zero Laplacian eigenvalues ‖ charge ‖ valency.
 * Global features: n ÷ maxNodes ‖ cycles of length 3, 4, 5, 6 (÷10, at most 1) ‖ number of components ‖ 5 lowest
 * non-zero Laplacian eigenvalues ÷ n ‖ weight ÷ maxWeight ‖ t ÷ T. Edge features: types only. The charge, valency and
 * weight columns exist in molecular models only, and {@link FeatureSet} says which of the others a network has. Two nodes
 * are adjacent where their bond class is not 0.
 *
 * <p>{@link FeatureSet#RRWP} has P_0 … P_(k−1) in the place of the node features before the charge, of which nodes have the
 * diagonal and edges the entry from i to j after their types: P_0 = I, P_(p+1) = P_p D⁻¹A, rounded to FP32 once each, where
 * the row of a node without edges is 0. After the time come cos(t f_i) and sin(t f_i), f_i = 10000^(−i/32), i &lt; 32.
 *
 * <p>The published code takes Laplacian features from LAPACK's arbitrary signs, bases and null-space vectors. The rule
 * here gives identical bits in every backend: cycle counts in 64-bit integers, everything else in IEEE double without
 * contraction, each feature rounded once to FP32; components by graph search; with C of them, the non-zero eigenvalues
 * are those after the C first, of {@link SymmetricEigen} for graphs of up to {@value #MOST_ROTATED} nodes and of
 * {@link LowestEigenpairs} for larger ones; missing eigenvectors are 0, missing eigenvalues 2 (not divided by n); the largest
 * component is the one with the lowest node index among equals.
 *
 * <p>Reproduced as trained with: "valency" is the sum of bond class indices, "charge" the type index minus that.
 */
public final class GraphFeatures {
    /** Above this many nodes, counts of closed walks of length 6 could leave 64 bits. */
    public static final int MAX_NODES = 1000;

    /** Up to this many nodes all eigenpairs are found by rotations, above only those that are features. */
    public static final int MOST_ROTATED = 16;
    /** Cosines and sines of the time. */
    static final int TIME_COLUMNS = 64;

    private static final int EIGENVALUES = 5;
    private static final double LONGEST_PERIOD = 10_000;
    private static final int EIGENVECTORS = 2;
    private static final float MISSING_EIGENVALUE = 2;
    private static final double CYCLE_UNIT = 10;

    private final Architecture architecture;

    /** Features of the graphs of one model. */
    public GraphFeatures(Architecture architecture) {
        this.architecture = architecture;
    }

    /**
     * Computes the node and global input of graph {@code index} of a batch.
     *
     * @param batch    graphs as they are at that time
     * @param index    which graph, 0…B−1
     * @param time     what the network reads
     * @param node     (n, {@link Architecture#nodeInputs}) written from {@code nodeFrom} on
     * @param nodeFrom offset in {@code node}
     * @param edge     (n, n, {@link Architecture#edgeInputs}) written from {@code edgeFrom} on
     * @param edgeFrom offset in {@code edge}
     * @param global   ({@link Architecture#globalInputs}) written from {@code globalFrom} on
     * @param globalFrom offset in {@code global}
     */
    void compute(GraphBatch batch, int index, float time, float[] node, int nodeFrom, float[] edge, int edgeFrom,
                 float[] global, int globalFrom) {
        int n = batch.nodeCount();
        if (n > MAX_NODES) {
            throw new IllegalArgumentException("graph features are exact up to " + MAX_NODES + " nodes, found " + n);
        }
        byte[] types = batch.nodes();
        byte[] bonds = batch.edges();
        int typeFrom = index * n;
        int bondFrom = index * n * n;
        int width = architecture.nodeInputs();
        int y = globalFrom;
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < architecture.nodeTypes(); k++) {
                node[nodeFrom + i * width + k] = types[typeFrom + i] == k ? 1 : 0;
            }
        }

        int at = nodeFrom + architecture.nodeTypes();
        int[] adjacency = new int[n * n];
        for (int ij = 0; ij < n * n; ij++) {
            adjacency[ij] = bonds[bondFrom + ij] != 0 ? 1 : 0;
        }
        int edgeWidth = architecture.edgeInputs();
        for (int ij = 0; ij < n * n; ij++) {
            for (int k = 0; k < architecture.edgeTypes(); k++) {
                edge[edgeFrom + ij * edgeWidth + k] = bonds[bondFrom + ij] == k ? 1 : 0;
            }
        }
        FeatureSet features = architecture.features();
        if (architecture.walks() > 0) {
            walks(adjacency, n, node, at, edge, edgeFrom + architecture.edgeTypes());
        }
        if (features != FeatureSet.NONE) {
            global[y] = (float) ((double) n / architecture.maxNodes());
            cycles(adjacency, n, node, at, width, global, y + 1);
        }
        if (features.spectral()) {
            laplacian(adjacency, n, node, at + 3, width, global, y + 5);
        }
        at += features.nodeColumns() + architecture.walks();
        y += features.globalColumns();

        if (architecture.hasMolecularFeatures()) {
            double weight = 0;
            for (int i = 0; i < n; i++) {
                int valency = 0;
                for (int j = 0; j < n; j++) {
                    valency += data(bonds[bondFrom + i * n + j], architecture.edgeTypes());
                }
                int type = data(types[typeFrom + i], architecture.nodeTypes());
                node[at + i * width] = type - valency;
                node[at + i * width + 1] = valency;
                weight += architecture.nodeWeights()[type];
            }
            global[y++] = (float) (weight / architecture.maxWeight());
        }
        global[y] = time;
        float[] columns = ofTime(time);
        System.arraycopy(columns, 0, global, y + 1, columns.length);
    }

    /** Cosines, then sines, of the time; empty where the features have none. */
    float[] ofTime(float time) {
        int half = architecture.features().timeColumns() / 2;
        float[] columns = new float[2 * half];
        for (int i = 0; i < half; i++) {
            double angle = time * Math.pow(LONGEST_PERIOD, -(double) i / half);
            columns[i] = (float) Math.cos(angle);
            columns[half + i] = (float) Math.sin(angle);
        }
        return columns;
    }

    /** A class; of one that only noise has, 0. */
    private int data(int found, int classes) {
        return architecture.absorbing() && classes > 1 && found == classes - 1 ? 0 : found;
    }

    private void walks(int[] adjacency, int n, float[] node, int at, float[] edge, int from) {
        float[] step = new float[n];
        for (int i = 0; i < n; i++) {
            int degree = 0;
            for (int j = 0; j < n; j++) {
                degree += adjacency[i * n + j];
            }
            step[i] = degree == 0 ? 0 : 1f / degree;
        }
        float[] row = new float[n];
        double[] next = new double[n];
        for (int i = 0; i < n; i++) {
            Arrays.fill(row, 0);
            row[i] = 1;
            for (int p = 0; p < architecture.walks(); p++) {
                node[at + i * architecture.nodeInputs() + p] = row[i];
                for (int j = 0; j < n; j++) {
                    edge[from + (i * n + j) * architecture.edgeInputs() + p] = row[j];
                }
                Arrays.fill(next, 0);
                for (int k = 0; k < n; k++) {
                    double walked = (double) row[k] * step[k];
                    for (int j = 0; walked != 0 && j < n; j++) {
                        next[j] += walked * adjacency[k * n + j];
                    }
                }
                for (int j = 0; j < n; j++) {
                    row[j] = (float) next[j];
                }
            }
        }
    }

    /** The same at time t of a schedule's 0…T, without features of edges. */
    public void compute(GraphBatch batch, int index, NoiseSchedule schedule, int t, float[] node, int nodeFrom, float[] global,
                        int globalFrom) {
        int n = batch.nodeCount();
        compute(batch, index, schedule.read(t), node, nodeFrom,
            new float[n * n * architecture.edgeInputs()], 0, global, globalFrom);
    }

    /** Cycle counts from closed walks, as the variant counts them (c5 of {@code main} is not the number of 5-cycles). */
    private void cycles(int[] a1, int n, float[] node, int at, int width, float[] global, int y) {
        int[] a2 = product(a1, a1, n);
        // Powers commute, and most entries of the first are 0.
        int[] a3 = product(a1, a2, n);
        boolean trueFiveCycles = architecture.variant() == Variant.FIXED_BUG;
        long sum3 = 0;
        long sum4 = 0;
        long sum5 = 0;
        long closed6 = 0;
        long six = 0;
        for (int i = 0; i < n; i++) {
            long degree = a2[i * n + i];
            long walks3 = a3[i * n + i];
            long walks4 = 0;
            long walks5 = 0;
            long neighbourDegrees = 0;
            long neighbourWalks3 = 0;
            long sharedDegrees = 0;
            long sharedSquares = 0;
            long threeStepWalks = 0;
            for (int j = 0; j < n; j++) {
                long one = a1[i * n + j];
                long two = a2[i * n + j];
                long three = a3[i * n + j];
                // The matrices are symmetric, so diag(A⁴), diag(A⁵) and tr(A⁶) are sums of products of rows.
                walks4 += two * two;
                walks5 += two * three;
                closed6 += three * three;
                neighbourDegrees += one * a2[j * n + j];
                neighbourWalks3 += one * a3[j * n + j];
                sharedDegrees += one * two * a2[j * n + j];
                sharedSquares += one * two * two;
                threeStepWalks += three;
            }
            long c4 = walks4 - degree * (degree - 1) - neighbourDegrees;
            long c5 = trueFiveCycles
                ? walks5 - 2 * sharedDegrees - 2 * degree * walks3 - neighbourWalks3 + 5 * walks3
                : walks5 - 2 * walks3 * degree - neighbourWalks3 + walks3;
            if (architecture.features() != FeatureSet.RRWP) {
                node[at + i * width] = capped(walks3, 2);
                node[at + i * width + 1] = capped(c4, 2);
                node[at + i * width + 2] = capped(c5, 2);
            }
            sum3 += walks3;
            sum4 += c4;
            sum5 += c5;
            six += -3 * walks3 * walks3 + 9 * sharedSquares - 6 * degree * walks4 + 6 * walks4 - 4 * walks3
                + 4 * degree * degree * degree + 3 * threeStepWalks - 12 * degree * degree + 4 * degree;
        }
        global[y] = capped(sum3, 6);
        global[y + 1] = capped(sum4, 8);
        global[y + 2] = capped(sum5, 10);
        global[y + 3] = capped(closed6 + six, 12);
    }

    /** A count, given as a multiple of it, in the unit of the features. */
    private static float capped(long multiple, int factor) {
        return (float) Math.min(1, (double) multiple / (factor * CYCLE_UNIT));
    }

    private static int[] product(int[] left, int[] right, int n) {
        int[] out = new int[n * n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                int value = left[i * n + k];
                for (int j = 0; value != 0 && j < n; j++) {
                    out[i * n + j] += value * right[k * n + j];
                }
            }
        }
        return out;
    }

    private void laplacian(int[] adjacency, int n, float[] node, int at, int width, float[] global, int y) {
        int[] component = new int[n];
        int components = label(adjacency, n, component);
        int largest = largest(component, components);
        double[] laplacian = new double[n * n];
        for (int i = 0; i < n; i++) {
            int degree = 0;
            for (int j = 0; j < n; j++) {
                degree += adjacency[i * n + j];
                laplacian[i * n + j] = -adjacency[i * n + j];
            }
            laplacian[i * n + i] = degree;
        }
        boolean all = architecture.features() == FeatureSet.ALL;
        int count = Math.min(EIGENVALUES, n - components);
        int vectors = all ? Math.min(EIGENVECTORS, count) : 0;
        LowestEigenpairs eigen = n <= MOST_ROTATED ? SymmetricEigen.of(laplacian, n).some(components, count, vectors)
            : LowestEigenpairs.of(laplacian, n, components, count, vectors);
        global[y] = components;
        for (int k = 0; k < EIGENVALUES; k++) {
            global[y + 1 + k] = k < count ? (float) (eigen.values()[k] / n) : MISSING_EIGENVALUE;
        }
        for (int i = 0; all && i < n; i++) {
            node[at + i * width] = component[i] == largest ? 0 : 1;
            for (int k = 0; k < EIGENVECTORS; k++) {
                node[at + i * width + 1 + k] = k < vectors ? (float) eigen.vectors()[k * n + i] : 0;
            }
        }
    }

    /**
     * Labels components 0, 1, … in the order of their lowest node, by depth-first search.
     *
     * @param component (n) written
     * @return number of components
     */
    private static int label(int[] adjacency, int n, int[] component) {
        Arrays.fill(component, -1);
        int[] stack = new int[n];
        int components = 0;
        for (int start = 0; start < n; start++) {
            if (component[start] >= 0) {
                continue;
            }
            component[start] = components;
            int depth = 0;
            stack[depth++] = start;
            while (depth > 0) {
                int i = stack[--depth];
                for (int j = 0; j < n; j++) {
                    if (adjacency[i * n + j] != 0 && component[j] < 0) {
                        component[j] = components;
                        stack[depth++] = j;
                    }
                }
            }
            components++;
        }
        return components;
    }

    /** The component of most nodes; of equals the first, which holds the lowest node. */
    private static int largest(int[] component, int components) {
        int[] size = new int[components];
        int largest = 0;
        for (int label : component) {
            size[label]++;
        }
        for (int k = 1; k < components; k++) {
            if (size[k] > size[largest]) {
                largest = k;
            }
        }
        return largest;
    }
}
