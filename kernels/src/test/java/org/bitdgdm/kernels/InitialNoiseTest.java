package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Sizes and classes at time T follow their distributions, and depend on seed and id alone. */
class InitialNoiseTest {
    private static final int DRAWS = 20_000;
    /** About five standard deviations of a frequency. */
    private static final double CHANCE = 5 * Math.sqrt(0.25 / DRAWS);
    private static final Diffusion DIFFUSION = TestModels.tiny(Variant.MAIN, 1).diffusion();

    @Test
    void sizesFollowTheirHistogram() {
        double[] frequency = new double[8];
        for (int id = 0; id < DRAWS; id++) {
            frequency[DIFFUSION.sizes().draw(42, id)] += 1.0 / DRAWS;
        }
        for (int n = 0; n < 8; n++) {
            float expected = DIFFUSION.sizes().weights()[n];
            assertThat(frequency[n]).isBetween(expected - CHANCE, expected + CHANCE);
        }
        assertThat(frequency[0]).isZero();
    }

    @Test
    void classesFollowTheirMarginals() {
        long[] ids = new long[DRAWS];
        for (int k = 0; k < DRAWS; k++) {
            ids[k] = k * 0x9E3779B97F4A7C15L;
        }
        GraphBatch batch = InitialNoise.draw(DIFFUSION, 2, ids, 42);
        double[] nodes = new double[3];
        double[] edges = new double[4];
        for (int g = 0; g < DRAWS; g++) {
            nodes[batch.nodes()[2 * g]] += 1.0 / DRAWS;
            edges[batch.edges()[4 * g + 1]] += 1.0 / DRAWS;
        }
        for (int k = 0; k < 3; k++) {
            assertThat(nodes[k]).isBetween(DIFFUSION.limits().nodes()[k] - CHANCE, DIFFUSION.limits().nodes()[k] + CHANCE);
        }
        for (int k = 0; k < 4; k++) {
            assertThat(edges[k]).isBetween(DIFFUSION.limits().edges()[k] - CHANCE, DIFFUSION.limits().edges()[k] + CHANCE);
        }
        assertThat(edges[3]).as("a class of marginal 0").isZero();
    }

    @Test
    void aGraphDoesNotDependOnItsBatch() {
        GraphBatch batch = InitialNoise.draw(DIFFUSION, 7, new long[] {5, 1L << 40, 9}, -3);
        GraphBatch alone = InitialNoise.draw(DIFFUSION, 7, new long[] {1L << 40}, -3);
        byte[] nodes = new byte[7];
        byte[] edges = new byte[49];
        System.arraycopy(batch.nodes(), 7, nodes, 0, 7);
        System.arraycopy(batch.edges(), 49, edges, 0, 49);
        assertThat(alone.nodes()).isEqualTo(nodes);
        assertThat(alone.edges()).isEqualTo(edges);
        batch.requireFits(TestModels.tiny(Variant.MAIN, 1).architecture());
        assertThat(InitialNoise.draw(DIFFUSION, 7, new long[] {1L << 40}, -4).edges()).isNotEqualTo(edges);
    }
}
