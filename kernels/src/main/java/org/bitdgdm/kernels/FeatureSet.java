package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The extra features of a network, {@code extra_features} of DiGress's configurations
 * ({@code src/diffusion/extra_features.py}); {@link GraphFeatures} says what each column is. Backends and files know them
 * by their ordinals.
 */
public enum FeatureSet {
    /** None at all: no charge, valency and weight either, which the published code drops with the others. */
    NONE("none", 0, 0),
    /** Cycle counts of nodes; size and cycle counts of the graph. */
    CYCLES("cycles", 3, 5),
    /** These, and number of components and lowest non-zero Laplacian eigenvalues of the graph. */
    EIGENVALUES("eigenvalues", 3, 11),
    /** These, and component indicator and eigenvectors of nodes. */
    ALL("all", 6, 11),
    /**
     * Of DeFoG ({@code src/models/extra_features.py}, {@code RRWPFeatures}): probabilities of random walks, which edges have
     * too, as many as {@link Architecture#walks}; size and cycle counts of the graph. The time comes with its cosines and
     * sines.
     */
    RRWP("rrwp", 0, 5);

    private final String label;
    private final int nodeColumns;
    private final int globalColumns;

    FeatureSet(String label, int nodeColumns, int globalColumns) {
        this.label = label;
        this.nodeColumns = nodeColumns;
        this.globalColumns = globalColumns;
    }

    /** As configurations write it, but for {@code none}, which they write as null. */
    public String label() {
        return label;
    }

    /** Columns of the node input, beside the types and those of molecules. */
    int nodeColumns() {
        return nodeColumns;
    }

    /** Columns of the global input, beside that of molecules and the time. */
    int globalColumns() {
        return globalColumns;
    }

    /** Columns of the global input after the time. */
    int timeColumns() {
        return this == RRWP ? GraphFeatures.TIME_COLUMNS : 0;
    }

    /** Whether the Laplacian is diagonalised. */
    boolean spectral() {
        return this == EIGENVALUES || this == ALL;
    }

    /**
     * Finds a set by its label.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static FeatureSet of(String label) {
        return Arrays.stream(values()).filter(set -> set.label.equals(label)).findFirst().orElseThrow(() ->
            new IllegalArgumentException("unknown extra features '" + label + "'; known are "
                + Arrays.stream(values()).map(FeatureSet::label).collect(Collectors.joining(", "))));
    }
}
