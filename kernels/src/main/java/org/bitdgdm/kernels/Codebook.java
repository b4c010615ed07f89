package org.bitdgdm.kernels;

/**
 * A weight whose entries are looked up: every output channel has a table of values, every entry an index into that of its
 * channel. Immutable by convention: the arrays are shared, never copied.
 *
 * @param in      d_in
 * @param out     d_out
 * @param bits    bits of an index, 2…8
 * @param entries values of each table, 1…2^bits
 * @param indices (in, out) row-major, one index a byte, unsigned, below {@code entries}
 * @param table   (out, entries) row-major, rounded to bfloat16
 */
public record Codebook(int in, int out, int bits, int entries, byte[] indices, float[] table) {

    public Codebook {
        if (bits < 2 || bits > 8 || entries < 1 || entries > 1 << bits) {
            throw new IllegalArgumentException("codebook must have indices of 2..8 bits and 1..2^bits entries, found " + bits
                + " bits and " + entries + " entries");
        }
        if (indices.length != Math.multiplyExact(in, out) || table.length != Math.multiplyExact(out, entries)) {
            throw new IllegalArgumentException("codebook must have " + in + " x " + out + " indices and " + out
                + " tables of " + entries + ", found " + indices.length + " indices and " + table.length + " values");
        }
        for (byte index : indices) {
            if (Byte.toUnsignedInt(index) >= entries) {
                throw new IllegalArgumentException("codebook indices must be below " + entries + ", found "
                    + Byte.toUnsignedInt(index));
            }
        }
        Bfloat16.require("codebook values", table);
    }

    /** The value that an entry stands for. */
    public float get(int row, int col) {
        return table[col * entries + Byte.toUnsignedInt(indices[row * out + col])];
    }

    /** Bytes when stored: indices at {@code bits} bits each, rounded up once, and 16-bit tables. */
    public long bytes() {
        return ((long) indices.length * bits + 7) / 8 + (long) Bfloat16.BYTES * table.length;
    }
}
