package org.bitdgdm.kernels;

/**
 * How the input X of a layer is quantized: X = X_D + X_S, where entries with |x| &gt; τ go to X_S in full precision and
 * the others become codes {@code q = rint(x · inverse)}, ties to even, in FP32.
 *
 * @param bits      2…8; 16 or 32: the input stays FP32 and the other fields are unused
 * @param unsigned  codes are 0…2^bits−1 (input known to be non-negative) instead of ±(2^(bits−1)−1)
 * @param perRow    the scale is max|x| of the row ÷ the largest code, found at run time, and X_S is empty
 *                  (the inverse is then {@code maxCode / max|x|} in FP32, and 0 where the scale is below the smallest
 *                  normal FP32 number, as in a row of zeros); else static
 * @param threshold τ ≥ 0; 0 means every non-zero entry is an outlier
 * @param scale     static scale, τ ÷ largest code; x ≈ q · scale
 * @param inverse   FP32 reciprocal fixed at packing; 0 where τ = 0
 */
public record ActivationCodes(
    int bits, boolean unsigned, boolean perRow, float threshold, float scale, float inverse) {

    public ActivationCodes {
        if (bits < 2 || bits > 8 && bits != 16 && bits != 32) {
            throw new IllegalArgumentException("activation bits must be in 2..8, 16 or 32, found " + bits);
        }
        if (!(threshold >= 0) || !Float.isFinite(threshold)) {
            throw new IllegalArgumentException("activation threshold must be finite and not negative, found " + threshold);
        }
    }

    /** Input left in FP32. */
    public static ActivationCodes off() {
        return new ActivationCodes(32, false, false, 0, 0, 0);
    }

    /** A static scale from a threshold τ. */
    public static ActivationCodes of(int bits, boolean unsigned, float threshold) {
        int maxCode = unsigned ? (1 << bits) - 1 : CodeMatrix.maxCode(bits);
        float scale = threshold / maxCode;
        // A subnormal scale has no finite reciprocal; such a layer's inputs are all outliers or zero.
        boolean usable = scale >= Float.MIN_NORMAL;
        return new ActivationCodes(bits, unsigned, false, usable ? threshold : 0, usable ? scale : 0,
            usable ? 1 / scale : 0);
    }

    /** A scale per row, found at run time. */
    public static ActivationCodes perRow(int bits, boolean unsigned) {
        return new ActivationCodes(bits, unsigned, true, 0, 0, 0);
    }

    /** Whether the input is turned into codes at all. */
    public boolean coded() {
        return bits <= 8;
    }

    /** The largest code. */
    public int maxCode() {
        return unsigned ? (1 << bits) - 1 : CodeMatrix.maxCode(bits);
    }
}
