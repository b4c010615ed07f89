package org.bitdgdm.benchmark;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Packed fingerprints of some molecules, compared pair by pair by Tanimoto's coefficient: common bits ÷ bits of either, 1 where
 * neither has any.
 */
public final class FingerprintBlock implements Serializable {
    private static final long serialVersionUID = 1;
    /** Rows that share one pass over the other block: what they need stays in the nearest cache. */
    private static final int TILE = 8;

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

    /** Fingerprints in it. */
    public int rows() {
        return weights.length;
    }

    /** (rows) how often each occurs. */
    public double[] weights() {
        return weights;
    }

    /** For rows from ≤ row &lt; to, the largest similarity with any row of another block. */
    public float[] nearest(int from, int to, FingerprintBlock others) {
        float[] nearest = new float[to - from];
        for (int start = from; start < to; start += TILE) {
            int end = Math.min(to, start + TILE);
            for (int other = 0; other < others.rows(); other++) {
                for (int row = start; row < end; row++) {
                    nearest[row - from] = Math.max(nearest[row - from], (float) similarity(row, others, other));
                }
            }
        }
        return nearest;
    }

    /** For rows from ≤ row &lt; to, the largest similarity with any other row of this block; 0 for one alone. */
    public double[] nearestOther(int from, int to) {
        double[] nearest = new double[to - from];
        for (int row = from; row < to; row++) {
            for (int other = 0; other < rows(); other++) {
                if (other != row) {
                    nearest[row - from] = Math.max(nearest[row - from], similarity(row, this, other));
                }
            }
        }
        return nearest;
    }

    /** For rows from ≤ row &lt; to, mean similarity with all rows of this block, itself among them, and mean of its square. */
    public double[][] means(int from, int to) {
        double[][] means = new double[to - from][2];
        double total = Arrays.stream(weights).sum();
        for (int start = from; start < to; start += TILE) {
            int end = Math.min(to, start + TILE);
            for (int other = 0; other < rows(); other++) {
                double share = weights[other] / total;
                for (int row = start; row < end; row++) {
                    double similar = similarity(row, this, other);
                    means[row - from][0] += share * similar;
                    means[row - from][1] += share * similar * similar;
                }
            }
        }
        return means;
    }

    private double similarity(int row, FingerprintBlock others, int other) {
        int common = 0;
        int mine = row * words;
        int theirs = other * words;
        for (int word = 0; word < words; word++) {
            common += Long.bitCount(bits[mine + word] & others.bits[theirs + word]);
        }
        int either = set[row] + others.set[other] - common;
        return either == 0 ? 1 : (double) common / either;
    }
}
