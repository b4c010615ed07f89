package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every step rule on every kind of network, the times of flows, and their jumps. */
class SamplerTest {
    private static final PackedModel DIGRESS = TestModels.tiny(Variant.FIXED_BUG, 3);
    private static final PackedModel DEFOG = defog(LimitDistribution.Kind.MARGINAL);
    private static final int STEPS = 6;

    /** A random model of DeFoG, of 3 node and 4 edge types of data, as wide as the other random ones. */
    private static PackedModel defog(LimitDistribution.Kind kind) {
        return defog(kind, 7);
    }

    /** The same of graphs of at most so many nodes, at least 7. */
    static PackedModel defog(LimitDistribution.Kind kind, int maxNodes) {
        LimitDistribution limits = kind.of(new float[] {0.6f, 0.3f, 0.1f}, new float[] {0.7f, 0.25f, 0.05f, 0});
        float[] weights = Arrays.copyOf(new float[] {12, 14, 16, 12}, limits.nodes().length);
        Architecture architecture = new Architecture(Variant.MAIN, 2, 4, limits.nodes().length, limits.edges().length,
            maxNodes, 1000, FeatureSet.RRWP, true, weights, 120, 5, kind == LimitDistribution.Kind.ABSORBING);
        return TestModels.tiny(architecture, new Diffusion(NoiseSchedule.linear(1000), limits,
            new SizeDistribution(Arrays.copyOf(new float[] {0, 0.1f, 0.1f, 0.1f, 0.1f, 0.2f, 0.2f, 0.2f},
                maxNodes + 1))), 5);
    }

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (PackedModel model : List.of(DIGRESS, DEFOG, defog(LimitDistribution.Kind.ABSORBING),
            defog(LimitDistribution.Kind.ABSORBFIRST))) {
            cases.add(Arguments.of(model, Sampler.posterior(Schedule.UNIFORM)));
            cases.add(Arguments.of(model, Sampler.leaps()));
            cases.add(Arguments.of(model, Sampler.flow(Distortion.COS, 0, 0, Stochasticity.GENERAL)));
            for (Stochasticity design : Stochasticity.values()) {
                cases.add(Arguments.of(model, Sampler.flow(Distortion.POLYDEC, 10, 0.5f, design)));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void graphsDependOnTheirIdAloneAndInstructionSetsAgree(PackedModel model, Sampler sampler) throws InterruptedException {
        List<Sampler.Step> steps = sampler.steps(model.diffusion(), STEPS);
        long[] ids = {4, 9, 1L << 40};
        GraphBatch first = null;
        for (String isa : CpuIsas.supported()) {
            try (CpuDenoiser denoiser = new CpuDenoiser(model, new BackendOptions(2, isa, null))) {
                GraphBatch whole = denoiser.sample(6, ids, 7, steps);
                first = first == null ? whole : first;
                assertThat(whole.nodes()).as(isa).isEqualTo(first.nodes());
                assertThat(whole.edges()).as(isa).isEqualTo(first.edges());
                // The middle graph alone, in calls of one step each.
                GraphBatch alone = InitialNoise.draw(model.diffusion(), 6, new long[] {9}, 7, steps.get(0).from());
                for (Sampler.Step step : steps) {
                    denoiser.advance(alone, 7, List.of(step));
                }
                assertThat(alone.nodes()).isEqualTo(Arrays.copyOfRange(first.nodes(), 6, 12));
                assertThat(alone.edges()).isEqualTo(Arrays.copyOfRange(first.edges(), 36, 72));
                // A step that is recorded draws what a step draws.
                GraphBatch recorded = InitialNoise.draw(model.diffusion(), 6, ids, 7, steps.get(0).from());
                steps.forEach(step -> denoiser.recordStep(recorded, 7, step, (layer, input, rows) -> { }));
                assertThat(recorded.nodes()).isEqualTo(first.nodes());
                assertThat(recorded.edges()).isEqualTo(first.edges());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everyStepOfTheReferenceIsThatOfTheProcessor(PackedModel model, Sampler sampler) {
        List<Sampler.Step> steps = sampler.steps(model.diffusion(), STEPS);
        int differ = 0;
        try (CpuDenoiser denoiser = new CpuDenoiser(model, new BackendOptions(1, "auto", null))) {
            GraphBatch start = InitialNoise.draw(model.diffusion(), 6, LongStream.range(0, 40).toArray(), 3,
                steps.get(0).from());
            GraphBatch cpu = new GraphBatch(6, start.ids(), start.nodes().clone(), start.edges().clone());
            for (Sampler.Step step : steps) {
                GraphBatch reference = new GraphBatch(6, cpu.ids(), cpu.nodes().clone(), cpu.edges().clone());
                new ReferenceDenoiser(model).advance(reference, 3, List.of(step));
                denoiser.advance(cpu, 3, List.of(step));
                differ += differences(cpu.nodes(), reference.nodes()) + differences(cpu.edges(), reference.edges());
            }
            cpu.requireFits(model.architecture());
            assertThat(cpu.edges()).as("what was drawn").isNotEqualTo(start.edges());
        }
        // A draw may fall within the rounding of the predictions, once in many thousands; an edge is there twice.
        assertThat(differ).isLessThanOrEqualTo(2);
    }

    private static int differences(byte[] found, byte[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        int differ = 0;
        for (int k = 0; k < found.length; k++) {
            differ += found[k] == expected[k] ? 0 : 1;
        }
        return differ;
    }

    @Test
    void modelsOfFlowsComeBackFromTheirBytes() {
        for (LimitDistribution.Kind kind : LimitDistribution.Kind.values()) {
            PackedModel model = defog(kind);
            byte[] bytes = PackedModelFormat.toBytes(model);
            PackedModel read = PackedModelFormat.fromBytes(bytes);
            assertThat(read.diffusion().limits().kind()).isEqualTo(kind);
            assertThat(read.diffusion().schedule().linear()).isTrue();
            assertThat(read.architecture().walks()).isEqualTo(5);
            assertThat(read.architecture().absorbing()).isEqualTo(kind == LimitDistribution.Kind.ABSORBING);
            assertThat(PackedModelFormat.toBytes(read)).isEqualTo(bytes);
        }
    }

    @Test
    void flowsTakeAnyNumberOfStepsAndEndInThePrediction() {
        for (Distortion distortion : Distortion.values()) {
            for (int count : new int[] {1, 7, 3000}) {
                List<Sampler.Step> steps = Sampler.flow(distortion, 0, 0, Stochasticity.GENERAL)
                    .steps(DEFOG.diffusion(), count);
                assertThat(steps).hasSize(count);
                assertThat(steps.get(0).alphaBarFrom()).isZero();
                assertThat(steps.get(count - 1).alphaBarTo()).isEqualTo(1);
                assertThat(steps.get(count - 1).rule()).isEqualTo(Sampler.Rule.PREDICTION);
                for (int i = 0; i < count; i++) {
                    Sampler.Step step = steps.get(i);
                    assertThat(step.to()).isEqualTo(count - 1 - i);
                    assertThat(step.alphaBarTo()).isGreaterThanOrEqualTo(step.alphaBarFrom());
                    assertThat(step.at()).isBetween(1, 1000);
                    assertThat(step.time()).isEqualTo(step.alphaBarFrom());
                }
            }
        }
        assertThatIllegalArgumentException()
            .isThrownBy(() -> Sampler.posterior(Schedule.UNIFORM).steps(DEFOG.diffusion(), 1001))
            .withMessageContaining("steps must be in 1..1000");
        for (int count : new int[] {0, 1_000_001, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                .isThrownBy(() -> Sampler.of(DEFOG.diffusion()).steps(DEFOG.diffusion(), count))
                .withMessage("steps must be in 1..1000000, those of a flow, found " + count);
        }
    }

    /** A network of DiGress's reads the time at which as much is kept as the flow says. */
    @Test
    void aNetworkOfDigressReadsTheTimeOfAsMuchNoise() {
        NoiseSchedule schedule = DIGRESS.diffusion().schedule();
        for (Sampler.Step step : Sampler.flow(Distortion.IDENTITY, 0, 0, Stochasticity.GENERAL)
            .steps(DIGRESS.diffusion(), 37)) {
            double t = step.time() * 50.0;
            int before = (int) Math.min(49, Math.floor(t + 1e-4));
            double kept = schedule.alphasBar()[before]
                + (t - before) * (schedule.alphasBar()[before + 1] - schedule.alphasBar()[before]);
            assertThat(t).isBetween(1 - 1e-6, 50 + 1e-6);
            assertThat(step.at()).isBetween((int) t, (int) t + 1);
            if (t > 1.001 && t < 49.999) {
                assertThat(kept).isCloseTo(step.alphaBarFrom(), within(1e-4));
            }
        }
    }

    @Test
    void weightsOfJumpsSumToOneWhereStayingHasOneAndNoneLeavesTheDrawnClassWithoutNoise() {
        Random random = new Random(1);
        float[] limit = {0.7f, 0.25f, 0.05f, 0};
        for (Stochasticity design : Stochasticity.values()) {
            for (float eta : new float[] {0, 20}) {
                Sampler.Step step = new Sampler.Step(Sampler.Rule.FLOW, 2, 1, 5, 0.4f, 0, 0.4f, 0.45f, eta, 0.5f, design);
                for (int drawn = 0; drawn < 4; drawn++) {
                    for (int current = 0; current < 4; current++) {
                        Flow flow = new Flow(step, limit);
                        flow.noised(drawn);
                        int fromNoised = random.nextInt(3);
                        int column = flow.column(new float[] {0.1f, 0.6f, 0.2f, 0.1f}, current, drawn, () -> fromNoised);
                        float[] weights = new float[4];
                        flow.weigh(current, drawn, column, weights);
                        float sum = 0;
                        for (float weight : weights) {
                            assertThat(weight).isNotNegative();
                            sum += weight;
                        }
                        assertThat(sum).isGreaterThan(1 - 1e-6f);
                        if (weights[current] > 0) {
                            assertThat(sum).isLessThan(1 + 1e-6f);
                        }
                        if (current == drawn && eta == 0) {
                            assertThat(weights[current]).isEqualTo(1);
                        }
                        if (current == 3 && drawn != 3) {
                            assertThat(weights[3]).as("a class that noise never has is not left but by agreement").isEqualTo(1);
                        }
                    }
                }
            }
        }
    }

    /** With the data known, a flow ends at it from any noise, however many steps it takes. */
    @Test
    void aFlowTowardsAKnownClassArrives() {
        float[] limit = {0.7f, 0.25f, 0.05f};
        float[] certain = {0, 0, 1};
        float[] weights = new float[3];
        int arrived = 0;
        for (int id = 0; id < 400; id++) {
            int current = id % 3;
            for (Sampler.Step step : Sampler.flow(Distortion.IDENTITY, 5, 0.1f, Stochasticity.GENERAL)
                .steps(DEFOG.diffusion(), 40)) {
                current = step.rule() == Sampler.Rule.PREDICTION ? current
                    : new Flow(step, limit).jump(certain, current, weights, 11, id, 0);
            }
            arrived += current == 2 ? 1 : 0;
        }
        // Before the step that draws from the prediction itself, at t = 39/40.
        assertThat(arrived).isGreaterThan(370);
    }

    @Test
    void theSpecSaysWhatDiffusesAndWhatTheNetworkIsGiven() {
        assertThat(DEFOG.spec().states()).containsExactly(NetworkSpec.Rows.NODE, NetworkSpec.Rows.EDGE);
        assertThat(DEFOG.spec().features()).isEqualTo(FeatureSet.RRWP);
        assertThat(DEFOG.spec().conditions()).containsExactly(NetworkSpec.Condition.TIME);
        Architecture plain = new Architecture(Variant.MAIN, 1, 2, 1, 2, 7, 50, FeatureSet.ALL, false, new float[0], 1);
        assertThat(new NetworkSpec(plain).states()).containsExactly(NetworkSpec.Rows.EDGE);
    }
}
