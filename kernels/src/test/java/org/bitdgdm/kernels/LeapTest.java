package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Leaps of DisCo's: their rates, numbers and times, and what they keep of a distribution. */
class LeapTest {
    private static final float[] LIMIT = {0.6f, 0.25f, 0.1f, 0.05f};

    private static Sampler.Step step(float kept, float length) {
        return new Sampler.Step(Sampler.Rule.LEAP, 2, 1, 5, 0.4f, length, kept, 1, 0, 0, Stochasticity.GENERAL);
    }

    /** The sum over x₀ as it is written, with the matrix of the noise. */
    private static double rate(float[] limit, double kept, float[] prediction, int from, int to) {
        double sum = 0;
        for (int data = 0; data < limit.length; data++) {
            sum += prediction[data] * q(limit, kept, data, to) / (q(limit, kept, data, from) + 1e-9);
        }
        return limit[from] * sum;
    }

    private static double q(float[] limit, double kept, int data, int noised) {
        double share = (1 - kept) * limit[noised] + (data == noised ? kept : 0);
        return share < 1e-8 ? 0 : share;
    }

    @Test
    void ratesAreTheSumOverTheDataThatTheMatrixOfNoiseGives() {
        Random random = new Random(1);
        for (float[] limit : List.of(LIMIT, new float[] {0.5f, 0.5f, 0, 0}, new float[] {0, 0, 0, 1})) {
            for (float kept : new float[] {0, 0.02f, 0.5f, 0.99f}) {
                float[] prediction = new float[4];
                for (int k = 0; k < 4; k++) {
                    prediction[k] = random.nextFloat() / 2;
                }
                for (int from = 0; from < 4; from++) {
                    double[] rates = new Leap(step(kept, 1), limit).rates(prediction, from).clone();
                    for (int to = 0; to < 4; to++) {
                        double expected = to == from ? 0 : rate(limit, kept, prediction, from, to);
                        assertThat(rates[to]).isCloseTo(expected, within(1e-6 * Math.max(1, expected)));
                    }
                }
            }
        }
    }

    /** With the data's true distribution given the noise, what flows back is what the noise has moved: q ↦ m − q for each c. */
    @Test
    void jumpsByTheExactPredictionUndoTheNoise() {
        double[] data = {0.1, 0.2, 0.3, 0.4};
        float kept = 0.45f;
        double[] noised = new double[4];
        for (int x0 = 0; x0 < 4; x0++) {
            for (int x = 0; x < 4; x++) {
                noised[x] += data[x0] * q(LIMIT, kept, x0, x);
            }
        }
        double[] change = new double[4];
        for (int x = 0; x < 4; x++) {
            float[] exact = new float[4];
            for (int x0 = 0; x0 < 4; x0++) {
                exact[x0] = (float) (data[x0] * q(LIMIT, kept, x0, x) / noised[x]);
            }
            double[] rates = new Leap(step(kept, 1), LIMIT).rates(exact, x);
            for (int j = 0; j < 4; j++) {
                change[j] += noised[x] * rates[j];
                change[x] -= noised[x] * rates[j];
            }
        }
        for (int j = 0; j < 4; j++) {
            assertThat(change[j]).isCloseTo(noised[j] - LIMIT[j], within(1e-6));
        }
    }

    @Test
    void numbersOfJumpsArePoisson() {
        int grid = 1 << 16;
        for (double mean : new double[] {0, 0.03, 0.7, 3, 11}) {
            double[] share = new double[128];
            for (int i = 0; i < grid; i++) {
                share[Leap.jumps((i + 0.5f) / grid, mean)] += 1.0 / grid;
            }
            double probability = Math.exp(-mean);
            for (int k = 0; k < 40; k++) {
                assertThat(share[k]).as("%s jumps of mean %s", k, mean).isCloseTo(probability, within(2.0 / grid));
                probability *= mean / (k + 1);
            }
        }
        assertThat(Leap.jumps(Math.nextDown(1f), 1e6)).isEqualTo(127);
    }

    @Test
    void jumpsAddUpAsIfClassesWereNumbersAndStayAmongThem() {
        assertThat(Leap.moved(1, 5, j -> j == 2 || j == 3 ? 1 : 0)).isEqualTo(4);
        assertThat(Leap.moved(1, 5, j -> j == 4 ? 2 : 0)).isEqualTo(4);
        assertThat(Leap.moved(3, 5, j -> j == 0 ? 2 : 0)).isZero();
        assertThat(Leap.moved(3, 5, j -> j == 4 || j == 2 ? 1 : 0)).isEqualTo(3);
    }

