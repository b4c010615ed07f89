package org.bitdgdm.molecule;

import java.nio.file.Path;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;

/**
 * The text that DiGress writes of its samples ({@code src/diffusion_model_discrete.py}, {@code generated_samples*.txt}):
 * {@code N=9}, {@code X:}, one line of node classes, {@code E:}, n lines of n edge classes, an empty line.
 */
final class DigressTextReader extends GraphReader {
    /** Characters of a wrong line that an error quotes. */
    private static final int SHOWN = 40;

    private final Vocabulary vocabulary;
    /** What a node and an edge are called. */
    private final String[] words;

    DigressTextReader(Path file, Vocabulary vocabulary) {
        super(file);
        this.vocabulary = vocabulary;
        this.words = vocabulary.family() == Family.MOLECULES ? new String[] {"atom", "bond"} : new String[] {"node", "edge"};
    }

    @Override
    GraphEntry read(long graphId) {
        String line = lines.nextFilled();
        if (line == null) {
            return null;
        }
        int n = size(line);
        byte[] nodes = nodes(n);
        byte[] bonds = new byte[Graph.pairs(n)];
        for (int i = 0; i < n; i++) {
            byte[] row = classes(n, vocabulary.edges().size(), words[1]);
            if (row[i] != 0) {
                throw lines.malformed("the " + words[1] + " of node " + i + " with itself must be 0, found " + row[i]);
            }
            for (int j = 0; j < i; j++) {
                byte mirrored = bonds[Graph.pair(n, j, i)];
                if (row[j] != mirrored) {
                    throw lines.malformed("the " + words[1] + " of nodes " + i + " and " + j + " is " + row[j] + " here and " + mirrored
                        + " in row " + j);
                }
            }
            for (int j = i + 1; j < n; j++) {
                bonds[Graph.pair(n, i, j)] = row[j];
            }
        }
        return GraphEntry.of(graphId, nodes, bonds);
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

    /** Where there is one class of nodes, their line may be left out. */
    private byte[] nodes(int n) {
        String title = lines.next();
        if (title != null && title.strip().equals("E:") && vocabulary.nodes().size() == 1) {
            return new byte[n];
        }
        expect("X:", title);
        byte[] nodes = classes(n, vocabulary.nodes().size(), words[0]);
        expect("E:", lines.next());
        return nodes;
    }

    private void expect(String title, String line) {
        if (line == null || !line.strip().equals(title)) {
            throw lines.malformed("expected " + title + ", found " + shown(line));
        }
    }

    private byte[] classes(int n, int known, String what) {
        String line = lines.next();
        String[] found = line == null ? new String[0] : line.strip().split("\\s+");
        if (found.length != n) {
            throw lines.malformed("expected " + n + " " + what + " classes, found "
                + (line == null ? "the end of the file" : found.length));
        }
        byte[] classes = new byte[n];
        for (int k = 0; k < n; k++) {
            if (!found[k].matches("\\d{1,3}") || Integer.parseInt(found[k]) >= known) {
                throw lines.malformed("expected " + what + " classes 0.." + (known - 1) + ", found " + shown(found[k]));
            }
            classes[k] = (byte) Integer.parseInt(found[k]);
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
