package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Little-endian fields of a {@link PackedModelFormat} on their way in. Every read says what it reads, and is checked
 * against the bytes left before anything is allocated.
 */
final class ByteSource {
    private final ByteBuffer buffer;

    ByteSource(byte[] bytes) {
        buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Hides the bytes from a position on. */
    void endAt(int position) {
        buffer.limit(position);
    }

    /** Fails unless that many bytes are left. */
    void requireLeft(String what, long bytes) {
        PackedModelFormat.require(bytes >= 0 && bytes <= buffer.remaining(), what + " must fit the bytes left, found "
            + bytes + " wanted and " + buffer.remaining() + " left at byte " + buffer.position());
    }

    void requireEnd() {
        PackedModelFormat.require(!buffer.hasRemaining(), "must end after its last layer, found " + buffer.remaining()
            + " bytes more");
    }

    private ByteBuffer left(String what, long bytes) {
        requireLeft(what, bytes);
        return buffer;
    }

    /** An unsigned byte. */
    int int8(String what) {
        return left(what, Byte.BYTES).get() & 0xFF;
    }

    int int32(String what) {
        return left(what, Integer.BYTES).getInt();
    }

    long int64(String what) {
        return left(what, Long.BYTES).getLong();
    }

    float float32(String what) {
        return Float.intBitsToFloat(int32(what));
    }

    /** A byte that is 0 or 1. */
    boolean flag(String what) {
        int value = int8(what);
        PackedModelFormat.require(value <= 1, what + " must be 0 or 1, found " + value);
        return value == 1;
    }

    String text(String what) {
        int length = left(what, Short.BYTES).getShort() & 0xFFFF;
        byte[] utf8 = new byte[length];
        left(what, length).get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** @param count may be anything, as it comes from the bytes */
    float[] floats(String what, long count) {
        requireCount(what, count, Float.BYTES);
        float[] values = new float[(int) count];
        buffer.asFloatBuffer().get(values);
        buffer.position(buffer.position() + Float.BYTES * values.length);
        return values;
    }

    /** Unsigned shorts. */
    int[] shorts(String what, long count) {
        requireCount(what, count, Short.BYTES);
        int[] values = new int[(int) count];
        for (int k = 0; k < values.length; k++) {
            values[k] = buffer.getShort() & 0xFFFF;
        }
        return values;
    }

    /** Numbers of {@link Bfloat16}. */
    float[] halves(String what, long count) {
        int[] bits = shorts(what, count);
        float[] values = new float[bits.length];
        for (int k = 0; k < values.length; k++) {
            values[k] = Float.intBitsToFloat(bits[k] << Short.SIZE);
        }
        return values;
    }

    /** Symmetric codes of {@code bits} bits each, see {@link ByteSink#codes}. */
    byte[] codes(String what, long count, int bits) {
        byte[] codes = indices(what, count, bits);
        int unused = Integer.SIZE - bits;
        int lowest = 0;
        for (int k = 0; k < codes.length; k++) {
            codes[k] = (byte) (codes[k] << unused >> unused);
            lowest = Math.min(lowest, codes[k]);
        }
        PackedModelFormat.require(lowest >= -CodeMatrix.maxCode(bits), what + " must be symmetric, within "
            + CodeMatrix.maxCode(bits) + ", found " + lowest);
        return codes;
    }

    /** Unsigned numbers of {@code bits} bits each, one a byte. */
    byte[] indices(String what, long count, int bits) {
        PackedModelFormat.require(count >= 0 && count <= Integer.MAX_VALUE - 8,
            what + " must be fewer than 2^31, found " + count);
        requireLeft(what, (count * bits + 7) / 8);
        byte[] indices = new byte[(int) count];
        int pending = 0;
        int held = 0;
        for (int k = 0; k < indices.length; k++) {
            if (held < bits) {
                pending |= (buffer.get() & 0xFF) << held;
                held += Byte.SIZE;
            }
            indices[k] = (byte) (pending & (1 << bits) - 1);
            pending >>>= bits;
            held -= bits;
        }
        PackedModelFormat.require(pending == 0, what + " must be filled up with zero bits");
        return indices;
    }

    private void requireCount(String what, long count, int bytesEach) {
        PackedModelFormat.require(count >= 0 && count <= buffer.remaining() / bytesEach,
            what + " must fit the bytes left, found " + count + " values wanted and " + buffer.remaining()
            + " bytes left at byte " + buffer.position());
    }
}
