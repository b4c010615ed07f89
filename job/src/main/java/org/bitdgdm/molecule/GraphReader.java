package org.bitdgdm.molecule;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackInputStream;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.bitdgdm.conf.InputException;

/**
 * Graphs of a text file, one after another, never more than one in memory. Ids are 0-based positions in the file.
 *
 * <p>Malformed text ends the reading with an {@link InputException} that names file and line.
 */
public abstract sealed class GraphReader implements Iterator<MolecularGraph>, AutoCloseable
    permits DigressTextReader, SmilesListReader {
    /** Bounds what a wrong number may allocate; generated graphs have at most some hundred nodes. */
    static final int MAX_NODES = 4096;

    private static final int GZIP_MAGIC_0 = 0x1f;
    private static final int GZIP_MAGIC_1 = 0x8b;

    private final Path file;
    private final BufferedReader lines;
    private long lineNumber;
    private long position;
    private MolecularGraph next;
    private boolean ended;

    GraphReader(Path file) {
        this.file = file;
        this.lines = open(file);
    }

    /** Text of a file, plain or gzip whatever its name says. */
    static BufferedReader open(Path file) {
        try {
            PushbackInputStream bytes = new PushbackInputStream(Files.newInputStream(file), 2);
            byte[] magic = bytes.readNBytes(2);
            bytes.unread(magic);
            boolean gzip = magic.length == 2 && (magic[0] & 0xff) == GZIP_MAGIC_0 && (magic[1] & 0xff) == GZIP_MAGIC_1;
            InputStream plain = gzip ? new GZIPInputStream(bytes, 1 << 16) : bytes;
            // A decoder of its own reports bytes that are not UTF-8 instead of replacing them.
            return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8.newDecoder()), 1 << 16);
        } catch (IOException e) {
            throw new InputException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** What {@link IOException}s of {@link #open}'s reader mean, in one sentence. */
    static InputException unreadable(Path file, long lineNumber, IOException e) {
        String what = e instanceof EOFException ? "is cut short"
            : e instanceof ZipException ? "is damaged (" + e.getMessage() + ")"
            : e instanceof MalformedInputException ? "is not UTF-8 text"
            : "cannot be read (" + e.getMessage() + ")";
        return new InputException(file + " " + what + " after line " + lineNumber, e);
    }

    /** The next graph, or null at the end. */
    abstract MolecularGraph read(long graphId);

    /** The next line, or null at the end. */
    final String line() {
        try {
            String line = lines.readLine();
            lineNumber += line == null ? 0 : 1;
            return line;
        } catch (IOException e) {
            throw unreadable(file, lineNumber, e);
        }
    }

    /** Bad input at the line read last. */
    final InputException malformed(String what) {
        return new InputException(file + " line " + lineNumber + ": " + what);
    }

    @Override
    public final boolean hasNext() {
        if (next == null && !ended) {
            next = read(position);
            ended = next == null;
            position++;
        }
        return next != null;
    }

    @Override
    public final MolecularGraph next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no graph after " + (position - 1) + " in " + file);
        }
        MolecularGraph graph = next;
        next = null;
        return graph;
    }

    @Override
    public final void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw unreadable(file, lineNumber, e);
        }
    }
}
