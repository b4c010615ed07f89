package org.bitdgdm.metrics;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeProperty;

/** {@link Distributions} while they are counted: parts add up in any order to the same. */
final class DistributionTally implements Serializable {
    private static final long serialVersionUID = 1;
    /** Label of what the vocabulary has no class for: lists hold other elements, files of others hold other classes. */
    private static final String OTHER = "other";

    private final TreeMap<String, Long> atoms = new TreeMap<>();
    private final TreeMap<String, Long> bonds = new TreeMap<>();
    private final TreeMap<Long, Long> sizes = new TreeMap<>();
    /** By bin, in the order of {@link MoleculeProperty}. */
    private final ArrayList<TreeMap<Long, Long>> properties = new ArrayList<>();

    DistributionTally() {
        for (int k = 0; k < MoleculeProperty.values().length; k++) {
            properties.add(new TreeMap<>());
        }
    }

    /** Labels of counts: the classes of a vocabulary and, behind them, {@value #OTHER}. */
    static List<String> labels(List<String> classes) {
        return Stream.concat(classes.stream(), Stream.of(OTHER)).toList();
    }

    /** How often each class occurs among so many and, at the end, how many are none of the {@code known} ones. */
    static long[] counts(int length, IntFunction<Byte> classes, int known) {
        long[] counts = new long[known + 1];
        for (int k = 0; k < length; k++) {
            int type = classes.apply(k);
            counts[type >= 0 && type < known ? type : known]++;
        }
        return counts;
    }

    /**
     * Counts one graph; one without atoms, which stands for a line that is no molecule, does not count.
     *
     * @param size    atoms
     * @param ofAtoms by class, as {@link #counts} gives them
     * @param ofBonds by class, class 0 too, which is no bond
     */
    void addGraph(Vocabulary vocabulary, int size, long[] ofAtoms, long[] ofBonds) {
        List<String> elements = labels(vocabulary.nodes());
        for (int type = 0; type < ofAtoms.length; type++) {
            addAtoms(elements.get(type), ofAtoms[type]);
        }
        List<String> orders = labels(vocabulary.edges());
        for (int type = 1; type < ofBonds.length; type++) {
            addBonds(orders.get(type), ofBonds[type]);
        }
        if (size > 0) {
            addSize(size);
        }
    }

    void addAtoms(String element, long count) {
        add(atoms, element, count);
    }

    void addBonds(String bond, long count) {
        add(bonds, bond, count);
    }

    void addSize(int atomCount) {
        sizes.merge((long) atomCount, 1L, Long::sum);
    }

    private static void add(Map<String, Long> counts, String label, long count) {
        if (count > 0) {
            counts.merge(label, count, Long::sum);
        }
    }

    /** Properties of one molecule, in the order of {@link MoleculeProperty}; null ones are not counted. */
    void addProperties(List<? extends Number> values) {
        for (MoleculeProperty property : MoleculeProperty.values()) {
            Number value = values.get(property.ordinal());
            if (value != null) {
                properties.get(property.ordinal())
                    .merge((long) Math.floor(value.doubleValue() / property.binWidth()), 1L, Long::sum);
            }
        }
    }

    /** Adds the counts of another part to this one. */
    DistributionTally merge(DistributionTally other) {
        other.atoms.forEach((label, count) -> atoms.merge(label, count, Long::sum));
        other.bonds.forEach((label, count) -> bonds.merge(label, count, Long::sum));
        other.sizes.forEach((bin, count) -> sizes.merge(bin, count, Long::sum));
        for (int k = 0; k < properties.size(); k++) {
            TreeMap<Long, Long> into = properties.get(k);
            other.properties.get(k).forEach((bin, count) -> into.merge(bin, count, Long::sum));
        }
        return this;
    }

    /** The counts so far; classes in the order of the vocabulary, then any others. */
    Distributions distributions(Vocabulary vocabulary) {
        List<Histogram> counted = new ArrayList<>(List.of(
            MoleculeMetrics.ATOMS.counted(ordered(atoms, vocabulary.nodes())),
            MoleculeMetrics.BONDS.counted(ordered(bonds, vocabulary.edges())), MoleculeMetrics.SIZES.binned(sizes)));
        for (int k = 0; k < properties.size(); k++) {
            counted.add(MoleculeMetrics.PROPERTIES.get(k).binned(properties.get(k)));
        }
        counted.add(MoleculeMetrics.SCAFFOLDS.counted(Map.of()));
        return Distributions.of(counted);
    }

    private static Map<String, Long> ordered(Map<String, Long> counts, Collection<String> first) {
        Map<String, Long> ordered = new LinkedHashMap<>();
        first.stream().filter(counts::containsKey).forEach(label -> ordered.put(label, counts.get(label)));
        counts.forEach(ordered::putIfAbsent);
        return ordered;
    }
}
