package org.bitdgdm.metrics;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Raw counts of a run of sequences.
 *
 * @param graphs    rows
 * @param chains    that have sequences
 * @param unused     rows with a reason, by its kind
 * @param byState   recovery by secondary structure of the residue, of single samples as all below
 * @param byLength  by length of the chain
 * @param byPart    along the chain
 * @param confusion (20, 20) native by designed residues
 */
public record SequenceCounts(long graphs, long chains, Map<String, Long> unused, List<Rate> byState, List<Rate> byLength,
                             List<Rate> byPart, List<List<Long>> confusion) implements Counts {

    /**
     * Recovered residues of a kind.
     *
     * @param kind what they have in common
     */
    public record Rate(String kind, long residues, long recovered) {
    }

    public SequenceCounts {
        unused = Collections.unmodifiableMap(new TreeMap<>(unused));
        byState = List.copyOf(byState);
        byLength = List.copyOf(byLength);
        byPart = List.copyOf(byPart);
        confusion = List.copyOf(confusion);
    }
}
