package org.bitdgdm.kernels;

/**
 * The α-sparse part S of a weight, in ELL form: as many places for every row, so that threads share the work equally.
 *
 * @param rows    d_in
 * @param cols    d_out
 * @param width   places per row, the largest number of entries that any row has; may be 0
 * @param columns (rows, width) column of each entry, ascending in a row; unused places come last and are −1
 * @param values  (rows, width) FP32 value of each entry; 0 in unused places
 */
public record SparseRows(int rows, int cols, int width, int[] columns, float[] values) {

    public SparseRows {
        int size = Math.multiplyExact(rows, width);
        if (columns.length != size || values.length != size) {
            throw new IllegalArgumentException("sparse rows: expected " + size + " places, found "
                + columns.length + " columns and " + values.length + " values");
        }
        for (int row = 0; row < rows; row++) {
            int last = -1;
            boolean ended = false;
            for (int at = row * width; at < (row + 1) * width; at++) {
                if (columns[at] == -1) {
                    ended = true;
                } else if (ended || columns[at] <= last || columns[at] >= cols) {
                    throw new IllegalArgumentException("sparse rows: row " + row
                        + " must hold ascending columns below " + cols + ", found " + columns[at]);
                } else {
                    last = columns[at];
                }
            }
        }
    }

    /** An S without entries. */
    public static SparseRows empty(int rows, int cols) {
        return new SparseRows(rows, cols, 0, new int[0], new float[0]);
    }

    /** Entries stored, unused places not counted. */
    public int entries() {
        int entries = 0;
        for (int column : columns) {
            entries += column >= 0 ? 1 : 0;
        }
        return entries;
    }

    /**
     * Whether rows are so unequal that they are stored by what they hold, a count for each, instead of by places: where
     * that is less than half. Rows of an α-sparse part are nearly full.
     */
    boolean ragged() {
        return 2 * countedBytes() < 6L * columns.length;
    }

    private long countedBytes() {
        return 2L * rows + 6L * entries();
    }

    /**
     * Bytes when stored: a 16-bit column and a 32-bit value for each place; or, where rows are very unequal, for each
     * entry, and a 16-bit count for each row.
     */
    public long bytes() {
        return ragged() ? countedBytes() : 6L * columns.length;
    }
}
