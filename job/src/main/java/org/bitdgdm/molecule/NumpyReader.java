package org.bitdgdm.molecule;

import static org.bitdgdm.conf.InputException.excerpt;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;

/**
 * Plain graphs as adjacency matrices that NumPy has written ({@code numpy/lib/format.py}): an archive {@code .npz} of arrays, or
 * one array {@code .npy}, each of one graph (n, n) or of many of one size (graphs, n, n). Nodes are of class 0. An array of
 * Python objects is refused: it is a pickle.
 */
final class NumpyReader extends GraphReader {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_HEADER = 1 << 16;
    private static final Pattern TYPE = Pattern.compile("'descr': *'([<|=]?)([fiub])([1248])'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order': *False");
    private static final Pattern SHAPE = Pattern.compile("'shape': *\\((\\d{1,9}), *(\\d{1,9}),? *(\\d{1,9})?,?\\)");

    private final Path file;
    private final int edgeClasses;
    private final boolean archive;
    private final InputStream in;
    private String array;
    private char kind;
    private int bytes;
    private int n;
    private long left;

    NumpyReader(Path file, Vocabulary vocabulary) {
        super(file);
        this.file = file;
        this.edgeClasses = vocabulary.edges().size();
        this.archive = file.getFileName().toString().toLowerCase(java.util.Locale.ROOT).endsWith(".npz");
        try {
            InputStream all = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
            in = archive ? new ZipInputStream(all) : all;
            if (!archive) {
                readHeader();
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    @Override
    GraphEntry read(long graphId) {
        try {
            while (left == 0) {
                if (!archive) {
                    return null;
                }
                ZipEntry entry = ((ZipInputStream) in).getNextEntry();
                if (entry == null) {
                    return null;
                }
                array = entry.getName();
                readHeader();
            }
            left--;
            return matrix(graphId);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void readHeader() throws IOException {
        byte[] start = exactly(8);
        if (!java.util.Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw malformed("is no array of NumPy");
        }
        // Version 1 has the length of its header in two bytes, later ones in four.
        ByteBuffer length = ByteBuffer.wrap(exactly(start[6] == 1 ? 2 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = start[6] == 1 ? length.getShort() & 0xFFFF : length.getInt() & 0xFFFFFFFFL;
        if (headerLength > MAX_HEADER) {
            throw malformed("has a header of " + headerLength + " bytes, more than any");
        }
        String header = new String(exactly((int) headerLength), StandardCharsets.ISO_8859_1);
        Matcher type = TYPE.matcher(header);
        Matcher shape = SHAPE.matcher(header);
        if (!type.find() || !ORDER.matcher(header).find() || !shape.find()) {
            throw malformed("must hold little-endian numbers in the order of rows, of the shape (n, n) or (graphs, n, n), found "
                + excerpt(header.strip()));
        }
        kind = type.group(2).charAt(0);
        bytes = Integer.parseInt(type.group(3));
        boolean many = shape.group(3) != null;
        left = many ? Long.parseLong(shape.group(1)) : 1;
        n = Integer.parseInt(shape.group(2));
        int columns = Integer.parseInt(many ? shape.group(3) : shape.group(1));
        if (n != columns || n > MAX_NODES) {
            throw malformed("must hold square matrices of at most " + MAX_NODES + " rows, found " + columns + " by " + n);
        }
    }

    private GraphEntry matrix(long graphId) throws IOException {
        ByteBuffer numbers = ByteBuffer.wrap(exactly(n * n * bytes)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] edges = new byte[Graph.pairs(n)];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double number = number(numbers);
                if (number != Math.rint(number) || number < 0 || number >= edgeClasses) {
                    throw malformed("must hold edge classes 0.." + (edgeClasses - 1) + ", found " + number + " in graph "
                        + graphId);
                }
                byte known = i <= j ? (byte) number : edges[Graph.pair(n, j, i)];
                if (i == j && number != 0 || i > j && known != (byte) number) {
                    throw malformed("must hold symmetric matrices with a diagonal of 0, found " + number + " at row " + i
                        + ", column " + j + " of graph " + graphId);
                }
                if (i < j) {
                    edges[Graph.pair(n, i, j)] = (byte) number;
                }
            }
        }
        return GraphEntry.of(graphId, new byte[n], edges);
    }

    private double number(ByteBuffer numbers) {
        if (kind == 'f') {
            return bytes == 4 ? numbers.getFloat() : bytes == 8 ? numbers.getDouble() : Double.NaN;
        }
        return switch (bytes) {
            case 1 -> kind == 'i' ? numbers.get() : numbers.get() & 0xFF;
            case 2 -> numbers.getShort();
            case 4 -> numbers.getInt();
            default -> numbers.getLong();
        };
    }

    private byte[] exactly(int length) throws IOException {
        byte[] read = in.readNBytes(length);
        if (read.length < length) {
            throw new EOFException("it is cut short");
        }
        return read;
    }

    private InputException malformed(String what) {
        return new InputException(file + (array == null ? "" : ": array " + excerpt(array)) + " " + what);
    }

    private InputException unreadable(IOException e) {
        return new InputException(file + " cannot be read (" + e.getMessage() + "); it may be damaged, copy it again", e);
    }
}
