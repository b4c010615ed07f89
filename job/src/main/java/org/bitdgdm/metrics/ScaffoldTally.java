package org.bitdgdm.metrics;

import java.io.Serializable;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bitdgdm.molecule.Scaffolds;
import org.openscience.cdk.exception.CDKException;

/**
 * Molecules by scaffold: labels are 64-bit hashes of its canonical SMILES in hexadecimal (molecules without rings have the
 * one of the empty text), {@value #OTHER} is any scaffold that is not among the {@value #KEPT} most frequent ones of the
 * training set, and any that the toolkit cannot write, which are counted too. Parts add up in any order to the same.
 */
final class ScaffoldTally implements Serializable {
    private static final long serialVersionUID = 1;
    /** Scaffolds that a reference set tells apart. */
    static final int KEPT = 1000;
    /** Label of all others. */
    static final String OTHER = "other";
    /** Label, here only, of molecules whose scaffold the toolkit cannot write. */
    static final String UNWRITTEN = "unwritten";

    private final TreeMap<String, Long> counts = new TreeMap<>();

    /** The label of a molecule. */
    static String label(String smiles, Scaffolds scaffolds) {
        try {
            return String.format("%016x", ReferenceSet.hash(scaffolds.of(smiles)));
        } catch (CDKException | RuntimeException e) {
            // One molecule that the toolkit stumbles over must not end a run of millions, nor leave the sum.
            return UNWRITTEN;
        }
    }

    void add(String label, long molecules) {
        counts.merge(label, molecules, Long::sum);
    }

    /** Molecules whose scaffold the toolkit cannot write. */
    long unwritten() {
        return counts.getOrDefault(UNWRITTEN, 0L);
    }

    void merge(ScaffoldTally other) {
        other.counts.forEach(this::add);
    }

    /** The most frequent scaffolds, equal ones by label, and all others together. */
    Histogram mostFrequent() {
        Map<String, Long> kept = new LinkedHashMap<>();
        counts.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
            .thenComparing(Map.Entry.comparingByKey())).filter(one -> !one.getKey().equals(OTHER)
                && !one.getKey().equals(UNWRITTEN)).limit(KEPT).forEach(one -> kept.put(one.getKey(), one.getValue()));
        return among(kept.keySet());
    }

    /** Those of some labels in their order, and all others together. */
    Histogram among(Set<String> labels) {
        Map<String, Long> kept = new LinkedHashMap<>();
        long others = 0;
        for (String label : labels) {
            if (!label.equals(OTHER) && counts.containsKey(label)) {
                kept.put(label, counts.get(label));
            }
        }
        for (Map.Entry<String, Long> one : counts.entrySet()) {
            others += kept.containsKey(one.getKey()) ? 0 : one.getValue();
        }
        if (others > 0) {
            kept.put(OTHER, others);
        }
        return MoleculeMetrics.SCAFFOLDS.counted(kept);
    }
}
