package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.bitdgdm.kernels.ResidueDiffusion.Transition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must hold of sequences and of their network, whatever the weights. */
class SequenceSamplerTest {
    private static final ProteinArchitecture ARCHITECTURE = new ProteinArchitecture(2, true, true, StructureAt.OUTPUT, 50);

    private static ReferenceProteinDenoiser denoiser(ProteinArchitecture architecture) {
        return new ReferenceProteinDenoiser(TestProteins.model(architecture, 10, 7, 5, 1));
    }

    private static float[] sample(ProteinGraph protein, boolean diverse, long seed, long structure, int first, int samples,
                                  boolean[] fixed) throws InterruptedException {
        try (ReferenceProteinDenoiser denoiser = denoiser(ARCHITECTURE);
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            return new SequenceSampler(denoiser.diffusion(), Transition.UNIFORM, 10, diverse, seed)
                .sample(network, structure, first, samples, fixed);
        }
    }

    @Test
    void aSampleDependsOnSeedStructureAndNumberOnly() throws InterruptedException {
        ProteinGraph protein = TestProteins.random(12, 3);
        boolean[] free = new boolean[12];
        float[] five = sample(protein, true, 8, 77, 0, 5, free);
        float[] lastTwo = sample(protein, true, 8, 77, 3, 2, free);
        assertThat(lastTwo).isEqualTo(Arrays.copyOfRange(five, 3 * 12 * 20, five.length));
        assertThat(sample(protein, true, 9, 77, 0, 5, free)).isNotEqualTo(five);
        assertThat(sample(protein, true, 8, 78, 0, 5, free)).isNotEqualTo(five);
    }

    @Test
    void startsAreUniformAndNoTwoSamplesShareOne() {
        SequenceSampler sampler = new SequenceSampler(TestProteins.diffusion(50), Transition.BLOSUM, 5, false, 1);
        byte[] starts = sampler.start(50, 4, 0, 400);
        int[] counts = new int[20];
        Set<String> distinct = new HashSet<>();
        for (int k = 0; k < 400; k++) {
            distinct.add(Arrays.toString(Arrays.copyOfRange(starts, k * 50, (k + 1) * 50)));
        }
        for (byte residue : starts) {
            counts[residue]++;
        }
        assertThat(distinct).hasSize(400);
        // 1,000 of each are expected; six standard deviations.
        assertThat(Arrays.stream(counts).boxed()).allMatch(count -> Math.abs(count - 1000) < 6 * Math.sqrt(1000));
    }

    @ParameterizedTest
    @EnumSource
    void posteriorsAndTransitionsAreDistributions(Transition transition) {
        ResidueDiffusion diffusion = TestProteins.diffusion(50);
        float[] weights = new float[20];
        double[] p = new double[20];
        for (int t : new int[] {1, 10, 50}) {
            double[] cumulative = diffusion.cumulative(transition, t);
            for (int row = 0; row < 20; row++) {
                assertThat(Arrays.stream(cumulative, row * 20, row * 20 + 20).sum()).isCloseTo(1, within(2e-5));
            }
            for (int current = 0; current < 20; current++) {
                Arrays.fill(p, 0);
                p[(current + 3) % 20] = 0.75;
                p[current] = 0.25;
                new ResiduePosterior(diffusion, transition, t, t - 1).compute(p, current, weights);
                double sum = 0;
                for (float weight : weights) {
                    assertThat(weight).isBetween(0f, 1f);
                    sum += weight;
                }
                assertThat(sum).isCloseTo(1, within(1e-6));
            }
        }
    }

    @Test
    void fixedResiduesEndAsTheyAreInTheProteinAndSteerTheOthers() throws InterruptedException {
        ProteinGraph protein = TestProteins.random(12, 3);
        boolean[] fixed = new boolean[12];
        Arrays.fill(fixed, 2, 9, true);
        float[] free = sample(protein, false, 8, 77, 0, 1, new boolean[12]);
        float[] logits = sample(protein, false, 8, 77, 0, 1, fixed);
        byte[] sequence = SequenceSampler.sequence(protein, logits, 0, fixed);
        assertThat(Arrays.copyOfRange(sequence, 2, 9)).isEqualTo(Arrays.copyOfRange(protein.sequence(), 2, 9));
        assertThat(logits).isNotEqualTo(free);
    }

