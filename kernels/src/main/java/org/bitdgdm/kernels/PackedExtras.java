package org.bitdgdm.kernels;

import java.util.Arrays;

/** The parts of a linear layer that came with version 2 of {@link PackedModelFormat}, to bytes and back. */
final class PackedExtras {
    private static final int SCALE = 1;
    private static final int FIRST = 2;
    private static final int PERMUTATION = 4;
    private static final int SECOND = 8;

    private static final int MOST_PLACES = 1 << 26;

    private PackedExtras() {
    }

    /** Codebook, transform and branch, as far as they are there. */
    static void write(ByteSink sink, PackedLinear linear) {
        if (linear.codebook != null) {
            Codebook codebook = linear.codebook;
            sink.int8(codebook.bits());
            sink.int32(codebook.entries());
            sink.halves(codebook.table());
            sink.codes(codebook.indices(), codebook.bits());
        }
        if (linear.transform != null) {
            InputTransform transform = linear.transform;
            sink.int32(transform.block());
            sink.int8((transform.scale().length > 0 ? SCALE : 0) | (transform.first().length > 0 ? FIRST : 0)
                | (transform.permutation().length > 0 ? PERMUTATION : 0) | (transform.second().length > 0 ? SECOND : 0));
            sink.floats(transform.scale());
            sink.halves(transform.first());
            for (int from : transform.permutation()) {
                sink.int16(from);
            }
            sink.halves(transform.second());
        }
        if (linear.branch != null) {
            sink.int32(linear.branch.rank());
            sink.halves(linear.branch.down());
            sink.halves(linear.branch.up());
        }
    }

    static Codebook readCodebook(ByteSource source, String name, int in, int out) {
        int bits = source.int8(name + " codebook bits");
        int entries = source.int32(name + " codebook entries");
        PackedModelFormat.require(bits >= 2 && bits <= 8, name + " codebook bits must be in 2..8, found " + bits);
        float[] table = source.halves(name + " codebook tables", (long) out * entries);
        return new Codebook(in, out, bits, entries, source.indices(name + " codebook indices", (long) in * out, bits), table);
    }

    static InputTransform readTransform(ByteSource source, String name, int width) {
        int block = source.int32(name + " block of the transform");
        int parts = source.int8(name + " parts of the transform");
        PackedModelFormat.require((parts & ~(SCALE | FIRST | PERMUTATION | SECOND)) == 0, name
            + " parts of the transform must be in 0..15, found " + parts);
        PackedModelFormat.require(block >= 0 && (block > 0 || (parts & (FIRST | SECOND)) == 0), name
            + " block of the transform must be positive where it rotates, found " + block);
        long size = block == 0 ? 0
            : (long) (width / block) * block * block + (long) (width % block) * (width % block);
        float[] scale = source.floats(name + " scale of the transform", (parts & SCALE) != 0 ? width : 0);
        float[] first = source.halves(name + " first rotation", (parts & FIRST) != 0 ? size : 0);
        int[] permutation = source.shorts(name + " permutation", (parts & PERMUTATION) != 0 ? width : 0);
        float[] second = source.halves(name + " second rotation", (parts & SECOND) != 0 ? size : 0);
        return new InputTransform(width, scale, block, first, permutation, second);
    }

    static LowRankBranch readBranch(ByteSource source, String name, int in, int out) {
        int rank = source.int32(name + " rank of the branch");
        return new LowRankBranch(in, out, rank, source.halves(name + " branch A", (long) in * rank),
            source.halves(name + " branch B", (long) rank * out));
    }

    /** Rows of a sparse part by what they hold; the width is written already. */
    static void writeCounted(ByteSink sink, SparseRows sparse) {
        for (int row = 0; row < sparse.rows(); row++) {
            sink.int16(count(sparse, row));
        }
        for (int column : sparse.columns()) {
            if (column >= 0) {
                sink.int16(column);
            }
        }
        for (int at = 0; at < sparse.values().length; at++) {
            if (sparse.columns()[at] >= 0) {
                sink.float32(sparse.values()[at]);
            }
        }
    }

    private static int count(SparseRows sparse, int row) {
        int count = 0;
        while (count < sparse.width() && sparse.columns()[row * sparse.width() + count] >= 0) {
            count++;
        }
        return count;
    }

    static SparseRows readCounted(ByteSource source, String name, int in, int out) {
        int width = source.int32(name + " sparse width");
        int[] counts = source.shorts(name + " sparse counts", in);
        int entries = 0;
        int longest = 0;
        for (int count : counts) {
            entries = Math.addExact(entries, count);
            longest = Math.max(longest, count);
        }
        PackedModelFormat.require(width == longest, name + " sparse width must be that of the longest row, " + longest
            + ", found " + width);
        int[] used = source.shorts(name + " sparse columns", entries);
        float[] values = source.floats(name + " sparse values", entries);
        // Unequal rows take more room in memory than in the file.
        PackedModelFormat.require((long) in * width <= MOST_PLACES, name + " sparse part must have at most " + MOST_PLACES
            + " places, found " + (long) in * width);
        int[] columns = new int[Math.multiplyExact(in, width)];
        float[] places = new float[columns.length];
        Arrays.fill(columns, -1);
        int next = 0;
        for (int row = 0; row < in; row++) {
            for (int k = 0; k < counts[row]; k++) {
                columns[row * width + k] = used[next];
                places[row * width + k] = values[next++];
            }
        }
        return new SparseRows(in, out, width, columns, places);
    }
}
