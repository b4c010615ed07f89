package org.bitdgdm.molecule;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.bitdgdm.conf.InputException;

/**
 * Lines of a UTF-8 text file, plain or gzip whatever its name says, with their numbers for error messages. A byte order mark
 * before the text is no part of it.
 */
public final class TextLines implements AutoCloseable {
    private static final int GZIP_MAGIC_0 = 0x1f;
    private static final int GZIP_MAGIC_1 = 0x8b;
    private static final int BUFFER = 1 << 16;
    /** Characters of a line at most: bounds what a file without line ends may allocate. */
    public static final int LONGEST = 1 << 21;
    /** Begins the text of some programs, and is none of it. */
    public static final char BYTE_ORDER_MARK = '\ufeff';

    private final Path file;
    private final Utf8Reader text;
    private final BufferedReader lines;
    private long number;

    /**
     * Opens a file.
     *
     * @throws InputException where it cannot be read
     */
    public TextLines(Path file) {
        this.file = file;
        try {
            PushbackInputStream bytes = new PushbackInputStream(Files.newInputStream(file), 2);
            byte[] magic = bytes.readNBytes(2);
            bytes.unread(magic);
            InputStream plain = isGzip(magic) ? new GZIPInputStream(bytes, BUFFER) : bytes;
            text = new Utf8Reader(plain);
            lines = new BufferedReader(text, BUFFER);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /**
     * Whether a file is compressed, whatever its name says.
     *
     * @throws InputException where it cannot be read
     */
    public static boolean isGzip(Path file) {
        try (InputStream bytes = Files.newInputStream(file)) {
            return isGzip(bytes.readNBytes(2));
        } catch (IOException e) {
            throw new InputException(file + " cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static boolean isGzip(byte[] magic) {
        return magic.length == 2 && (magic[0] & 0xff) == GZIP_MAGIC_0 && (magic[1] & 0xff) == GZIP_MAGIC_1;
    }

    /**
     * The next line that is not blank, without blanks at its ends; null at the end of the file.
     *
     * @throws InputException where the file cannot be read on
     */
    public String nextFilled() {
        String line = next();
        while (line != null && line.isBlank()) {
            line = next();
        }
        return line == null ? null : line.strip();
    }

    /**
     * The next line, null at the end of the file.
     *
     * @throws InputException where the file cannot be read on, or the line is longer than any of a graph
     */
    public String next() {
        try {
            // Before it is read: what cannot be is in this line.
            number++;
            if (number == 1) {
                skipByteOrderMark();
            }
            int read = lines.read();
            if (read < 0) {
                number--;
                return null;
            }
            StringBuilder line = new StringBuilder();
            for (; read >= 0 && read != '\n'; read = lines.read()) {
                if (line.length() == LONGEST) {
                    throw malformed("a line must have at most " + LONGEST + " characters");
                }
                line.append((char) read);
            }
            requireLineEnds(line);
            int end = line.length() - (line.length() > 0 && line.charAt(line.length() - 1) == '\r' ? 1 : 0);
            return line.substring(0, end);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** Text whose lines end in carriage returns alone would be one line, of which readers take the first word. */
    private void requireLineEnds(CharSequence line) {
        if (hasCarriageReturn(line)) {
            throw malformed("lines must end in a line feed, found a carriage return alone; convert the file, for example with"
                + " tr '\\r' '\\n'");
        }
    }

    /** Whether a carriage return stands before anything of a line that is not blank. */
    public static boolean hasCarriageReturn(CharSequence line) {
        int end = line.length();
        while (end > 0 && Character.isWhitespace(line.charAt(end - 1))) {
            end--;
        }
        int start = 0;
        while (start < end && Character.isWhitespace(line.charAt(start))) {
            start++;
        }
        while (start < end && line.charAt(start) != '\r') {
            start++;
        }
        return start < end;
    }

    /** The text of a file of which no line was read, for a reader that does not go by lines. */
    Reader rest() {
        try {
            skipByteOrderMark();
            return lines;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void skipByteOrderMark() throws IOException {
        lines.mark(1);
        if (lines.read() != BYTE_ORDER_MARK) {
            lines.reset();
        }
    }

    /** Number of the line read last, from 1; 0 before the first. */
    public long number() {
        return number;
    }

    /** What a line holds before the first blank. */
    public static String firstWord(String line) {
        return line.split("\\s+", 2)[0];
    }

    /** Bad input at the line read last. */
    public InputException malformed(String what) {
        return malformed(file, number, what);
    }

    /** Bad input at a line of a file. */
    public static InputException malformed(Path file, long number, String what) {
        return new InputException(file + " line " + number + ": " + what);
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private InputException unreadable(IOException e) {
        return unreadable(e, number);
    }

    /**
     * What is told of a file that cannot be read on.
     *
     * @param line where; 0: before its text begins
     */
    InputException unreadable(IOException e, long line) {
        if (e instanceof NoSuchFileException) {
            return new InputException("no file " + file, e);
        }
        if (e instanceof CharacterCodingException && text.isUtf16()) {
            return new InputException(file + " is UTF-16 text and must be UTF-8; convert it with iconv -f UTF-16 -t UTF-8", e);
        }
        String where = line > 0 ? " in line " + line : "";
        if (e instanceof CharacterCodingException) {
            return new InputException(file + " is not UTF-8 text" + where
                + "; convert it, where it is Latin-1 with iconv -f LATIN1 -t UTF-8", e);
        }
        if (e instanceof EOFException || e instanceof ZipException) {
            return new InputException(file + (e instanceof EOFException ? " is cut short" + where
                : " is damaged" + where + " (" + e.getMessage() + ")") + "; copy or make it again", e);
        }
        return new InputException(file + " cannot be read" + where + " ("
            + (e instanceof AccessDeniedException ? "access denied" : e.getMessage())
            + "); check that it is a file and its permissions", e);
    }
}
