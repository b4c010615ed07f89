package org.bitdgdm.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.NativeSimilarity;
import org.junit.jupiter.api.Test;

/** Similarities of whole blocks beside those of pairs by their bits. */
class FingerprintBlockTest {
    private static final int WORDS = 16;

    private static long[] bits(int rows, Random random) {
        long[] bits = new long[rows * WORDS];
        for (int at = WORDS; at < bits.length; at++) {
            bits[at] = random.nextLong() & random.nextLong() & random.nextLong();
        }
        return bits;
    }

    private static double tanimoto(long[] one, int row, long[] two, int other) {
        int common = 0;
        int either = 0;
        for (int word = 0; word < WORDS; word++) {
            common += Long.bitCount(one[row * WORDS + word] & two[other * WORDS + word]);
            either += Long.bitCount(one[row * WORDS + word] | two[other * WORDS + word]);
        }
        return either == 0 ? 1 : common / (double) either;
    }

    /** The first row of each has no bits; numbers of rows are no multiples of what is compared at a time. */
    @Test
    void blocksOfAnySizeAreComparedPairByPair() {
        Random random = new Random(5);
        for (int[] sizes : new int[][] {{1, 1}, {2, 130}, {7, 129}, {270, 3}}) {
            long[] mine = bits(sizes[0], random);
            long[] theirs = bits(sizes[1], random);
            FingerprintBlock one = new FingerprintBlock(mine, random.doubles(sizes[0], 1, 3).toArray());
            FingerprintBlock two = new FingerprintBlock(theirs, random.doubles(sizes[1], 1, 3).toArray());
            int from = sizes[0] / 3;
            boolean natively = NativeSimilarity.load(null);
            float[] nearest = one.nearest(from, sizes[0], two, false);
            double[] others = one.nearestOther(from, sizes[0]);
            double[][] means = one.means(from, sizes[0], false);
            assertThat(one.nearest(from, sizes[0], two, natively)).isEqualTo(nearest);
            assertThat(one.means(from, sizes[0], natively)).isDeepEqualTo(means);
            double total = IntStream.range(0, sizes[0]).mapToDouble(k -> one.weights()[k]).sum();
            for (int row = from; row < sizes[0]; row++) {
                float most = 0;
                for (int other = 0; other < sizes[1]; other++) {
                    most = Math.max(most, (float) tanimoto(mine, row, theirs, other));
                }
                double mostOther = 0;
                double mean = 0;
                double square = 0;
                for (int other = 0; other < sizes[0]; other++) {
                    double similar = tanimoto(mine, row, mine, other);
                    mostOther = other == row ? mostOther : Math.max(mostOther, similar);
                    double share = one.weights()[other] / total;
                    mean += share * similar;
                    square += share * similar * similar;
                }
                assertThat(nearest[row - from]).isEqualTo(most);
                assertThat(others[row - from]).isEqualTo(mostOther);
                assertThat(means[row - from]).containsExactly(mean, square);
            }
        }
    }
}
