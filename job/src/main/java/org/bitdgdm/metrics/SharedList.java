package org.bitdgdm.metrics;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.molecule.GraphEntry;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.molecule.SmilesColumn;
import org.bitdgdm.molecule.TextLines;

/**
 * A list of SMILES that is not compressed, as executors read it. One pass over its pieces counts their lines, so that a task
 * finds the line of any position; the driver knows a few numbers of each piece.
 */
public final class SharedList implements Serializable {
    private static final long serialVersionUID = 1;
    /** Unreadable lines, and headers, that a piece names: the header may be one. */
    private static final int NAMED = 2;

    private final SharedLines lines;
    private final SmilesColumn column;
    /** By piece, filled lines before it; one more for all of the file. */
    private final long[] before;
    /** By piece, all lines before it. */
    private final long[] numbers;

    /** A row with the number of its line, from 1. */
    record Line(long number, String smiles) implements Serializable {
    }

    /**
     * What is known of a piece.
     *
     * @param filled     lines that are not blank
     * @param all        lines
     * @param unreadable filled lines that {@link GraphReader#isReadable} refuses
     * @param named      the first of them
     * @param headers    the first that are a header
     * @param broken     whether it cannot be read to its end
     */
    private record Piece(long filled, long all, long unreadable, List<Unreadable> named, List<Unreadable> headers,
                         boolean broken)
        implements Serializable {
    }

    /**
     * A line of a piece.
     *
     * @param place  among its filled lines, from 0
     * @param number among all of its lines, from 1
     */
    private record Unreadable(long place, long number, String smiles) implements Serializable {
    }

    private SharedList(SharedLines lines, SmilesColumn column, long[] before, long[] numbers) {
        this.lines = lines;
        this.column = column;
        this.before = before;
        this.numbers = numbers;
    }

    /**
     * Counts the lines of a list.
     *
     * @param named column of the SMILES; empty: see {@link SmilesColumn}
     * @throws InputException where the file cannot be read, is of more than half no list of SMILES, or has no such column
     */
    public static SharedList of(Path file, String named, JavaSparkContext spark) {
        String first;
        try (TextLines text = new TextLines(file)) {
            first = text.nextFilled();
        }
        SmilesColumn column = first == null ? SmilesColumn.of("", "") : SmilesColumn.of(first, named);
        SharedLines lines = SharedLines.of(file, spark);
        List<Piece> pieces = lines.pieces(spark).map(start -> counted(lines, start, column)).collect();
        if (pieces.stream().anyMatch(Piece::broken)) {
            // Whoever reads it in one knows the line.
            try (TextLines text = new TextLines(file)) {
                for (String line = text.nextFilled(); line != null; line = text.nextFilled()) {
                    column.of(line, file, text.number());
                }
            }
            throw new InputException(file + " could be read by this process, and not by all tasks that read parts of it; it"
                + " must not change while it is read");
        }
        long[] before = new long[pieces.size() + 1];
        long[] numbers = new long[pieces.size() + 1];
        for (int piece = 0; piece < pieces.size(); piece++) {
            before[piece + 1] = before[piece] + pieces.get(piece).filled();
            numbers[piece + 1] = numbers[piece] + pieces.get(piece).all();
        }
        SharedList list = new SharedList(lines, column, before, numbers);
        list.requireOneHeader(file, pieces);
        list.requireReadable(file, pieces);
        return list;
    }

    private static String of(String line, SharedLines file, SharedLines.Lines read, SmilesColumn column) {
        return column.of(line, Path.of(file.path()), read.number());
    }

    private static Piece counted(SharedLines file, long start, SmilesColumn column) {
        long filled = 0;
        long unreadable = 0;
        List<Unreadable> named = new ArrayList<>();
        List<Unreadable> headers = new ArrayList<>();
        try (SharedLines.Lines lines = file.piece(start)) {
            for (; lines.hasNext(); filled++) {
                String smiles = of(lines.next(), file, lines, column);
                if (column.isAgain(smiles) && headers.size() < NAMED) {
                    headers.add(new Unreadable(filled, lines.number(), smiles));
                }
                if (!GraphReader.isReadable(smiles)) {
                    unreadable++;
                    if (named.size() < NAMED) {
                        named.add(new Unreadable(filled, lines.number(), smiles));
                    }
                }
            }
            return new Piece(filled, lines.all(), unreadable, named, headers, false);
        } catch (InputException e) {
            return new Piece(filled, 0, unreadable, named, headers, true);
        }
    }

    private void requireOneHeader(Path file, List<Piece> pieces) {
        for (int piece = 0; piece < pieces.size(); piece++) {
            for (Unreadable one : pieces.get(piece).headers()) {
                if (before[piece] + one.place() > 0) {
                    throw column.again(file, numbers[piece] + one.number());
                }
            }
        }
    }

    private void requireReadable(Path file, List<Piece> pieces) {
        long unreadable = 0;
        Line first = null;
        for (int piece = 0; piece < pieces.size(); piece++) {
            unreadable += pieces.get(piece).unreadable();
            for (Unreadable one : pieces.get(piece).named()) {
                if (column.header() && before[piece] + one.place() == 0) {
                    unreadable--;
                } else if (first == null) {
                    first = new Line(numbers[piece] + one.number(), one.smiles());
                }
            }
        }
        if (first != null) {
            GraphReader.requireReadable(file, unreadable, rows(), first.number(), first.smiles());
        }
    }

    /** Lines that are not blank, without the header. */
    public long rows() {
        return Math.max(0, before[before.length - 1] - (column.header() ? 1 : 0));
    }

    /**
     * Some rows in their order, for a task.
     *
     * @param first position of the first of them, from 0
     * @param count of them, no more than there are
     */
    public Iterator<GraphEntry> rows(long first, long count) {
        long line = first + (column.header() ? 1 : 0);
        int place = Arrays.binarySearch(before, 0, before.length - 1, line);
        int piece = place >= 0 ? place : -place - 2;
        SharedLines.Lines found = lines.from(piece * SharedLines.PIECE);
        closeWithTask(found);
        for (long skipped = before[piece]; skipped < line; skipped++) {
            found.next();
        }
        return new Iterator<>() {
            private long next = first;

            @Override
            public boolean hasNext() {
                return next < first + count;
            }

            @Override
            public GraphEntry next() {
                return GraphEntry.ofLine(next++, of(found.next(), lines, found, column));
            }
        };
    }

    /** All rows, a partition for each piece. */
    JavaRDD<Line> lines(JavaSparkContext spark) {
        return lines.pieces(spark).mapPartitionsWithIndex((piece, starts) -> lines(piece, starts.next()), false);
    }

    private Iterator<Line> lines(int piece, long start) {
        SharedLines.Lines found = lines.piece(start);
        closeWithTask(found);
        if (column.header() && before[piece] == 0 && found.hasNext()) {
            found.next();
        }
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return found.hasNext();
            }

            @Override
            public Line next() {
                String smiles = of(found.next(), lines, found, column);
                return new Line(numbers[piece] + found.number(), smiles);
            }
        };
    }

    private static void closeWithTask(SharedLines.Lines lines) {
        TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> lines.close());
    }
}
