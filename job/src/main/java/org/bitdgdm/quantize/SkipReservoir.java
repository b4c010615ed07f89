package org.bitdgdm.quantize;

import org.bitdgdm.kernels.CounterRandom;

/**
 * Which items of a stream of unknown length belong to a uniform sample of fixed size, and where each goes: Algorithm L
 * (Li, "Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))", ACM TOMS 20(4), 1994), which draws a
 * random number per item kept, not per item seen.
 *
 * <p>Draws are counter-based and logarithms are those of {@link StrictMath}: the sample depends on (seed, stream) and on
 * the order of the items only.
 */
final class SkipReservoir {
    private static final double UNIT = 0x1p-32;
    /** Which of an item's three random numbers: its place, and the two that decide the next item. */
    private static final int PLACE = 0;
    private static final int WEIGHT = 1;
    private static final int SKIP = 2;

    private final int capacity;
    private final long seed;
    private final long stream;
    private int taken;
    private double weight = 1;
    private long next;

    /**
     * @param capacity size of the sample, at least 1
     * @param stream   distinguishes reservoirs of one seed
     */
    SkipReservoir(int capacity, long seed, long stream) {
        this.capacity = capacity;
        this.seed = seed;
        this.stream = stream;
    }

    /** 0-based position in the stream of the next item to take. */
    long next() {
        return next;
    }

    /** Takes the item at {@link #next} and says at which place of the sample it goes, replacing what is there. */
    int take() {
        int draw = taken++;
        int place = taken <= capacity ? draw : (int) (capacity * uniform(draw, PLACE));
        if (taken < capacity) {
            next++;
        } else {
            weight *= StrictMath.exp(StrictMath.log(uniform(draw, WEIGHT)) / capacity);
            double skip = StrictMath.floor(StrictMath.log(uniform(draw, SKIP)) / StrictMath.log1p(-weight));
            // Once the weight has vanished no further item is ever taken; the sum saturates instead of wrapping.
            next = skip < Long.MAX_VALUE - next ? next + 1 + (long) skip : Long.MAX_VALUE;
        }
        return place;
    }

    /** Uniform in (0, 1), both ends excluded. */
    private double uniform(int draw, int which) {
        return (Integer.toUnsignedLong(CounterRandom.word(seed, stream, draw, which)) + 0.5) * UNIT;
    }
}
