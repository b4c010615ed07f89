package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Little-endian fields of a {@link PackedModelFormat} on their way out; grows as needed. */
final class ByteSink {
    private ByteBuffer buffer;

    /** @param expectedBytes a guess of the length */
    ByteSink(long expectedBytes) {
        buffer = allocate(expectedBytes);
    }

    private static ByteBuffer allocate(long bytes) {
        if (bytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("packed model: must be smaller than 2 GiB, found " + bytes + " bytes");
        }
        return ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer room(long bytes) {
        if (buffer.remaining() < bytes) {
            long needed = buffer.position() + bytes;
            ByteBuffer larger = allocate(Math.max(needed, Math.min(2L * buffer.capacity(), Integer.MAX_VALUE - 8)));
            larger.put(buffer.flip());
            buffer = larger;
        }
        return buffer;
    }

    void int8(int value) {
        room(Byte.BYTES).put((byte) value);
    }

    void int16(int value) {
        room(Short.BYTES).putShort((short) value);
    }

    void int32(int value) {
        room(Integer.BYTES).putInt(value);
    }

    void int64(long value) {
        room(Long.BYTES).putLong(value);
    }

    void float32(float value) {
        int32(Float.floatToRawIntBits(value));
    }

    void floats(float[] values) {
        ByteBuffer target = room((long) Float.BYTES * values.length);
        target.asFloatBuffer().put(values);
        target.position(target.position() + Float.BYTES * values.length);
    }

    /** The upper halves of numbers rounded to {@link Bfloat16}. */
    void halves(float[] values) {
        for (float value : values) {
            int16(Float.floatToRawIntBits(value) >>> Short.SIZE);
        }
    }

    void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int16(utf8.length);
        room(utf8.length).put(utf8);
    }

    /** Codes or indices of {@code bits} bits each, the first in the lowest bits; the last byte is filled up with zeros. */
    void codes(byte[] codes, int bits) {
        int pending = 0;
        int held = 0;
        for (byte code : codes) {
            pending |= (code & (1 << bits) - 1) << held;
            held += bits;
            if (held >= Byte.SIZE) {
                int8(pending);
                pending >>>= Byte.SIZE;
                held -= Byte.SIZE;
            }
        }
        if (held > 0) {
            int8(pending);
        }
    }

    /** Writes the final length, {@code trailer} bytes more than there are now, at an earlier position. */
    void lengthAt(int position, int trailer) {
        buffer.putLong(position, (long) buffer.position() + trailer);
    }

    /** All bytes, and {@code trailer} zeros after them. */
    byte[] bytes(int trailer) {
        return Arrays.copyOf(buffer.array(), buffer.position() + trailer);
    }
}
