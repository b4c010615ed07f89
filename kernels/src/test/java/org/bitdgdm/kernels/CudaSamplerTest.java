package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every step rule on every kind of network on the emulated device, against the processor. */
class CudaSamplerTest {
    private static final int STEPS = 6;

    @ParameterizedTest
    @MethodSource("org.bitdgdm.kernels.SamplerTest#cases")
    void everyStepOfTheDeviceIsThatOfTheProcessor(PackedModel model, Sampler sampler) throws InterruptedException {
        List<Sampler.Step> steps = sampler.steps(model.diffusion(), STEPS);
        long[] ids = LongStream.range(0, 5).toArray();
        try (CudaDenoiser cuda = EmulatedDenoisers.open(model, false, false);
             CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults())) {
            for (int n : new int[] {1, 2, 7}) {
                GraphBatch expected = cpu.sample(n, ids, 3, steps);
                GraphBatch found = cuda.sample(n, ids, 3, steps);
                assertThat(found.nodes()).isEqualTo(expected.nodes());
                assertThat(found.edges()).isEqualTo(expected.edges());
                found.requireFits(model.architecture());
            }
        }
    }

    /** Graphs of one warp's teams, of a warp, and of a block. */
    @ParameterizedTest
    @EnumSource(LimitDistribution.Kind.class)
    void featuresHaveTheBitsOfTheReferenceAndLogitsAgree(LimitDistribution.Kind kind) {
        PackedModel model = SamplerTest.defog(kind, 40);
        Architecture architecture = model.architecture();
        try (CudaDenoiser cuda = EmulatedDenoisers.open(model, false, false);
             ReferenceDenoiser reference = new ReferenceDenoiser(model)) {
            for (int n : new int[] {1, 2, 7, 19, 40}) {
                GraphBatch batch = TestModels.noise(model, n, 0, 2);
                float[] node = new float[batch.nodes().length * architecture.nodeInputs()];
                float[] global = new float[batch.size() * architecture.globalInputs()];
                for (int g = 0; g < batch.size(); g++) {
                    new GraphFeatures(architecture).compute(batch, g, model.diffusion().schedule().read(310), node,
                        g * n * architecture.nodeInputs(), new float[n * n * architecture.edgeInputs()], 0, global,
                        g * architecture.globalInputs());
                }
                float[][] found = FamilyShapesTest.cudaFeatures(cuda, model, batch, 310);
                assertThat(found[0]).isEqualTo(node);
                assertThat(found[1]).isEqualTo(global);
                float[][] expected = TestModels.logits(reference, model, batch, 310);
                float[][] logits = TestModels.logits(cuda, model, batch, 310);
                FamilyShapesTest.check("cuda, " + n + " nodes", expected, logits);
            }
        }
    }

    /** The device holds as many steps as the model has times; a flow may take any number. */
    @Test
    void moreStepsThanTimesAreTakenInParts() throws InterruptedException {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 3);
        int times = model.diffusion().steps();
        List<Sampler.Step> steps = Sampler.flow(Distortion.COS, 2, 0.1f, Stochasticity.GENERAL)
            .steps(model.diffusion(), 2 * times + 7);
        long[] ids = {4, 1L << 40};
        try (CudaDenoiser cuda = EmulatedDenoisers.open(model, false, false);
             CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults())) {
            GraphBatch expected = cpu.sample(5, ids, 3, steps);
            GraphBatch found = cuda.sample(5, ids, 3, steps);
            assertThat(found.nodes()).isEqualTo(expected.nodes());
            assertThat(found.edges()).isEqualTo(expected.edges());
            GraphBatch advanced = InitialNoise.draw(model.diffusion(), 5, ids, 3, steps.get(0).from());
            cuda.advance(advanced, 3, steps);
            assertThat(advanced.edges()).isEqualTo(expected.edges());
        }
    }
}
