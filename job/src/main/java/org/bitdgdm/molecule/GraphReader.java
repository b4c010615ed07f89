package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;

/**
 * Graphs of a file that exist already, plain or gzip, one after another, never more than one in memory. Ids are 0-based
 * positions in the file. Parquet of ours is Spark's to read.
 *
 * <p>Malformed text ends the reading with an {@link InputException} that names file and line.
 */
public abstract sealed class GraphReader implements Iterator<GraphEntry>, AutoCloseable
    permits DigressTextReader, GraphListReader, NumpyReader, SmilesListReader {
    /** Formats of text files. */
    public enum Format {
        /** DiGress's own text: N=, X:, E:. */
        DIGRESS_TEXT,
        /** A SMILES a line, what follows it after a blank is ignored. */
        SMILES_LIST,
        /** Plain graphs as JSON. */
        GRAPH_LIST,
        /** Plain graphs as NumPy's adjacency matrices. */
        NUMPY
    }

    /** Written by the published code in place of a SMILES where a sample is no molecule. */
    static final String NONE = "None";
    /** Lines by which a text is told to be a list. */
    private static final int LOOKED_AT = 20;
    /** Bounds what a wrong number may allocate; generated graphs have at most some hundred nodes. */
    static final int MAX_NODES = 4096;

    /** The file. */
    final TextLines lines;
    private long position;
    private GraphEntry next;
    private boolean ended;

    GraphReader(Path file) {
        lines = new TextLines(file);
    }

    /**
     * Format of a file: {@code .smi} and {@code .smiles} (with or without {@code .gz}) are SMILES lists; otherwise the first
     * line that is not blank must start with {@code N=}, or with a bracket of JSON, or name a column of SMILES, or most of the
     * first lines must be SMILES; {@code .npz} and {@code .npy} are NumPy's.
     *
     * @throws InputException where the file cannot be read or is neither
     */
    public static Format format(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        String stem = name.endsWith(".gz") ? name.substring(0, name.length() - 3) : name;
        if (stem.endsWith(".smi") || stem.endsWith(".smiles")) {
            return Format.SMILES_LIST;
        }
        if (stem.endsWith(".npz") || stem.endsWith(".npy")) {
            return Format.NUMPY;
        }
        try (TextLines lines = new TextLines(file)) {
            String first = lines.nextFilled();
            if (first != null && first.startsWith("N=")) {
                return Format.DIGRESS_TEXT;
            }
            if (first != null && (first.startsWith("[") || first.startsWith("{"))) {
                return Format.GRAPH_LIST;
            }
            if (first != null && (SmilesColumn.of(first, "").header() || mostlyMolecules(file, first, lines))) {
                return Format.SMILES_LIST;
            }
        }
        throw new InputException(file + " is not a file of graphs: it must be DiGress's text (first line N=...), a list of"
            + " SMILES, each first in its line or in a column that the first line calls smiles, JSON or NumPy's adjacency matrices"
            + " of plain graphs, or for --input a folder of our Parquet");
    }

    /** Whether a text of another name begins with SMILES, or with what published lists hold in place of them. */
    private static boolean mostlyMolecules(Path file, String first, TextLines lines) {
        int seen = 0;
        int molecules = 0;
        SmilesColumn column = SmilesColumn.of(first, "");
        for (String line = first; line != null && seen < LOOKED_AT; line = lines.nextFilled()) {
            seen++;
            String word = column.of(line, file, lines.number());
            try {
                molecules += word.equals(NONE) || !OpenSmiles.read(word).isEmpty() ? 1 : 0;
            } catch (OpenSmiles.Fault e) {
                continue;
            }
        }
        return 2 * molecules > seen;
    }

    /**
     * Opens a file in the format that {@link #format} finds, to be judged: a line of a list that is no molecule is one of them.
     *
     * @throws InputException where the file cannot be read, is of no known format or of another family; while reading, where
     *     a graph is malformed
     */
    public static GraphReader open(Path file, Vocabulary vocabulary) {
        return open(file, vocabulary, false, "");
    }

    /**
     * The same of a list whose SMILES stand in a column.
     *
     * @param column its name in the first line; empty: the first that is called SMILES, else the first one
     */
    public static GraphReader open(Path file, Vocabulary vocabulary, String column) {
        return open(file, vocabulary, false, column);
    }

    /**
     * Opens a file in the format that {@link #format} finds as graphs of the vocabulary.
     *
     * @throws InputException as {@link #open(Path, Vocabulary)}, and while reading where a line of a list is no graph of the
     *     vocabulary
     */
    public static GraphReader openGraphs(Path file, Vocabulary vocabulary) {
        return open(file, vocabulary, true, "");
    }

    /**
     * Refuses a list of which more than half is nothing that may be meant as SMILES: a generator's broken SMILES are judged one
     * by one, a file of which most is nothing of the kind is another one.
     *
     * @param unreadable lines that {@link #isReadable} refuses
     * @param read       all lines
     * @param number     of the first that it refuses
     * @param smiles     in that line
     * @throws InputException where it is such a list
     */
    public static void requireReadable(Path file, long unreadable, long read, long number, String smiles) {
        if (2 * unreadable > read) {
            throw new InputException(file + ": " + unreadable + " of " + read + " lines are written in letters that no SMILES"
                + " has, the first at line " + number + " ('" + SmilesListReader.shown(smiles) + "'); give a list of SMILES,"
                + " whose column must be called smiles in the first line, or for --input be named with --smiles-column");
        }
    }

    /** Whether a text may be meant as SMILES, or stands in place of one. */
    public static boolean isReadable(String smiles) {
        return SmilesListReader.readable(smiles);
    }

    private static GraphReader open(Path file, Vocabulary vocabulary, boolean asGraphs, String column) {
        // A named column says what the file is; where its first line has none of that name, that is told.
        Format format = column.isEmpty() ? format(file) : Format.SMILES_LIST;
        require(format, file, vocabulary);
        return switch (format) {
            case DIGRESS_TEXT -> new DigressTextReader(file, vocabulary);
            case SMILES_LIST -> new SmilesListReader(file, vocabulary, asGraphs, column);
            case GRAPH_LIST -> new GraphListReader(file, vocabulary);
            case NUMPY -> new NumpyReader(file, vocabulary);
        };
    }

    /**
     * Refuses a file of another family.
     *
     * @throws InputException saying what the vocabulary's model makes
     */
    public static void require(Format format, Path file, Vocabulary vocabulary) {
        boolean molecules = vocabulary.family() == Family.MOLECULES;
        if (format == Format.SMILES_LIST && !molecules) {
            throw new InputException(file + " is a list of molecules, and the model makes plain graphs; give DiGress's text,"
                + " JSON of graphs, or for --input a folder of our Parquet");
        }
        if ((format == Format.GRAPH_LIST || format == Format.NUMPY) && molecules) {
            throw new InputException(file + " holds plain graphs, and the model makes molecules; give DiGress's text, a list"
                + " of SMILES, or for --input a folder of our Parquet");
        }
    }

    /** The next entry, or null at the end. */
    abstract GraphEntry read(long graphId);

    @Override
    public final boolean hasNext() {
        if (next == null && !ended) {
            next = read(position);
            ended = next == null;
            position += ended ? 0 : 1;
        }
        return next != null;
    }

    @Override
    public final GraphEntry next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the file ends after " + position + " graphs");
        }
        GraphEntry entry = next;
        next = null;
        return entry;
    }

    @Override
    public final void close() {
        lines.close();
    }
}
