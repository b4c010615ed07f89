package org.bitdgdm.metrics;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.apache.spark.sql.Row;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.protein.SurveyedChain;

/**
 * What is counted of rows of sequences: of every chain a few numbers, of all residues together histograms. Whole numbers: parts
 * add up in any order to the same.
 */
final class SequenceTally implements Serializable {
    /** Lengths at which a class of chains begins. */
    static final List<Integer> LENGTHS = List.of(0, 100, 200, 300, 500);
    /** Residues that a bin of lengths spans. */
    static final int BIN = 20;
    /** Equal parts of a chain. */
    static final int PARTS = 20;
    private static final long serialVersionUID = 1;
    private static final int CLASSES = ProteinGraph.LETTERS.length();
    /** Log-likelihoods are counted in millionths of a nat. */
    static final double UNIT = 1e-6;

    /** Length of a chain; designed residues of its rows, recovered ones and their negative log-likelihood. */
    static final class Chain implements Serializable {
        private static final long serialVersionUID = 1;
        int length;
        long residues;
        long recovered;
        long surprise;
        boolean likely = true;

        void add(int itsLength, long moreResidues, long moreRecovered, long moreSurprise, boolean known) {
            length = itsLength;
            residues += moreResidues;
            recovered += moreRecovered;
            surprise += moreSurprise;
            likely &= known;
        }
    }

    private long rows;
    private final TreeMap<String, Long> reasons = new TreeMap<>();
    private final TreeMap<String, Chain> single = new TreeMap<>();
    private final TreeMap<String, Chain> ensemble = new TreeMap<>();
    /** (20, 20) native by designed residues of single samples. */
    private final long[] confusion = new long[CLASSES * CLASSES];
    /** (9, 2) residues and recovered ones by state, the last state unknown. */
    private final long[] states = new long[2 * (ProteinGraph.STATES.length() + 1)];
    private final long[] lengths = new long[2 * LENGTHS.size()];
    private final long[] parts = new long[2 * PARTS];

    /** Adds a row of {@link SequenceRows#SCHEMA}. */
    SequenceTally add(Row row) {
        rows++;
        String reason = row.getAs("reason");
        if (reason != null) {
            reasons.merge(SurveyedChain.kind(reason), 1L, Long::sum);
            return this;
        }
        Integer recovered = row.getAs("recovered");
        if (recovered == null) {
            return this;
        }
        int designed = row.getAs("designed");
        Double likelihood = row.getAs("mean_log_likelihood");
        boolean isSingle = row.getAs("sample") != null;
        String chain = row.getAs("structure") + "\n" + row.getAs("chain");
        (isSingle ? single : ensemble).computeIfAbsent(chain, key -> new Chain())
            .add(row.<Integer>getAs("length"), designed, recovered,
                likelihood == null ? 0 : Math.round(-likelihood * designed / UNIT), likelihood != null);
        if (isSingle) {
            // Rows that older versions have written lack the column.
            boolean told = row.schema().getFieldIndex("fixed").isDefined();
            count(row.getAs("native"), row.getAs("sequence"), row.getAs("states"), told ? row.getAs("fixed") : null);
        }
        return this;
    }

    /** @param fixed column of that name; what was not designed counts nowhere */
    private void count(String wanted, String found, String structure, String fixed) {
        int length = wanted.length();
        int ofLength = 0;
        while (ofLength + 1 < LENGTHS.size() && length >= LENGTHS.get(ofLength + 1)) {
            ofLength++;
        }
        for (int i = 0; i < length; i++) {
            if (fixed != null && fixed.charAt(i) == '1') {
                continue;
            }
            int one = ProteinGraph.LETTERS.indexOf(wanted.charAt(i));
            int other = ProteinGraph.LETTERS.indexOf(found.charAt(i));
            if (other >= 0) {
                confusion[one * CLASSES + other]++;
            }
            int same = one == other ? 1 : 0;
            int state = ProteinGraph.STATES.indexOf(structure.charAt(i));
            count(states, state < 0 ? ProteinGraph.STATES.length() : state, same);
            count(lengths, ofLength, same);
            count(parts, (int) ((long) i * PARTS / length), same);
        }
    }

    private static void count(long[] of, int kind, int same) {
        of[2 * kind]++;
        of[2 * kind + 1] += same;
    }

    /** Adds the counts of another part to these. */
    SequenceTally merge(SequenceTally other) {
        rows += other.rows;
        other.reasons.forEach((reason, count) -> reasons.merge(reason, count, Long::sum));
        merge(single, other.single);
        merge(ensemble, other.ensemble);
        add(confusion, other.confusion);
        add(states, other.states);
        add(lengths, other.lengths);
        add(parts, other.parts);
        return this;
    }

    private static void merge(Map<String, Chain> into, Map<String, Chain> from) {
        from.forEach((name, chain) -> into.computeIfAbsent(name, key -> new Chain())
            .add(chain.length, chain.residues, chain.recovered, chain.surprise, chain.likely));
    }

    private static void add(long[] into, long[] from) {
        for (int k = 0; k < into.length; k++) {
            into[k] += from[k];
        }
    }

    /** The counts so far. */
    Counts.OfSequences counts() {
        return new Counts.OfSequences(rows, single.size(), reasons,
            rates(states, k -> k < ProteinGraph.STATES.length() ? String.valueOf(ProteinGraph.STATES.charAt(k)) : "unknown"),
            rates(lengths, k -> k + 1 < LENGTHS.size() ? LENGTHS.get(k) + "–" + (LENGTHS.get(k + 1) - 1) : LENGTHS.get(k) + "+"),
            rates(parts, k -> 100 * k / PARTS + "–" + 100 * (k + 1) / PARTS + "%"), rowsOf(confusion));
    }

    /** Chains by their lengths. */
    Distributions distributions() {
        TreeMap<Long, Long> sizes = new TreeMap<>();
        TreeMap<String, Chain> chains = new TreeMap<>(ensemble);
        chains.putAll(single);
        chains.values().forEach(chain -> sizes.merge((long) chain.length / BIN, 1L, Long::sum));
        return Distributions.of(List.of(SequenceMetrics.SIZES.binned(sizes)));
    }

    /** Recovery of single samples. */
    RecoveryEstimate single() {
        return new RecoveryEstimate(List.copyOf(single.values()));
    }

    /** Recovery of ensembles. */
    RecoveryEstimate ensemble() {
        return new RecoveryEstimate(List.copyOf(ensemble.values()));
    }

    private static List<Counts.OfSequences.Rate> rates(long[] counts, IntFunction<String> name) {
        List<Counts.OfSequences.Rate> rates = new ArrayList<>();
        for (int k = 0; k < counts.length / 2; k++) {
            rates.add(new Counts.OfSequences.Rate(name.apply(k), counts[2 * k], counts[2 * k + 1]));
        }
        return rates;
    }

    private static List<List<Long>> rowsOf(long[] square) {
        List<List<Long>> rows = new ArrayList<>();
        for (int k = 0; k < CLASSES; k++) {
            rows.add(Arrays.stream(square, k * CLASSES, (k + 1) * CLASSES).boxed().toList());
        }
        return rows;
    }
}
