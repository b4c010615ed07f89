package org.bitdgdm.kernels;

import java.nio.file.Path;

/**
 * Similarities of packed fingerprints by native code, for those who have the same loops in Java: common bits ÷ bits of either, 1
 * where neither has any. Every row meets the others in their order, so that both give the same bits. Fingerprints are (rows,
 * words), row-major, with the number of bits of each that are 1.
 */
public final class NativeSimilarity {
    private NativeSimilarity() {
    }

    /**
     * Loads the native library unless this JVM has it, and says whether it compares fingerprints on this processor: where the
     * processor counts the bits of whole vectors (AVX512_VPOPCNTDQ).
     *
     * @param directory folder to unpack the library into; null: the JVM's temporary folder
     * @throws KernelException where there is no library for this platform, or it cannot be unpacked or loaded
     */
    public static boolean load(Path directory) {
        NativeLibrary.load(directory);
        return CpuNative.comparesFingerprints();
    }

    /**
     * The largest similarity of each of some rows with any of other rows.
     *
     * @param from    first of the rows
     * @param to      behind the last one
     * @param nearest (to − from) written
     */
    public static void nearest(long[] bits, int[] set, int from, int to, long[] otherBits, int[] otherSet, int words,
                               float[] nearest) {
        requireRows(bits, set, from, to, words);
        requireRows(otherBits, otherSet, 0, otherSet.length, words);
        require(nearest.length == to - from);
        if (from < to) {
            CpuNative.nearest(bits, set, from, to, otherBits, otherSet, words, nearest);
        }
    }

    /**
     * Of each of some rows the sums over all rows of share · similarity and of share · similarity · similarity.
     *
     * @param shares (rows)
     * @param means  (to − from, 2) written
     */
    public static void means(long[] bits, int[] set, double[] shares, int from, int to, int words, double[] means) {
        requireRows(bits, set, from, to, words);
        require(shares.length == set.length && means.length == 2 * (to - from));
        if (from < to) {
            CpuNative.means(bits, set, shares, from, to, words, means);
        }
    }

    private static void requireRows(long[] bits, int[] set, int from, int to, int words) {
        require(bits.length == set.length * words && from >= 0 && from <= to && to <= set.length);
    }

    private static void require(boolean fits) {
        if (!fits) {
            throw new IllegalArgumentException("the lengths of arrays do not fit their shapes");
        }
    }
}
