package org.bitdgdm.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The kinds of graphs that models make, as {@code model.json} names them. */
public enum Family {
    /** Atoms and bonds. */
    MOLECULES,
    /** Nodes and edges that stand for nothing else. */
    GRAPHS;

    /** The name in files. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** All names. */
    static List<String> labels() {
        return Arrays.stream(values()).map(Family::label).toList();
    }

    /** The family of a name in {@link #labels()}. */
    static Family of(String label) {
        return valueOf(label.toUpperCase(Locale.ROOT));
    }
}
