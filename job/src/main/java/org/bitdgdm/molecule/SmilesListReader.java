package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.bitdgdm.model.Vocabulary;

/**
 * A SMILES a line, where {@link SmilesColumn} finds it. Either the lines as they are, whatever they hold, for those who
 * judge them, or the graphs that they stand for, for those who ask a model about them: hydrogens are nodes where the model has
 * them, stereochemistry and isotopes are dropped.
 *
 * <p>A graph holds neither charges nor hydrogen counts. As a graph, a line that would come back as another molecule (anions,
 * radicals, protonated amines) is refused.
 */
final class SmilesListReader extends GraphReader {
    /** What a line is made of that may be meant as SMILES, whole or not. */
    private static final Pattern ALPHABET =
        Pattern.compile("(?:\\[[^\\s\\[\\]]*]?|Br|Cl|[BCNOPSFIbcnops0-9()=#$:/\\\\.%@+*~-])+");
    private static final int SHOWN = 40;

    private final Vocabulary vocabulary;
    private final boolean asGraphs;
    private final String named;
    private SmilesColumn column;
    private long read;
    private long unreadable;
    private String example;
    private final MoleculeScorer scorer;
    /** The same molecules in Kekulé form, which every molecule has. */
    private final MoleculeScorer kekule;

    /** @param named column of the SMILES; empty: see {@link SmilesColumn} */
    SmilesListReader(Path file, Vocabulary vocabulary, boolean asGraphs, String named) {
        super(file);
        this.named = named;
        this.vocabulary = vocabulary;
        this.asGraphs = asGraphs;
        scorer = new MoleculeScorer(vocabulary);
        kekule = new MoleculeScorer(new Vocabulary(vocabulary.family(), vocabulary.nodes(), vocabulary.edges(),
            vocabulary.hydrogens(), false));
    }

    @Override
    GraphEntry read(long graphId) {
        String line = lines.nextFilled();
        if (line != null && column == null) {
            column = SmilesColumn.of(line, named);
            line = column.header() ? lines.nextFilled() : line;
        }
        if (line == null) {
            requireReadable();
            return null;
        }
        String smiles = column.of(line);
        count(smiles);
        if (!asGraphs) {
            return GraphEntry.ofLine(graphId, smiles);
        }
        ScoredGraph scored = scorer.score(smiles);
        if (!scored.molecule().valid()) {
            throw lines.malformed("'" + smiles + "' is " + ScoredMolecule.NO_MOLECULE
                + scored.molecule().reason().replaceFirst("^" + ScoredMolecule.NO_MOLECULE, ""));
        }
        requireClasses(scored.nodes(), "an element", vocabulary.nodes(), smiles);
        requireClasses(scored.bonds(), "a bond", vocabulary.edges(), smiles);
        ScoredGraph written = kekule.score(smiles);
        String remade = kekule.score(written.nodes(), written.bonds()).smiles();
        if (!scored.molecule().smiles().equals(remade)) {
            throw lines.malformed("'" + smiles + "' cannot be kept as a graph, which holds neither charges nor hydrogen"
                + " counts and would be read as " + (remade == null ? "no molecule" : remade) + "; remove the line");
        }
        return GraphEntry.of(graphId, scored.nodes(), scored.bonds());
    }

    private void count(String smiles) {
        read++;
        if (!readable(smiles)) {
            unreadable++;
            example = example != null ? example : "line " + lines.number() + " ('" + shown(smiles) + "')";
        }
    }

    /** Whether a text may be meant as SMILES, or stands in place of one. */
    static boolean readable(String smiles) {
        return smiles.equals(GraphReader.NONE) || ALPHABET.matcher(smiles).matches();
    }

    static String shown(String smiles) {
        return smiles.length() > SHOWN ? smiles.substring(0, SHOWN) + "…" : smiles;
    }

    private void requireReadable() {
        if (2 * unreadable > read) {
            throw lines.malformed(unreadable(unreadable, read, "the first at " + example));
        }
    }

    /** A generator's broken SMILES are judged one by one; a file of which most is nothing of the kind is another one. */
    static String unreadable(long unreadable, long read, String example) {
        return unreadable + " of " + read + " lines are written in letters that no SMILES has, " + example
            + "; give a list of SMILES, or name the column that has them with --smiles-column";
    }

    private void requireClasses(byte[] classes, String what, List<String> known, String smiles) {
        for (byte type : classes) {
            if (type < 0) {
                throw lines.malformed(what + " of '" + smiles + "' is not of the model's " + String.join(", ", known));
            }
        }
    }
}
