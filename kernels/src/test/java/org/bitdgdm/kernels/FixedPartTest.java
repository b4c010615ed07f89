package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every graph holds is noised as time asks, and whole at the end, whatever the sampler and the backend. */
class FixedPartTest {
    private static final PackedModel MODEL = TestModels.tiny(Variant.FIXED_BUG, 3);
    private static final FixedPart PART = new FixedPart(new byte[] {2, 0, 1}, new byte[] {1, 0, 2});
    private static final long[] IDS = {4, 9, 1L << 40};

    private static Stream<Arguments> samplers() {
        return SamplerTest.cases().filter(each -> ((Sampler) each.get()[1]).stochasticity() == Stochasticity.GENERAL);
    }

    @ParameterizedTest
    @MethodSource("samplers")
    void everyGraphEndsWithThePartWhateverItsBatch(PackedModel model, Sampler sampler) throws InterruptedException {
        List<Sampler.Step> steps = sampler.steps(model.diffusion(), 6);
        try (Denoiser cpu = new CpuDenoiser(model, new BackendOptions(2, "auto", null));
             Denoiser reference = new ReferenceDenoiser(model)) {
            for (Denoiser denoiser : List.of(cpu, reference)) {
                GraphBatch batch = denoiser.sample(6, IDS, 7, steps, PART);
                batch.requireFits(model.architecture());
                requirePart(batch);
                Graph alone = denoiser.sample(6, new long[] {9}, 7, steps, PART).graph(0);
                assertThat(alone.nodes()).isEqualTo(batch.graph(1).nodes());
                assertThat(alone.edges()).isEqualTo(batch.graph(1).edges());
                // What ends in the most probable class may end alike.
                if (sampler.rule() != Sampler.Rule.LEAP) {
                    assertThat(batch.graph(1).edges())
                        .isNotEqualTo(denoiser.sample(6, IDS, 8, steps, PART).graph(1).edges());
                }
            }
        }
    }

    @Test
    void aGraphOfThePartAloneIsThePartAndASmallerOneIsRefused() throws InterruptedException {
        List<Sampler.Step> steps = Sampler.posterior(Schedule.UNIFORM).steps(MODEL.diffusion(), 4);
        try (Denoiser denoiser = new ReferenceDenoiser(MODEL)) {
            Graph graph = denoiser.sample(3, IDS, 1, steps, PART).graph(2);
            assertThat(graph.nodes()).isEqualTo(PART.nodes());
            assertThat(graph.edges()).isEqualTo(PART.edges());
            assertThatIllegalArgumentException().isThrownBy(() -> denoiser.sample(2, IDS, 1, steps, PART))
                .withMessageContaining("at least the 3 nodes");
        }
    }

    @Test
    void theDeviceHoldsItToo() throws InterruptedException {
        List<Sampler.Step> steps = Sampler.posterior(Schedule.UNIFORM).steps(MODEL.diffusion(), 3);
        try (Denoiser cuda = EmulatedDenoisers.open(MODEL, false, false)) {
            requirePart(cuda.sample(5, IDS, 7, steps, PART));
        }
    }

    private static void requirePart(GraphBatch batch) {
        for (Graph graph : batch.graphs()) {
            assertThat(Arrays.copyOf(graph.nodes(), 3)).isEqualTo(PART.nodes());
            assertThat(graph.edges()[Graph.pair(graph.n(), 0, 1)]).isEqualTo((byte) 1);
            assertThat(graph.edges()[Graph.pair(graph.n(), 0, 2)]).isEqualTo((byte) 0);
            assertThat(graph.edges()[Graph.pair(graph.n(), 1, 2)]).isEqualTo((byte) 2);
        }
    }

    /** Between, its classes are its own with the share that is kept, else drawn from the limit; all else is left alone. */
    @Test
    void onTheWayItIsNoisedAsTheForwardProcessDoes() {
        float kept = 0.4f;
        int graphs = 20_000;
        LimitDistribution limits = new LimitDistribution(new float[] {6, 3, 1}, new float[] {0.7f, 0.25f, 0.05f});
        long[] ids = new long[graphs];
        Arrays.setAll(ids, id -> id);
        GraphBatch batch = new GraphBatch(5, ids);
        Arrays.fill(batch.nodes(), (byte) 7);
        PART.replace(batch, limits, 3, step(5, kept));
        double[] node = new double[3];
        double[] edge = new double[3];
        for (Graph graph : batch.graphs()) {
            node[graph.nodes()[0]]++;
            edge[graph.edges()[Graph.pair(5, 1, 2)]]++;
            assertThat(graph.nodes()[3]).isEqualTo((byte) 7);
            assertThat(graph.edges()[Graph.pair(5, 2, 3)]).isZero();
        }
        double[] ofNode = {0.36, 0.18, 0.46};
        double[] ofEdge = {0.42, 0.15, 0.43};
        for (int k = 0; k < 3; k++) {
            assertThat(node[k] / graphs).isCloseTo(ofNode[k], within(0.015));
            assertThat(edge[k] / graphs).isCloseTo(ofEdge[k], within(0.015));
        }
        // The end of DiGress's schedule keeps a little less than all; the part is whole there.
        PART.replace(batch, limits, 3, step(0, 0.9999f));
        assertThat(batch.graphs()).allSatisfy(graph -> assertThat(Arrays.copyOf(graph.nodes(), 3)).isEqualTo(PART.nodes()));
    }

    private static Sampler.Step step(int to, float kept) {
        return new Sampler.Step(Sampler.Rule.POSTERIOR, to + 1, to, to + 1, 0.5f, 0.1f, 0.3f, kept, 0, 0,
            Stochasticity.GENERAL);
    }

    @Test
    void itsEdgesMustBeThoseOfItsNodes() {
        assertThatIllegalArgumentException().isThrownBy(() -> new FixedPart(new byte[0], new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> new FixedPart(new byte[3], new byte[2]));
    }
}
