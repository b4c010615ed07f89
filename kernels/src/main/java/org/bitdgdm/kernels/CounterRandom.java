package org.bitdgdm.kernels;

/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011), the same bits in Java, C++ and CUDA.
 *
 * <p>Key = run seed (64 bits). Counter = graph id (64), time (32), slot (32), low word first. Slots are nodes 0…n−1,
 * then edges i &lt; j in row-major order. The time is that of the state being drawn, so z_T uses T and z_0 uses 0; the
 * size of a graph uses {@link #SIZE_TIME}.
 */
public final class CounterRandom {
    /** The time under which a graph's size is drawn: 2³² − 1. */
    public static final int SIZE_TIME = -1;

    private static final int ROUNDS = 10;
    private static final int MULTIPLIER_0 = 0xD2511F53;
    private static final int MULTIPLIER_1 = 0xCD9E8D57;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final float UNIT = 0x1p-24f;

    private CounterRandom() {
    }

    /** The first of the four 32-bit words of Philox4x32-10. */
    public static int word(long seed, long graphId, int time, int slot) {
        int c0 = (int) graphId;
        int c1 = (int) (graphId >>> 32);
        int c2 = time;
        int c3 = slot;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return c0;
    }

    /** u = (word >>> 8) · 2⁻²⁴, in [0, 1). */
    public static float uniform(long seed, long graphId, int time, int slot) {
        return (word(seed, graphId, time, slot) >>> 8) * UNIT;
    }

    /**
     * Draws a class: the first whose cumulative weight exceeds u · total, both summed in FP32 in class order; never one
     * of weight 0.
     *
     * @param u       uniform in [0, 1)
     * @param weights array holding the weights, finite and not negative, with a positive sum
     * @param from    index of class 0 in {@code weights}
     * @param count   number of classes
     */
    public static int draw(float u, float[] weights, int from, int count) {
        float total = 0;
        for (int k = 0; k < count; k++) {
            total += weights[from + k];
        }
        float limit = u * total;
        float cumulative = 0;
        int last = 0;
        for (int k = 0; k < count; k++) {
            float weight = weights[from + k];
            if (weight > 0) {
                cumulative += weight;
                last = k;
                if (cumulative > limit) {
                    return k;
                }
            }
        }
        // u · total may round up to the total itself; the last class of positive weight is then the one meant.
        return last;
    }

    /** Slot of the edge i &lt; j of a graph of n nodes. */
    public static int edgeSlot(int n, int i, int j) {
        return n + Graph.pair(n, i, j);
    }
}
