package org.bitdgdm.kernels;

import java.io.Serializable;

/**
 * The backbone of one protein chain as a graph: the condition under which GraDe-IF (Yi et al., NeurIPS 2023) samples
 * sequences. Nodes are the residues in their order along the chain; edges lead from each residue to its neighbours in
 * space, and only classes of residues diffuse. Features are those the network reads, already normalised.
 *
 * @param sequence     (N) native class of each residue, an index into {@link #LETTERS}
 * @param nodeFeatures (N, 11) area, B-factor, four columns of angles, five of neighbours' directions
 * @param structure    (N, 8) state of secondary structure, one-hot in the order of {@link #STATES}; zeros where unknown
 * @param positions    (N, 3) Cα, centred and scaled
 * @param sources      (E) residue whose neighbour an edge leads to, 0…N−1
 * @param targets      (E) that neighbour, 0…N−1; it receives the edge's message
 * @param edgeFeatures (E, 93) distance along the chain and in space, and direction in the neighbour's frame
 */
public record ProteinGraph(byte[] sequence, float[] nodeFeatures, float[] structure, float[] positions, int[] sources,
                           int[] targets, float[] edgeFeatures) implements Serializable {
    /** The residues by class. */
    public static final String LETTERS = "ARNDCQEGHILKMFPSTWYV";
    /** The states of secondary structure by class, as DSSP names them; L is none of the others. */
    public static final String STATES = "ELITHBGS";
    /** Columns of {@link #nodeFeatures}. */
    public static final int NODE_FEATURES = 11;
    /** Columns of {@link #edgeFeatures}. */
    public static final int EDGE_FEATURES = 93;

    private static final int AXES = 3;

    /**
     * @throws IllegalArgumentException if there is no residue, an array has another length than the counts ask for, a
     *                                  class or an end of an edge is out of its range, or a feature is not finite
     */
    public ProteinGraph {
        int n = sequence.length;
        if (n == 0) {
            throw new IllegalArgumentException("a protein must have at least 1 residue, found 0");
        }
        requireLength("node features", nodeFeatures.length, n, NODE_FEATURES, "residues");
        requireLength("states", structure.length, n, STATES.length(), "residues");
        requireLength("positions", positions.length, n, AXES, "residues");
        requireLength("targets", targets.length, sources.length, 1, "edges");
        requireLength("edge features", edgeFeatures.length, sources.length, EDGE_FEATURES, "edges");
        for (byte residue : sequence) {
            requireRange("residue classes", residue, LETTERS.length());
        }
        for (int e = 0; e < sources.length; e++) {
            requireRange("ends of edges", sources[e], n);
            requireRange("ends of edges", targets[e], n);
        }
        requireFinite("node features", nodeFeatures, NODE_FEATURES);
        requireFinite("states", structure, STATES.length());
        requireFinite("positions", positions, AXES);
        requireFinite("edge features", edgeFeatures, EDGE_FEATURES);
    }

    /** Number of residues, N. */
    public int residues() {
        return sequence.length;
    }

    /** Number of edges, E. */
    public int edges() {
        return sources.length;
    }

    private static void requireLength(String what, int found, int rows, int columns, String of) {
        if (found != (long) rows * columns) {
            throw new IllegalArgumentException("a protein of " + rows + " " + of + " must have " + (long) rows * columns + " "
                + what + ", found " + found);
        }
    }

    private static void requireRange(String what, int found, int count) {
        if (found < 0 || found >= count) {
            throw new IllegalArgumentException(what + " must be in 0.." + (count - 1) + ", found " + found);
        }
    }

    private static void requireFinite(String what, float[] values, int columns) {
        for (int at = 0; at < values.length; at++) {
            if (!Float.isFinite(values[at])) {
                throw new IllegalArgumentException(what + " must be finite, found " + values[at] + " in row " + at / columns
                    + ", column " + at % columns);
            }
        }
    }
}
