package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.bitdgdm.conf.InputException;

/**
 * Graphs of a text file, one after another, never more than one in memory. Ids are 0-based positions in the file.
 *
 * <p>Malformed text ends the reading with an {@link InputException} that names file and line.
 */
public abstract sealed class GraphReader implements Iterator<MolecularGraph>, AutoCloseable
    permits DigressTextReader, GraphListReader, NumpyReader, SmilesListReader {
    /** Bounds what a wrong number may allocate; generated graphs have at most some hundred nodes. */
    static final int MAX_NODES = 4096;

    /** The file. */
    final TextLines lines;
    private long position;
    private MolecularGraph next;
    private boolean ended;

    GraphReader(Path file) {
        lines = new TextLines(file);
    }

    /** The next graph, or null at the end. */
    abstract MolecularGraph read(long graphId);

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
    public final MolecularGraph next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the file ends after " + position + " graphs");
        }
        MolecularGraph graph = next;
        next = null;
        return graph;
    }

    @Override
    public final void close() {
        lines.close();
    }
}
