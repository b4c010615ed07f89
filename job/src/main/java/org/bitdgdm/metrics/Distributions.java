package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the graphs of a set look like: histograms by name, in the order of the report.
 *
 * <p>Of molecules, {@code atoms} (by element), {@code bonds} (by class, without class 0) and {@code sizes} (graphs by number of
 * atoms) are counted over all graphs, valid or not; {@code weight}, {@code logp} (the unit names the descriptor), {@code rings}
 * and {@code scaffolds} (by hash, see {@link ScaffoldTally}; empty where no reference set says which count) over molecules, that
 * is over the largest fragments of relaxed-valid graphs. Of plain graphs there are {@code sizes}, and {@code degree} and
 * {@code clustering} over all nodes of all graphs. Where there is a set to compare with, {@code qed} and {@code sa} of a
 * benchmark's molecules, and {@code spectrum} of the plain graphs that are compared.
 *
 * @param byName histograms by their names
 */
public record Distributions(@JsonValue Map<String, Histogram> byName) {
    /** What graphs of one family may be counted by; a set that was counted before one of them was known lacks it. */
    private static final List<List<String>> FAMILIES = Stream.of(
        Stream.concat(MoleculeMetrics.DISTRIBUTIONS.stream(), Benchmarks.DISTRIBUTIONS.stream()).toList(),
        Stream.concat(PlainGraphMetrics.DISTRIBUTIONS.stream(), Stream.of(GraphDiscrepancies.SPECTRUM)).toList())
        .map(of -> of.stream().map(Distribution::name).toList()).toList();

    @JsonCreator
    public Distributions {
        byName = Collections.unmodifiableMap(new LinkedHashMap<>(byName));
        Set<String> names = byName.keySet();
        if (!names.contains("sizes") || FAMILIES.stream().noneMatch(known -> known.containsAll(names))) {
            throw new IllegalArgumentException("distributions must be sizes and others of " + FAMILIES.stream()
                .map(known -> String.join(", ", known)).collect(Collectors.joining(", or of ")) + ", found "
                + String.join(", ", names));
        }
        byName.values().forEach(histogram -> Objects.requireNonNull(histogram, "a distribution must be counted"));
    }

    /** Distributions of histograms that know their names. */
    public static Distributions of(List<Histogram> histograms) {
        Map<String, Histogram> byName = new LinkedHashMap<>();
        histograms.forEach(histogram -> byName.put(histogram.name(), histogram));
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

    /** The histogram of a name; empty where there is none, as in a training set counted before it was known. */
    public Optional<Histogram> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The same with another histogram in place of the one of its name. */
    Distributions with(Histogram other) {
        Map<String, Histogram> changed = new LinkedHashMap<>(byName);
        changed.put(other.name(), other);
        return new Distributions(changed);
    }
}
