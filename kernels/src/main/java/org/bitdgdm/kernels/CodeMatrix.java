package org.bitdgdm.kernels;

import java.util.Objects;

/**
 * A matrix of symmetric integer codes with one scale per row or per column; or, at 16 bits and more, of plain FP32
 * values (quantization off). Immutable by convention: the arrays are shared, never copied.
 *
 * @param rows         rows
 * @param cols         columns
 * @param bits         bits of a code, 2…8, codes within ±(2^(bits−1)−1); 16 or 32: {@code values} are used instead
 * @param scalePerRow  whether {@code scale} runs over rows (else over columns)
 * @param codes        (rows, cols) row-major, one code a byte; empty when bits ≥ 16
 * @param scale        (rows) or (cols); value = code · scale; empty when bits ≥ 16
 * @param values       (rows, cols) row-major; empty when bits ≤ 8
 */
public record CodeMatrix(int rows, int cols, int bits, boolean scalePerRow, byte[] codes, float[] scale, float[] values) {

    public CodeMatrix {
        Objects.requireNonNull(codes, "codes");
        int size = Math.multiplyExact(rows, cols);
        boolean coded = bits <= 8;
        if (bits < 2 || bits > 8 && bits != 16 && bits != 32) {
            throw new IllegalArgumentException("bits must be in 2..8, 16 or 32, found " + bits);
        }
        requireLength("codes", coded ? size : 0, codes.length);
        requireLength("scale", coded ? (scalePerRow ? rows : cols) : 0, scale.length);
        requireLength("values", coded ? 0 : size, values.length);
    }

    /** A matrix left in full precision. */
    public static CodeMatrix full(int rows, int cols, float[] values) {
        return new CodeMatrix(rows, cols, 32, false, new byte[0], new float[0], values);
    }

    private static void requireLength(String what, int expected, int found) {
        if (expected != found) {
            throw new IllegalArgumentException(what + " must have " + expected + " entries, found " + found);
        }
    }

    /** Whether entries are integer codes. */
    public boolean coded() {
        return bits <= 8;
    }

    /** The largest magnitude of a symmetric code of so many bits: 2^(bits−1) − 1. */
    public static int maxCode(int bits) {
        return (1 << (bits - 1)) - 1;
    }

    /** The dequantized entry; the scalar decode that every packed kernel is checked against. */
    public float get(int row, int col) {
        int at = row * cols + col;
        return coded() ? codes[at] * scale[scalePerRow ? row : col] : values[at];
    }

    /** Bytes when stored: codes packed at {@code bits} bits each, rounded up once, and FP32 scales; or FP32 values. */
    public long bytes() {
        return coded() ? ((long) rows * cols * bits + 7) / 8 + 4L * scale.length : 4L * values.length;
    }
}