    @ParameterizedTest
    @EnumSource
    void permutedResiduesGivePermutedLogits(StructureAt structureAt) {
        for (boolean normalised : new boolean[] {true, false}) {
            ProteinArchitecture architecture = new ProteinArchitecture(3, normalised, normalised, structureAt, 50);
            ProteinGraph protein = TestProteins.random(9, 5);
            int[] to = {4, 0, 8, 2, 7, 1, 3, 6, 5};
            byte[] z = TestProteins.sequence(9, 6);
            byte[] permuted = new byte[9];
            for (int i = 0; i < 9; i++) {
                permuted[to[i]] = z[i];
            }
            float[] expected = logits(architecture, protein, z);
            float[] found = logits(architecture, permuted(protein, to), permuted);
            for (int i = 0; i < 9; i++) {
                new Tolerance(1e-5, 1e-5).check("residue " + i, Arrays.copyOfRange(expected, i * 20, i * 20 + 20),
                    Arrays.copyOfRange(found, to[i] * 20, to[i] * 20 + 20));
            }
        }
    }

    private static float[] logits(ProteinArchitecture architecture, ProteinGraph protein, byte[] z) {
        float[] logits = new float[z.length * 20];
        try (ReferenceProteinDenoiser denoiser = denoiser(architecture);
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            network.logits(z, 17, logits);
        }
        return logits;
    }

    private static ProteinGraph permuted(ProteinGraph protein, int[] to) {
        int n = to.length;
        byte[] sequence = new byte[n];
        float[] features = new float[n * 11];
        float[] states = new float[n * 8];
        float[] positions = new float[n * 3];
        for (int i = 0; i < n; i++) {
            sequence[to[i]] = protein.sequence()[i];
            System.arraycopy(protein.nodeFeatures(), i * 11, features, to[i] * 11, 11);
            System.arraycopy(protein.structure(), i * 8, states, to[i] * 8, 8);
            System.arraycopy(protein.positions(), i * 3, positions, to[i] * 3, 3);
        }
        return new ProteinGraph(sequence, features, states, positions,
            Arrays.stream(protein.sources()).map(i -> to[i]).toArray(),
            Arrays.stream(protein.targets()).map(i -> to[i]).toArray(), protein.edgeFeatures());
    }

    @Test
    void aChainOfOneResidueIsSampledToo() throws InterruptedException {
        ProteinGraph alone = new ProteinGraph(new byte[] {3}, new float[11], new float[8], new float[3], new int[0],
            new int[0], new float[0]);
        assertThat(sample(alone, true, 1, 2, 0, 2, new boolean[1])).hasSize(40);
    }

    @Test
    void stepsMustDivideTheStepsOfTheModel() {
        ResidueDiffusion diffusion = TestProteins.diffusion(50);
        assertThat(diffusion.times(5)).containsExactly(50, 40, 30, 20, 10, 0);
        for (int wrong : new int[] {0, 3, 51}) {
            assertThatIllegalArgumentException().isThrownBy(() -> diffusion.times(wrong))
                .withMessageContaining("steps must divide 50").withMessageEndingWith("found " + wrong);
        }
    }

    @Test
    void aBrokenWeightIsNamedByTimeAndResidue() {
        PackedProteinModel model = TestProteins.model(ARCHITECTURE, 10, 7, 5, 1);
        PackedLinear last = model.linear("lin");
        float[] bias = last.bias.clone();
        bias[3] = Float.POSITIVE_INFINITY;
        PackedLinear broken = PackedLinear.full("lin", last.in, last.out, last.weight, bias);
        List<PackedLinear> linears = model.linears().stream().map(l -> l.name.equals("lin") ? broken : l).toList();
        try (ReferenceProteinDenoiser denoiser = new ReferenceProteinDenoiser(model.withRanges(List.of(linears)));
             ProteinDenoiser.Conditioned network = denoiser.condition(TestProteins.random(4, 1))) {
            assertThatThrownBy(() -> new SequenceSampler(model.diffusion(), Transition.UNIFORM, 5, false, 0)
                .sample(network, 0, 0, 1, new boolean[4])).isInstanceOf(KernelException.class)
                .hasMessageContaining("logits at time 50 must be finite").hasMessageContaining("in residue 0");
        }
    }
}
