package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.bitdgdm.model.Vocabulary;

/**
 * A SMILES a line, where {@link SmilesColumn} finds it. Either the lines as they are, whatever they hold, for those who
 * judge them, or the graphs that they stand for, for those who ask a model about them, see {@link GraphOfSmiles}.
 */
final class SmilesListReader extends GraphReader {
    /** What a line is made of that may be meant as SMILES, whole or not. */
    private static final Pattern ALPHABET =
        Pattern.compile("(?:\\[[^\\s\\[\\]]*]?|Br|Cl|[BCNOPSFIbcnops0-9()=#$:/\\\\.%@+*~-])+");
    private static final int SHOWN = 40;

    private final boolean asGraphs;
    private final String named;
    private SmilesColumn column;
    private long read;
    private long unreadable;
    private String example;
    private final GraphOfSmiles graphs;

    /** @param named column of the SMILES; empty: see {@link SmilesColumn} */
    SmilesListReader(Path file, Vocabulary vocabulary, boolean asGraphs, String named) {
        super(file);
        this.named = named;
        this.asGraphs = asGraphs;
        graphs = new GraphOfSmiles(vocabulary);
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
        try {
            return graphs.read(graphId, smiles);
        } catch (OpenSmiles.Fault e) {
            throw lines.malformed(e.getMessage() + (e.getMessage().contains(" cannot be kept ") ? "; remove the line" : ""));
        }
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
}
