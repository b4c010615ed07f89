package org.bitdgdm.molecule;

import java.nio.file.Path;
import org.bitdgdm.model.Vocabulary;

/**
 * The text that DiGress writes of its samples ({@code src/diffusion_model_discrete.py}, {@code generated_samples*.txt}):
 * {@code N=9}, {@code X:}, one line of node classes, {@code E:}, n lines of n edge classes, an empty line.
 */
final class DigressTextReader extends GraphReader {
    /** Characters of a wrong line that an error quotes. */
    private static final int SHOWN = 40;

    private final Vocabulary vocabulary;

    DigressTextReader(Path file, Vocabulary vocabulary) {
        super(file);
        this.vocabulary = vocabulary;
    }

    @Override
    MolecularGraph read(long graphId) {
        String line = lines.nextFilled();
        if (line == null) {
            return null;
        }
        int n = size(line);
        expect("X:");
        byte[] nodes = classes(n, vocabulary.nodes().size(), "atom");
        expect("E:");
        byte[] bonds = new byte[MolecularGraph.pairs(n)];
        for (int i = 0; i < n; i++) {
            byte[] row = classes(n, vocabulary.edges().size(), "bond");
            if (row[i] != 0) {
                throw lines.malformed("the bond of node " + i + " with itself must be 0, found " + row[i]);
            }
            for (int j = 0; j < i; j++) {
                byte mirrored = bonds[MolecularGraph.pair(n, j, i)];
                if (row[j] != mirrored) {
                    throw lines.malformed("the bond of nodes " + i + " and " + j + " is " + row[j] + " here and " + mirrored
                        + " in row " + j);
                }
            }
            for (int j = i + 1; j < n; j++) {
                bonds[MolecularGraph.pair(n, i, j)] = row[j];
            }
        }
        return new MolecularGraph(graphId, nodes, bonds);
    }

    private int size(String line) {
        if (!line.matches("N=\\d{1,9}")) {
            throw lines.malformed("a graph must start with N=<number of nodes>, found " + shown(line));
        }
        int n = Integer.parseInt(line.substring(2));
        if (n < 1 || n > MAX_NODES) {
            throw lines.malformed("a graph must have 1 to " + MAX_NODES + " nodes, found " + n);
        }
        return n;
    }

    private void expect(String title) {
        String line = lines.next();
        if (line == null || !line.strip().equals(title)) {
            throw lines.malformed("expected " + title + ", found " + shown(line));
        }
    }

    private byte[] classes(int n, int known, String what) {
        String line = lines.next();
        String[] words = line == null ? new String[0] : line.strip().split("\\s+");
        if (words.length != n) {
            throw lines.malformed("expected " + n + " " + what + " classes, found "
                + (line == null ? "the end of the file" : words.length));
        }
        byte[] classes = new byte[n];
        for (int k = 0; k < n; k++) {
            if (!words[k].matches("\\d{1,3}") || Integer.parseInt(words[k]) >= known) {
                throw lines.malformed("expected " + what + " classes 0.." + (known - 1) + ", found " + shown(words[k]));
            }
            classes[k] = (byte) Integer.parseInt(words[k]);
        }
        return classes;
    }

    private static String shown(String line) {
        if (line == null) {
            return "the end of the file";
        }
        return "'" + (line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…") + "'";
    }
}
