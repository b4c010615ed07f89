package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The closed form against the sum over x₀ that defines it; rows sum to 1; the two repairs of the published code. */
class PosteriorTest {
    private static final float[] MARGINAL = {0.7f, 0.25f, 0.05f, 0};

    private static Diffusion diffusion() {
        return Diffusion.cosine(500, new float[] {1}, MARGINAL, new float[] {0, 1});
    }

    @Test
    void closedFormEqualsTheSumOverX0() {
        Diffusion diffusion = diffusion();
        Random random = new Random(1);
        for (int[] step : new int[][] {{500, 499}, {500, 450}, {300, 299}, {300, 0}, {77, 50}, {2, 1}, {1, 0}}) {
            Posterior posterior = Posterior.ofEdges(diffusion, step[0], step[1]);
            for (int current = 0; current < 4; current++) {
                float[] logits = TestModels.gaussians(random, 6, 3);
                float[] weights = new float[4];
                posterior.compute(logits, 2, current, weights);
                double sum = 0;
                for (float weight : weights) {
                    sum += weight;
                }
                assertThat(sum).isCloseTo(1, within(1e-6));
                double[] expected = byDefinition(diffusion, step[0], step[1], logits, 2, current);
                for (int k = 0; k < 4; k++) {
                    assertThat((double) weights[k]).isCloseTo(expected[k], within(1e-6));
                }
            }
        }
    }

    /** Σ over x₀ of p(x₀) · q(z_t | z_s) q(z_s | x₀) / q(z_t | x₀), with the three transitions as matrices. */
    private static double[] byDefinition(Diffusion diffusion, int t, int s, float[] logits, int from, int current) {
        double[] result = new double[4];
        double total = 0;
        double exponentials = 0;
        for (int x0 = 0; x0 < 4; x0++) {
            exponentials += Math.exp(logits[from + x0]);
        }
        for (int k = 0; k < 4; k++) {
            for (int x0 = 0; x0 < 4; x0++) {
                double numerator = transition(1 - (double) diffusion.schedule().beta(t, s), k, current)
                    * transition(diffusion.schedule().alphasBar()[s], x0, k);
                double denominator = transition(diffusion.schedule().alphasBar()[t], x0, current);
                double p = Math.exp(logits[from + x0]) / exponentials;
                result[k] += p * numerator / (denominator == 0 ? 1e-6 : denominator);
            }
            total += result[k];
        }
        for (int k = 0; k < 4; k++) {
            // From time 500, where β rounds to 1, nothing leads to a class of marginal 0.
            result[k] = total == 0 ? 0.25 : result[k] / total;
        }
        return result;
    }

    private static double transition(double keep, int from, int to) {
        return (from == to ? keep : 0) + (1 - keep) * MARGINAL[to];
    }

    @Test
    void aRowThatSumsToZeroBecomesUniform() {
        // Class 3 has marginal 0 and its own probability underflows: nothing can lead to it.
        float[] weights = new float[4];
        Posterior.ofEdges(diffusion(), 100, 99).compute(new float[] {0, 0, 0, -2000}, 0, 3, weights);
        assertThat(weights).containsExactly(0.25f, 0.25f, 0.25f, 0.25f);
    }

    @Test
    void aClassOfMarginalZeroStaysOnlyItself() {
        float[] weights = new float[4];
        Posterior.ofEdges(diffusion(), 100, 99).compute(new float[] {0, 0, 0, 0}, 0, 3, weights);
        assertThat(weights).containsExactly(0, 0, 0, 1);
        Posterior.ofEdges(diffusion(), 100, 99).compute(new float[] {0, 0, 0, -20}, 0, 1, weights);
        assertThat(weights[3]).as("reached only from x₀ = 3").isPositive().isLessThan(1e-6f);
    }

    @Test
    void brokenLogitsAreNotSampledFrom() {
        for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatExceptionOfType(KernelException.class).isThrownBy(() ->
                Posterior.ofEdges(diffusion(), 7, 6).compute(new float[] {0, broken, 0, 0}, 0, 0, new float[4]))
                .withMessageContaining("logits at time 7 must be finite");
        }
    }

    @Test
    void stepsMustGoBackInTime() {
        assertThatIllegalArgumentException().isThrownBy(() -> Posterior.ofNodes(diffusion(), 5, 5));
        assertThatIllegalArgumentException().isThrownBy(() -> Posterior.ofNodes(diffusion(), 501, 5))
            .withMessageContaining("within 500..0, found 501 to 5");
    }
}
