package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * What becomes of the input of a layer before its product: {@code X T} in the place of X, with
 * {@code T = diag(scale) R₁ P R₂}, R block-diagonal, P a permutation; each part may be missing. All of it is in FP32, every
 * sum by fused multiply-adds in the order of the block, starting from 0: the codes of X T are decided from it, so that every
 * backend must find the same bits.
 *
 * @param width       d_in
 * @param scale       (width) factor of each channel, positive; empty: 1
 * @param block       channels of a block of R₁ and R₂, a multiple of 16; the last block holds what is left; 0: no rotations
 * @param first       R₁, block after block, each (size, size) row-major, {@code y_c = Σ_k x_k R[k][c]}, rounded to bfloat16;
 *                    empty if there is none
 * @param permutation (width) {@code y_c = x_p[c]}; empty if there is none
 * @param second      R₂, as R₁
 */
public record InputTransform(int width, float[] scale, int block, float[] first, int[] permutation, float[] second) {
    private static final int MULTIPLE = 16;

    public InputTransform {
        boolean rotates = first.length > 0 || second.length > 0;
        require(scale.length == 0 || scale.length == width, "must have a scale for each of " + width + " channels, found "
            + scale.length);
        for (float factor : scale) {
            require(factor > 0 && Float.isFinite(factor), "must have positive finite scales, found " + factor);
        }
        require(block >= 0 && block % MULTIPLE == 0 && rotates == block > 0,
            "must have blocks of a multiple of " + MULTIPLE + " channels where it rotates, found " + block);
        if (rotates) {
            int size = rotationSize(width, block);
            require(first.length == 0 || first.length == size, "must have " + size + " entries of R1, found " + first.length);
            require(second.length == 0 || second.length == size,
                "must have " + size + " entries of R2, found " + second.length);
        }
        Bfloat16.require("input transform", first);
        Bfloat16.require("input transform", second);
        if (permutation.length > 0) {
            require(permutation.length == width, "must have " + width + " places of P, found " + permutation.length);
            boolean[] seen = new boolean[width];
            for (int from : permutation) {
                require(from >= 0 && from < width && !seen[from], "must name each channel once in P, found " + from);
                seen[from] = true;
            }
        }
    }

    /** A transform that only scales. */
    public static InputTransform scaling(float[] scale) {
        return new InputTransform(scale.length, scale, 0, new float[0], new int[0], new float[0]);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException("input transform " + rule);
        }
    }

    /** Entries of a rotation: the squares of its blocks. */
    public static int rotationSize(int width, int block) {
        int rest = width % block;
        return Math.addExact(Math.multiplyExact(width / block, Math.multiplyExact(block, block)),
            Math.multiplyExact(rest, rest));
    }

    /**
     * X T.
     *
     * @param input (rows, width) row-major
     * @return (rows, width) row-major
     */
    public float[] apply(float[] input, int rows) {
        float[] x = Arrays.copyOf(input, rows * width);
        for (int at = 0; at < x.length && scale.length > 0; at++) {
            x[at] *= scale[at % width];
        }
        x = rotated(x, rows, first);
        if (permutation.length > 0) {
            float[] moved = new float[x.length];
            for (int at = 0; at < x.length; at++) {
                moved[at] = x[at - at % width + permutation[at % width]];
            }
            x = moved;
        }
        return rotated(x, rows, second);
    }

    private float[] rotated(float[] x, int rows, float[] rotation) {
        if (rotation.length == 0) {
            return x;
        }
        float[] y = new float[x.length];
        for (int row = 0; row < rows; row++) {
            int entries = 0;
            for (int from = 0; from < width; from += block) {
                int size = Math.min(block, width - from);
                for (int k = 0; k < size; k++) {
                    float value = x[row * width + from + k];
                    for (int c = 0; c < size; c++) {
                        int at = row * width + from + c;
                        y[at] = Math.fma(value, rotation[entries + k * size + c], y[at]);
                    }
                }
                entries += size * size;
            }
        }
        return y;
    }

    /** Bytes when stored: 32-bit scales, 16-bit rotations and channel numbers. */
    public long bytes() {
        return 4L * scale.length + (long) Bfloat16.BYTES * (first.length + second.length) + 2L * permutation.length;
    }

    /** Multiplications and multiply-adds of one row. */
    public long multiplyAdds() {
        return (long) scale.length + first.length + second.length;
    }
}
