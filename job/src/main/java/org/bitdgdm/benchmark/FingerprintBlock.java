package org.bitdgdm.benchmark;

import java.io.Serializable;
import java.util.Arrays;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.NativeSimilarity;
import org.slf4j.LoggerFactory;

/**
 * Packed fingerprints of some molecules, compared pair by pair by Tanimoto's coefficient: common bits ÷ bits of either, 1 where
 * neither has any. Native code compares where the processor counts the bits of vectors; the loops here say what it computes.
 */
public final class FingerprintBlock implements Serializable {
    private static final long serialVersionUID = 1;
    /** Rows that are compared with another at a time, which is read once for all of them. */
    private static final int TILE = 4;
    /** Rows of the other side that are compared with all tiles in turn: 16 kB of them stay in the nearest cache. */
    private static final int CHUNK = 128;
    /** Bits of a count among those of a tile. */
    private static final int COUNT = 16;
    private static final int MASK = (1 << COUNT) - 1;

    private static final boolean NATIVE = loaded();

    private final int words;
    private final long[] bits;
    private final int[] set;
    private final double[] weights;

    /**
     * A block.
     *
     * @param bits    (rows · words) row by row
     * @param weights (rows) how often each occurs
     */
    public FingerprintBlock(long[] bits, double[] weights) {
        this.bits = bits;
        this.weights = weights;
        words = weights.length == 0 ? 0 : bits.length / weights.length;
        set = new int[weights.length];
        for (int row = 0; row < set.length; row++) {
            for (int word = 0; word < words; word++) {
                set[row] += Long.bitCount(bits[row * words + word]);
            }
        }
    }

    /** Whether native code compares here, which gives the same bits. */
    private static boolean loaded() {
        try {
            return NativeSimilarity.load(null);
        } catch (KernelException e) {
            LoggerFactory.getLogger(FingerprintBlock.class).warn("fingerprints are compared by Java: {}", e.getMessage());
            return false;
        }
    }

    /** Fingerprints in it. */
    public int rows() {
        return weights.length;
    }

    /** (rows) how often each occurs. */
    public double[] weights() {
        return weights;
    }

    /** What becomes of the similarity of a row with another. */
    private interface Pair {
        void found(int row, int other, double similarity);
    }

    /** For rows from ≤ row &lt; to, the largest similarity with any row of another block. */
    public float[] nearest(int from, int to, FingerprintBlock others) {
        return nearest(from, to, others, NATIVE);
    }

    float[] nearest(int from, int to, FingerprintBlock others, boolean natively) {
        float[] nearest = new float[to - from];
        if (natively) {
            NativeSimilarity.nearest(bits, set, from, to, others.bits, others.set, words, nearest);
            return nearest;
        }
        compare(from, to, others, (row, other, similarity) ->
            nearest[row - from] = Math.max(nearest[row - from], (float) similarity));
        return nearest;
    }

    /** For rows from ≤ row &lt; to, the largest similarity with any other row of this block; 0 for one alone. */
    public double[] nearestOther(int from, int to) {
        double[] nearest = new double[to - from];
        compare(from, to, this, (row, other, similarity) ->
            nearest[row - from] = row == other ? nearest[row - from] : Math.max(nearest[row - from], similarity));
        return nearest;
    }

    /** For rows from ≤ row &lt; to, mean similarity with all rows of this block, itself among them, and mean of its square. */
    public double[][] means(int from, int to) {
        return means(from, to, NATIVE);
    }

    double[][] means(int from, int to, boolean natively) {
        double total = Arrays.stream(weights).sum();
        double[] shares = Arrays.stream(weights).map(weight -> weight / total).toArray();
        double[] means = new double[2 * (to - from)];
        if (natively) {
            NativeSimilarity.means(bits, set, shares, from, to, words, means);
        } else {
            compare(from, to, this, (row, other, similarity) -> {
                means[2 * (row - from)] += shares[other] * similarity;
                means[2 * (row - from) + 1] += shares[other] * similarity * similarity;
            });
        }
        double[][] byRow = new double[to - from][];
        Arrays.setAll(byRow, row -> Arrays.copyOfRange(means, 2 * row, 2 * row + 2));
        return byRow;
    }

    /** Every row from ≤ row &lt; to with every one of another block, for each row in their order. */
    private void compare(int from, int to, FingerprintBlock others, Pair pair) {
        for (int chunk = 0; chunk < others.rows(); chunk += CHUNK) {
            int last = Math.min(others.rows(), chunk + CHUNK);
            for (int start = from; start < to; start += TILE) {
                int end = Math.min(to, start + TILE);
                for (int other = chunk; other < last; other++) {
                    long common = common(start, end - 1, others, other);
                    for (int row = start; row < end; row++) {
                        pair.found(row, other, similarity((int) common & MASK, set[row] + others.set[other]));
                        common >>>= COUNT;
                    }
                }
            }
        }
    }

    private static double similarity(int common, int both) {
        return both == 0 ? 1 : (double) common / (both - common);
    }

    /** Common bits of the rows of a tile, the last of which may be missing, with another row: counts side by side. */
    private long common(int row, int lastRow, FingerprintBlock others, int other) {
        int first = row * words;
        int second = Math.min(row + 1, lastRow) * words;
        int third = Math.min(row + 2, lastRow) * words;
        int fourth = Math.min(row + 3, lastRow) * words;
        int theirs = other * words;
        long one = 0;
        long two = 0;
        long three = 0;
        long four = 0;
        for (int word = 0; word < words; word++) {
            long there = others.bits[theirs + word];
            one += Long.bitCount(bits[first + word] & there);
            two += Long.bitCount(bits[second + word] & there);
            three += Long.bitCount(bits[third + word] & there);
            four += Long.bitCount(bits[fourth + word] & there);
        }
        return one | two << COUNT | three << 2 * COUNT | four << 3 * COUNT;
    }
}
