package org.bitdgdm.metrics;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.SequenceSampler;
import org.bitdgdm.protein.SurveyedChain;

/**
 * Rows of sequences: of each chain one row for every sample and, behind them, one without a sample for the ensemble, whose
 * logits are the mean of the samples'; of a refused chain one row with a reason. Column {@code fixed} has a 1 for each residue
 * that was given and a 0 for each designed one; it is null where none was given.
 */
public final class SequenceRows {
    /** Name of the folder of the rows. */
    public static final String FOLDER = "sequences";
    /** Columns, in this order. */
    public static final StructType SCHEMA = new StructType()
        .add("graph_id", DataTypes.LongType, false)
        .add("structure", DataTypes.StringType, false)
        .add("chain", DataTypes.StringType, false)
        .add("sample", DataTypes.IntegerType, true)
        .add("length", DataTypes.IntegerType, false)
        .add("sequence", DataTypes.StringType, true)
        .add("native", DataTypes.StringType, true)
        .add("states", DataTypes.StringType, true)
        .add("designed", DataTypes.IntegerType, false)
        .add("recovered", DataTypes.IntegerType, true)
        .add("recovery", DataTypes.DoubleType, true)
        .add("mean_log_likelihood", DataTypes.DoubleType, true)
        .add("log_probabilities", DataTypes.createArrayType(DataTypes.FloatType, false), true)
        .add("reason", DataTypes.StringType, true)
        .add("note", DataTypes.StringType, true)
        .add("fixed", DataTypes.StringType, true);
    /** Place of the number of the sample among the columns. */
    public static final int SAMPLE = SCHEMA.fieldIndex("sample");
    private static final int CLASSES = ResidueDiffusion.CLASSES;

    private final SurveyedChain chain;
    private final ProteinGraph protein;
    private final boolean[] fixed;
    private final String states;
    private final String nativeLetters;
    private final int designed;
    private final String given;

    /** @param fixed (N) residues that were not designed, and do not count */
    public SequenceRows(SurveyedChain chain, ProteinGraph protein, boolean[] fixed) {
        this.chain = chain;
        this.protein = protein;
        this.fixed = fixed;
        this.nativeLetters = letters(protein.sequence());
        this.states = states(protein);
        int free = 0;
        StringBuilder signs = new StringBuilder(fixed.length);
        for (boolean stays : fixed) {
            free += stays ? 0 : 1;
            signs.append(stays ? '1' : '0');
        }
        this.designed = free;
        this.given = free == fixed.length ? null : signs.toString();
    }

    /** The row of a chain that is refused. */
    public static Row refused(long id, SurveyedChain chain, String reason) {
        return RowFactory.create(id, chain.structure(), chain.chain(), null, 0, null, null, null, 0, null, null, null, null,
            reason, note(chain), null);
    }

    /**
     * The row of a sequence that exists already; it has no likelihood.
     *
     * @param name   as the sequence names its chain
     * @param chain  structure, chain, native residues and states; null where none has that name, empty where several have
     * @param sample 0, or null for the sequence of an ensemble
     */
    public static Row scored(long id, String name, String[] chain, Integer sample, String sequence) {
        String reason = null;
        if (chain == null) {
            reason = "no chain of this name among the structures";
        } else if (chain.length == 0) {
            reason = "a structure of several chains, named without one";
        } else if (chain[2].length() != sequence.length()) {
            reason = "not as long as its native chain";
        } else if (!sequence.chars().allMatch(letter -> ProteinGraph.LETTERS.indexOf(letter) >= 0)) {
            reason = "letters that are none of the twenty residues";
        }
        if (reason != null) {
            return RowFactory.create(id, name, "", sample, 0, null, null, null, 0, null, null, null, null, reason, null, null);
        }
        int recovered = 0;
        for (int i = 0; i < sequence.length(); i++) {
            recovered += sequence.charAt(i) == chain[2].charAt(i) ? 1 : 0;
        }
        return RowFactory.create(id, chain[0], chain[1], sample, sequence.length(), sequence, chain[2], chain[3],
            sequence.length(), recovered, recovered / (double) sequence.length(), null, null, null, null, null);
    }

    private static String note(SurveyedChain chain) {
        return chain.models() > 1 ? "the first of " + chain.models() + " models" : null;
    }

    /** Residues as letters. */
    public static String letters(byte[] sequence) {
        StringBuilder letters = new StringBuilder(sequence.length);
        for (byte residue : sequence) {
            letters.append(ProteinGraph.LETTERS.charAt(residue));
        }
        return letters.toString();
    }

    /** States of secondary structure as letters; {@code ?} where it is not known. */
    static String states(ProteinGraph protein) {
        int classes = ProteinGraph.STATES.length();
        StringBuilder states = new StringBuilder(protein.residues());
        for (int i = 0; i < protein.residues(); i++) {
            char state = '?';
            for (int k = 0; k < classes; k++) {
                state = protein.structure()[i * classes + k] == 1 ? ProteinGraph.STATES.charAt(k) : state;
            }
            states.append(state);
        }
        return states.toString();
    }

    /**
     * The row of logits.
     *
     * @param sample        number; null for the ensemble
     * @param logits        holds (N, 20) logits
     * @param from          index of the first of them
     * @param probabilities whether the row has all of their log-probabilities
     */
    public Row row(long id, Integer sample, float[] logits, int from, boolean probabilities) {
        byte[] sequence = SequenceSampler.sequence(protein, logits, from, fixed);
        double[] p = new double[CLASSES];
        float[] logs = probabilities ? new float[sequence.length * CLASSES] : null;
        double sum = 0;
        int recovered = 0;
        for (int i = 0; i < sequence.length; i++) {
            SequenceSampler.softmax(logits, from + i * CLASSES, p);
            if (!fixed[i]) {
                // A probability that a double cannot tell from 0 counts as the least that it can.
                sum += Math.log(Math.max(Double.MIN_NORMAL, p[protein.sequence()[i]]));
                recovered += sequence[i] == protein.sequence()[i] ? 1 : 0;
            }
            for (int k = 0; k < CLASSES && probabilities; k++) {
                logs[i * CLASSES + k] = (float) Math.log(Math.max(Double.MIN_NORMAL, p[k]));
            }
        }
        return RowFactory.create(id, chain.structure(), chain.chain(), sample, sequence.length, letters(sequence),
            nativeLetters, states, designed, designed == 0 ? null : recovered,
            designed == 0 ? null : recovered / (double) designed, designed == 0 ? null : sum / designed, logs, null,
            note(chain), given);
    }
}
