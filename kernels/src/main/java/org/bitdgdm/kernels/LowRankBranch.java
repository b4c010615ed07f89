package org.bitdgdm.kernels;

/**
 * A low-rank term beside the quantized product, {@code Y += (X A) B}, X not quantized, A and B stored in 16 bits.
 * Immutable by convention: the arrays are shared, never copied.
 *
 * @param in   d_in
 * @param out  d_out
 * @param rank at least 1
 * @param down (in, rank) row-major A, rounded to bfloat16
 * @param up   (rank, out) row-major B, rounded to bfloat16
 */
public record LowRankBranch(int in, int out, int rank, float[] down, float[] up) {

    public LowRankBranch {
        if (rank < 1 || down.length != Math.multiplyExact(in, rank) || up.length != Math.multiplyExact(rank, out)) {
            throw new IllegalArgumentException("low-rank branch must be " + in + " x r and r x " + out
                + " with r of at least 1, found r = " + rank + ", " + down.length + " and " + up.length + " values");
        }
        Bfloat16.require("low-rank branch", down);
        Bfloat16.require("low-rank branch", up);
    }

    /** Bytes when stored. */
    public long bytes() {
        return (long) Bfloat16.BYTES * (down.length + up.length);
    }
}