    @Test
    void leapsAreEvenlySpacedAndEndInTheMostProbableClass() {
        Diffusion diffusion = Diffusion.cosine(500, LIMIT, LIMIT, new float[] {0, 1});
        for (int count : new int[] {2, 3, 51, 1001}) {
            List<Sampler.Step> steps = Sampler.leaps().steps(diffusion, count);
            assertThat(steps).hasSize(count);
            double length = 0;
            for (int i = 0; i < count; i++) {
                Sampler.Step step = steps.get(i);
                assertThat(step.rule()).isEqualTo(i + 1 == count ? Sampler.Rule.MOST_PROBABLE : Sampler.Rule.LEAP);
                assertThat(step.from()).isEqualTo(count - i);
                assertThat(step.to()).isEqualTo(count - 1 - i);
                assertThat(step.alphaBarTo()).isGreaterThan(step.alphaBarFrom());
                length += i + 1 == count ? 0 : step.beta();
            }
            assertThat(length).isCloseTo(1, within(1e-5));
            assertThat(steps.get(count - 2).alphaBarTo()).isEqualTo(1);
        }
        for (int count : new int[] {1, 1_000_001}) {
            assertThatIllegalArgumentException().isThrownBy(() -> Sampler.leaps().steps(diffusion, count))
                .withMessage("steps must be in 2..1000000, leaps and one more, found " + count);
        }
    }

    /** The golden file of the published code's formulas. */
    @Test
    void ratesNumbersAndTimesAreThoseOfThePublishedCode() {
        Tensors golden = Tensors.of(TestProteins.shared("models/defog/disco-golden.safetensors"));
        for (int leaps : new int[] {10, 100}) {
            float[] times = golden.floats("ts." + leaps);
            for (int i = 0; i < leaps; i++) {
                assertThat(Sampler.leapTime(i, leaps)).isCloseTo(times[i], within(1e-6));
            }
        }
        double[][] noises = {{0.8, 2}, {0.8, 2}, {1, 5}, {1, 5}, {0.8, 2}};
        for (int number = 0; number < noises.length; number++) {
            for (String kind : List.of(".X", ".E")) {
                requireGolden(golden, "case" + number, kind, noises[number], number == 4);
            }
        }
    }

    private static void requireGolden(Tensors golden, String name, String kind, double[] noise, boolean uniform) {
        int[] before = golden.ints(name + ".z_t" + kind);
        float[] logits = golden.floats(name + ".logits" + kind);
        float[] base = golden.floats(name + ".R" + kind);
        int classes = logits.length / before.length;
        float[] limit = new float[classes];
        // Of the uniform noise the base matrix is as many times larger.
        int times = uniform ? classes : 1;
        for (int k = 0; k < classes; k++) {
            limit[k] = base[(k == 0 ? 1 : 0) * classes + k] / times;
        }
        double c = noise[0] * Math.pow(noise[1], golden.floats(name + ".t")[0]) - noise[0];
        Leap leap = new Leap(step((float) Math.exp(-times * c), golden.floats(name + ".h")[0]), limit);
        float[] rates = golden.floats(name + ".rate" + kind);
        int[] numbers = golden.ints(name + ".poisson" + kind);
        int[] after = golden.ints(name + ".z_s" + kind);
        int[] last = golden.ints(name + ".final" + kind);
        float[] prediction = new float[classes];
        int n = golden.shape(name + ".z_t" + kind)[1];
        boolean edges = kind.equals(".E");
        for (int at = 0; at < before.length; at++) {
            Flow.predict(logits, at * classes, prediction, 1);
            double[] found = leap.rates(prediction, before[at]);
            int row = at;
            for (int j = 0; j < classes; j++) {
                float expected = rates[at * classes + j];
                assertThat(times * found[j]).as("%s%s rate %s of %s", name, kind, j, at)
                    .isCloseTo(expected, within(2e-4 * Math.max(expected, 1e-3)));
            }
            if (!edges || at / n % n < at % n) {
                assertThat(Leap.moved(before[at], classes, j -> numbers[row * classes + j])).isEqualTo(after[at]);
                assertThat(Flow.best(prediction)).isEqualTo(last[at]);
            }
        }
    }

    @Test
    void theShareThatIsKeptIsThatOfTheNoise() {
        assertThat(Sampler.kept(0)).isEqualTo(1);
        assertThat(Sampler.kept(1)).isCloseTo((float) Math.exp(-Sampler.LEAP_ALPHA * (Sampler.LEAP_BETA - 1)), within(1e-6f));
        float[] kept = new float[100];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = Sampler.kept(i / 100.0);
        }
        float[] sorted = kept.clone();
        Arrays.sort(sorted);
        for (int i = 0; i < kept.length; i++) {
            assertThat(kept[i]).isEqualTo(sorted[kept.length - 1 - i]);
        }
    }
}
