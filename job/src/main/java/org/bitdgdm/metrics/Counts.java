package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Raw counts of a run, from which its ratios follow. */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({@JsonSubTypes.Type(Counts.OfMolecules.class), @JsonSubTypes.Type(Counts.OfGraphs.class),
    @JsonSubTypes.Type(Counts.OfSequences.class)})
public sealed interface Counts {
    /** Rows. */
    long graphs();

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
    record OfSequences(long graphs, long chains, Map<String, Long> unused, List<Rate> byState, List<Rate> byLength,
                       List<Rate> byPart, List<List<Long>> confusion) implements Counts {

        /**
         * Recovered residues of a kind.
         *
         * @param kind what they have in common
         */
        public record Rate(String kind, long residues, long recovered) {
        }

        public OfSequences {
            unused = Collections.unmodifiableMap(new TreeMap<>(unused));
            byState = List.copyOf(byState);
            byLength = List.copyOf(byLength);
            byPart = List.copyOf(byPart);
            confusion = List.copyOf(confusion);
        }
    }

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
    record OfMolecules(
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

        public OfMolecules {
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

    /**
     * Raw counts of a run of plain graphs. Two graphs are the same where they are isomorphic.
     *
     * @param graphs     rows
     * @param refused    rows that are no graph of the model, with a reason each; the counts below leave them out
     * @param connected  graphs of one component
     * @param components sum of the components of all graphs
     * @param planar     graphs that can be drawn without crossings
     * @param distinct   different graphs
     * @param once       graphs seen exactly once
     * @param undecided  graphs so regular that different ones may count as the same, see
     *                   {@link org.bitdgdm.graph.IsomorphismClass}
     * @param novel      different graphs that are not in the training set; null where none is known
     * @param novelOnce  of these, graphs seen exactly once; null where no training set is known
     */
    record OfGraphs(long graphs, long refused, long connected, long components, long planar, long distinct, long once,
                    long undecided, Long novel, Long novelOnce) implements Counts {
    }
}
