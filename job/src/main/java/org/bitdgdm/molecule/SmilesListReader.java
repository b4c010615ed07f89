package org.bitdgdm.molecule;

import java.nio.file.Path;
import org.bitdgdm.model.Vocabulary;

/**
 * A SMILES a line, where {@link SmilesColumn} finds it. Either the lines as they are, whatever they hold, for those who
 * judge them, or the graphs that they stand for, for those who ask a model about them, see {@link GraphOfSmiles}.
 */
final class SmilesListReader extends GraphReader {
    /** What may stand in a SMILES outside of brackets, beside Br and Cl. */
    private static final String ALPHABET = "BCNOPSFIbcnops0123456789()=#$:/\\.%@+*~-";
    private static final int SHOWN = 40;

    private final Path file;
    private final boolean asGraphs;
    private final String named;
    private SmilesColumn column;
    private long read;
    private long unreadable;
    private long firstUnreadable;
    private String example;
    private final GraphOfSmiles graphs;

    /** @param named column of the SMILES; empty: see {@link SmilesColumn} */
    SmilesListReader(Path file, Vocabulary vocabulary, boolean asGraphs, String named) {
        super(file);
        this.file = file;
        this.named = named;
        this.asGraphs = asGraphs;
        graphs = new GraphOfSmiles(vocabulary);
    }

    @Override
    GraphEntry read(long graphId) {
        String line = lines.nextFilled();
        if (line != null && column == null) {
            column = SmilesColumn.of(line, named);
            column.of(line, file, lines.number());
            line = column.header() ? lines.nextFilled() : line;
        }
        if (line == null) {
            requireReadable(file, unreadable, read, firstUnreadable, example);
            return null;
        }
        String smiles = column.row(line, file, lines.number());
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
            firstUnreadable = unreadable == 0 ? lines.number() : firstUnreadable;
            example = unreadable == 0 ? smiles : example;
            unreadable++;
        }
    }

    /** Whether a text may be meant as SMILES, whole or not, or stands in place of one. */
    static boolean readable(String smiles) {
        if (smiles.equals(GraphReader.NONE)) {
            return true;
        }
        int at = 0;
        while (at < smiles.length()) {
            char next = smiles.charAt(at);
            if (next == '[') {
                at = endOfBracket(smiles, at + 1);
            } else if (smiles.startsWith("Br", at) || smiles.startsWith("Cl", at)) {
                at += 2;
            } else if (ALPHABET.indexOf(next) >= 0) {
                at++;
            } else {
                return false;
            }
        }
        return at > 0;
    }

    /** Behind its closing bracket, or where there is none, before the sign that no bracket holds. */
    private static int endOfBracket(String smiles, int from) {
        int at = from;
        while (at < smiles.length() && smiles.charAt(at) != '[' && smiles.charAt(at) != ']'
            && !Character.isWhitespace(smiles.charAt(at))) {
            at++;
        }
        return at < smiles.length() && smiles.charAt(at) == ']' ? at + 1 : at;
    }

    static String shown(String smiles) {
        return smiles.length() > SHOWN ? smiles.substring(0, SHOWN) + "…" : smiles;
    }
}
