package org.bitdgdm.model;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A tensor of a file as its header describes it, before any of its numbers is read.
 *
 * @param name   name in the file
 * @param type   how its numbers are written
 * @param shape  (rank) sizes
 * @param values reads the numbers; the file must still be open
 */
record StoredTensor(String name, ElementType type, int[] shape, Supplier<float[]> values) {

    Tensor read() {
        return new Tensor(name, shape, values.get());
    }

    /** Shape as written in messages, for example {@code [256, 12]}. */
    String shapeText() {
        return Arrays.toString(shape);
    }

    /** How one number of a stored tensor is written, little-endian; everything is read as FP32. */
    enum ElementType {
        F64(8, true),
        F32(4, true),
        F16(2, true),
        BF16(2, true),
        I64(8, false),
        I32(4, false),
        I16(2, false),
        I8(1, false),
        U8(1, false),
        BOOL(1, false);

        private final int bytes;
        private final boolean floating;

        ElementType(int bytes, boolean floating) {
            this.bytes = bytes;
            this.floating = floating;
        }

        /** Bytes of one number. */
        int bytes() {
            return bytes;
        }

        /** Whether weights may be stored so. */
        boolean floating() {
            return floating;
        }

        /** The number at byte {@code at} of a little-endian buffer, rounded to FP32 where it has more digits. */
        float get(ByteBuffer from, int at) {
            return switch (this) {
                case F64 -> (float) from.getDouble(at);
                case F32 -> from.getFloat(at);
                case F16 -> half(from.getShort(at));
                case BF16 -> Float.intBitsToFloat(from.getShort(at) << 16);
                case I64 -> from.getLong(at);
                case I32 -> from.getInt(at);
                case I16 -> from.getShort(at);
                case I8 -> from.get(at);
                case U8, BOOL -> from.get(at) & 0xFF;
            };
        }

        /** IEEE binary16 to binary32, exact. */
        private static float half(short bits) {
            int exponent = bits >> 10 & 0x1F;
            int fraction = bits & 0x3FF;
            float magnitude = switch (exponent) {
                case 0 -> fraction * 0x1p-24f;
                case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
                default -> Float.intBitsToFloat(exponent + 112 << 23 | fraction << 13);
            };
            return bits < 0 ? -magnitude : magnitude;
        }
    }
}
