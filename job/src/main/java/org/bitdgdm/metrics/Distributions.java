package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What the graphs of a set look like: histograms by name, in the order of the report.
 *
 * <p>Of molecules, {@code atoms} (by element), {@code bonds} (by class, without class 0) and {@code sizes} (graphs by number of
 * atoms) are counted over all graphs, valid or not; {@code weight}, {@code logp} (the unit names the descriptor), {@code rings}
 * and {@code scaffolds} (by hash, see {@link ScaffoldTally}; empty where no reference set says which count) over molecules, that
 * is over the largest fragments of relaxed-valid graphs. Of plain graphs there are {@code sizes}, and {@code degree} and
 * {@code clustering} over all nodes of all graphs.
 *
 * @param byName histograms by their names
 */
public record Distributions(@JsonValue Map<String, Histogram> byName) {
    /** The one that has no axis to be drawn along. */
    static final String SCAFFOLDS = "scaffolds";
    private static final List<String> OF_MOLECULES =
        List.of("atoms", "bonds", "sizes", "weight", "logp", "rings", SCAFFOLDS);
    private static final List<String> OF_GRAPHS = List.of("sizes", "degree", "clustering");

    @JsonCreator
    public Distributions {
        byName = Collections.unmodifiableMap(new LinkedHashMap<>(byName));
        if (!byName.keySet().equals(Set.copyOf(OF_MOLECULES)) && !byName.keySet().equals(Set.copyOf(OF_GRAPHS))) {
            throw new IllegalArgumentException("distributions must have " + String.join(", ", OF_MOLECULES) + ", or "
                + String.join(", ", OF_GRAPHS) + ", found " + String.join(", ", byName.keySet()));
        }
        byName.values().forEach(histogram -> Objects.requireNonNull(histogram, "a distribution must be counted"));
    }

    /** Distributions of histograms that know their names. */
    public static Distributions of(Histogram... histograms) {
        Map<String, Histogram> byName = new LinkedHashMap<>();
        Arrays.stream(histograms).forEach(histogram -> byName.put(histogram.name(), histogram));
        return new Distributions(byName);
    }

    /**
     * The histogram of a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Histogram of(String name) {
        Histogram found = byName.get(name);
        if (found == null) {
            throw new IllegalArgumentException("distributions must have " + name + ", found "
                + String.join(", ", byName.keySet()));
        }
        return found;
    }

    /** All that are drawn: not the scaffolds, which have no axis. */
    public List<Histogram> all() {
        return byName.values().stream().filter(histogram -> !histogram.name().equals(SCAFFOLDS)).toList();
    }

    /** The same with another histogram in place of the one of its name. */
    Distributions with(Histogram other) {
        Map<String, Histogram> changed = new LinkedHashMap<>(byName);
        changed.put(other.name(), other);
        return new Distributions(changed);
    }
}
