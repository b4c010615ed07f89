package org.bitdgdm.kernels;

/** The 16-bit format that is the upper half of an FP32 number: as wide a range, 8 bits of precision. */
public final class Bfloat16 {
    /** Bytes of a stored number. */
    public static final int BYTES = 2;
    private static final int LOWER = 0xFFFF;

    private Bfloat16() {
    }

    /** The nearest number of the format, ties to even, as FP32; what is beyond its largest one becomes infinite. */
    public static float round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return Float.NaN;
        }
        return Float.intBitsToFloat(bits + (LOWER >>> 1) + (bits >>> Short.SIZE & 1) & ~LOWER);
    }

    /** Each number rounded, in a new array. */
    public static float[] round(double[] values) {
        float[] rounded = new float[values.length];
        for (int k = 0; k < values.length; k++) {
            rounded[k] = round((float) values[k]);
        }
        return rounded;
    }

    /** Fails unless every number has the format. */
    static void require(String what, float[] values) {
        for (float value : values) {
            if ((Float.floatToRawIntBits(value) & LOWER) != 0 || !Float.isFinite(value)) {
                throw new IllegalArgumentException(what + " must be finite and rounded to bfloat16, found " + value);
            }
        }
    }
}
