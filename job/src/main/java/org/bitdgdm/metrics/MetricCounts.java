package org.bitdgdm.metrics;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Raw counts of a run, from which every protocol's ratios follow. Molecules are relaxed-valid graphs; two are the same
 * where their SMILES are.
 *
 * @param graphs       rows
 * @param valid        valid without relaxing
 * @param relaxedValid molecules
 * @param connected    graphs of one component, valid or not
 * @param fragments    sum of the components of all graphs
 * @param distinct     different molecules
 * @param once         molecules seen exactly once
 * @param novel        different molecules that are not in the training set; null where none is known
 * @param novelOnce    of these, molecules seen exactly once; null where no training set is known
 * @param prefixes     k to counts among the first k molecules by graph id, where there are as many
 */
public record MetricCounts(
    long graphs, long valid, long relaxedValid, long connected, long fragments, long distinct, long once, Long novel,
    Long novelOnce, SortedMap<Integer, PrefixCounts> prefixes) implements Counts {

    /**
     * Counts among the first k molecules.
     *
     * @param distinct different molecules
     * @param once     molecules seen exactly once among them
     */
    public record PrefixCounts(long distinct, long once) {
    }

    public MetricCounts {
        if ((novel == null) != (novelOnce == null)) {
            throw new IllegalArgumentException("novel and novelOnce must be known together, found " + novel + " and "
                + novelOnce);
        }
        if (valid > relaxedValid || relaxedValid > graphs || distinct > relaxedValid || once > distinct
            || novel != null && (novel > distinct || novelOnce > novel || novelOnce > once)) {
            throw new IllegalArgumentException("counts must nest: valid " + valid + ", relaxedValid " + relaxedValid
                + ", graphs " + graphs + ", distinct " + distinct + ", once " + once + ", novel " + novel + ", novelOnce "
                + novelOnce);
        }
        prefixes = new TreeMap<>(prefixes);
    }
}
