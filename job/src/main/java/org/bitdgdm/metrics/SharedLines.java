package org.bitdgdm.metrics;

import java.io.BufferedInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.util.LineReader;
import org.apache.spark.SparkFiles;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.bitdgdm.conf.InputException;

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
    /** Bounds what a line may take of memory; the rest of a longer one is left out, and what is left is no molecule. */
    private static final int LONGEST = 1 << 16;

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

    /**
     * The lines of text that is not compressed, without blanks at their ends and without blank ones; each piece is a partition,
     * in the file's order.
     */
    JavaRDD<String> lines(JavaSparkContext spark) {
        return pieces(spark).mapPartitions(starts -> new Lines(this, starts.next()));
    }

    /** Where pieces begin, one for each partition. */
    private JavaRDD<Long> pieces(JavaSparkContext spark) {
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

    /** Lines that begin in a piece; the first one after its start, which the piece before has read to its end, is not one. */
    private static final class Lines implements Iterator<String> {
        private final SharedLines file;
        private final long end;
        private final LineReader lines;
        private long at;
        private String next;

        Lines(SharedLines file, long start) throws IOException {
            this.file = file;
            end = start + PIECE >= file.size ? Long.MAX_VALUE : start + PIECE;
            InputStream bytes = new BufferedInputStream(new FileInputStream(file.here().toFile()), BUFFER);
            bytes.skipNBytes(start == 0 ? 0 : start - 1);
            at = start == 0 ? 0 : start - 1;
            lines = new LineReader(bytes, BUFFER, END);
            if (start > 0) {
                at += lines.readLine(new Text(), 0);
            }
            next = read();
        }

        private String read() throws IOException {
            Text line = new Text();
            while (at < end) {
                int read = lines.readLine(line, LONGEST);
                if (read == 0) {
                    break;
                }
                at += read;
                String text = line.toString().strip();
                if (!text.isEmpty()) {
                    return text;
                }
            }
            lines.close();
            return null;
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public String next() {
            String found = next;
            try {
                next = read();
            } catch (IOException e) {
                throw new InputException(file.path + " cannot be read: " + e.getMessage(), e);
            }
            return found;
        }
    }
}
