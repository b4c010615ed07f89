package org.bitdgdm.metrics;

import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.molecule.TextLines;

/**
 * A file of the driver's machine that executors read, each task a piece of its bytes, so that none of its text goes through the
 * driver's memory: where executors run in the driver's process they read it where it lies, elsewhere each machine fetches it
 * from the driver once.
 *
 * @param name of the file as executors have fetched it; null where they read it where it lies
 * @param path where it lies
 * @param size bytes
 */
record SharedLines(String name, String path, long size) implements Serializable {
    /** Bytes of a piece. */
    static final long PIECE = 4 << 20;
    private static final byte[] END = {'\n'};
    private static final int BUFFER = 1 << 16;
    /** Bytes of a line at most, however its characters are written. */
    private static final int LONGEST = 4 * TextLines.LONGEST;

    /**
     * Makes a file known to executors.
     *
     * @throws InputException where it cannot be read
     */
    static SharedLines of(Path file, JavaSparkContext spark) {
        try {
            if (spark.isLocal()) {
                return new SharedLines(null, file.toAbsolutePath().toString(), Files.size(file));
            }
            // Files of one name in different folders are different files.
            Path folder = Files.createTempDirectory("bitdgdm-shared");
            Path link = Files.createSymbolicLink(folder.resolve(folder.getFileName() + "-" + file.getFileName()),
                file.toAbsolutePath());
            folder.toFile().deleteOnExit();
            link.toFile().deleteOnExit();
            spark.addFile(link.toUri().toString());
            return new SharedLines(link.getFileName().toString(), file.toString(), Files.size(file));
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The file, as a task on any machine finds it. */
    Path here() {
        return Path.of(name == null ? path : SparkFiles.get(name));
    }

    /** Where pieces begin, one for each partition, in the file's order. */
    JavaRDD<Long> pieces(JavaSparkContext spark) {
        List<Long> starts = new ArrayList<>();
        for (long start = 0; start == 0 || start < size; start += PIECE) {
            starts.add(start);
        }
        return spark.parallelize(starts, starts.size());
    }

    /** What one task on an executor makes of the whole file. */
    <T> JavaRDD<T> whole(JavaSparkContext spark, Function<Path, Iterator<T>> each) {
        return spark.parallelize(List.of(this), 1).mapPartitions(files -> each.call(files.next().here()));
    }

    /** The lines of text that is not compressed that begin in a piece. */
    Lines piece(long start) {
        return new Lines(this, start, start + PIECE >= size ? Long.MAX_VALUE : start + PIECE);
    }

    /** Those that begin in a piece or behind it. */
    Lines from(long start) {
        return new Lines(this, start, Long.MAX_VALUE);
    }

    /**
     * Lines that begin in a part of a file, without blanks at their ends and without blank ones. The first one after its start,
     * which the part before has read to its end, is not one of them.
     */
    static final class Lines implements Iterator<String>, AutoCloseable {
        private final SharedLines file;
        private final long end;
        private final LineReader lines;
        private long at;
        private long number;
        private long numberOfNext;
        private String next;

        private Lines(SharedLines file, long start, long end) {
            this.file = file;
            this.end = end;
            try {
                InputStream bytes = new BufferedInputStream(new FileInputStream(file.here().toFile()), BUFFER);
                bytes.skipNBytes(start == 0 ? 0 : start - 1);
                at = start == 0 ? 0 : start - 1;
                lines = new LineReader(bytes, BUFFER, END);
                if (start > 0) {
                    at += lines.readLine(new Text(), 0);
                }
            } catch (IOException e) {
                throw unreadable(e);
            }
            next = read();
        }

        private InputException unreadable(IOException e) {
            return new InputException(file.path + (e instanceof CharacterCodingException ? " is not UTF-8 text"
                : " cannot be read: " + e.getMessage()), e);
        }

        private String read() {
            Text line = new Text();
            try {
                while (at < end) {
                    boolean first = at == 0;
                    int read = lines.readLine(line, LONGEST);
                    if (read == 0) {
                        break;
                    }
                    at += read;
                    number++;
                    String text = Text.decode(line.getBytes(), 0, line.getLength(), false);
                    if (read > LONGEST || text.length() > TextLines.LONGEST || TextLines.hasCarriageReturn(text)) {
                        throw new InputException(file.path + " must have lines of at most " + TextLines.LONGEST
                            + " characters that end in a line feed");
                    }
                    text = (first && text.indexOf(TextLines.BYTE_ORDER_MARK) == 0 ? text.substring(1) : text).strip();
                    if (!text.isEmpty()) {
                        return text;
                    }
                }
            } catch (IOException e) {
                throw unreadable(e);
            }
            close();
            return null;
        }

        /** Lines read so far, from 1 on, blank ones among them: the number of the line that {@link #next} has given last. */
        long number() {
            return numberOfNext;
        }

        /** All lines of the part, after the last one. */
        long all() {
            return number;
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public String next() {
            if (next == null) {
                throw new NoSuchElementException("all lines were taken");
            }
            String found = next;
            numberOfNext = number;
            next = read();
            return found;
        }

        @Override
        public void close() {
            try {
                lines.close();
            } catch (IOException e) {
                throw unreadable(e);
            }
        }
    }
}
