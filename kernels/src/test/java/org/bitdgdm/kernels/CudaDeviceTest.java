package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bitdgdm.kernels.TestLayers.LOW_BIT;
import static org.bitdgdm.kernels.TestModels.logits;
import static org.bitdgdm.kernels.TestModels.noise;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import jcuda.driver.CUctx_flags;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;

/** On a real GPU what {@link CudaDenoiserTest} and {@link CudaLinearTest} check on the emulated one. */
@Gpu
class CudaDeviceTest {
    private static final Tolerance LOGITS = new Tolerance(1e-4, 1e-4);
    private static final Tolerance FLIPPED_CODE = new Tolerance(0.02, 0.02);

    private static CudaDenoiser open(PackedModel model) {
        return new CudaDenoiser(model, BackendOptions.defaults());
    }

    @Test
    void logitsAgreeWithTheReference() {
        for (Variant variant : Variant.values()) {
            PackedModel tiny = TestModels.tiny(variant, 4);
            for (PackedModel model : List.of(TestModels.qm9(variant), tiny, TestLayers.quantized(tiny, LOW_BIT, 2))) {
                boolean full = model.linears().stream().allMatch(PackedLinear::isFull);
                int[] sizes = model.architecture().maxNodes() == 9 ? new int[] {1, 2, 5, 9} : new int[] {1, 2, 5, 9, 27, 64};
                for (int n : sizes) {
                    GraphBatch batch = noise(model, n, 5, 8);
                    float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
                    try (CudaDenoiser cuda = open(model)) {
                        float[][] found = logits(cuda, model, batch, 20);
                        (full ? LOGITS : FLIPPED_CODE).check("nodes, " + n + " nodes", expected[0], found[0]);
                        (full ? LOGITS : FLIPPED_CODE).check("edges, " + n + " nodes", expected[1], found[1]);
                    }
                }
            }
        }
    }

    @Test
    void everyFormAgreesWithTheReference() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        GraphBatch batch = noise(full, 7, 0, 2);
        for (TestLayers.Form form : TestLayers.forms()) {
            PackedModel model = TestLayers.quantized(full, form, 1);
            float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
            try (CudaDenoiser cuda = open(model)) {
                float[][] found = logits(cuda, model, batch, 20);
                FLIPPED_CODE.check("nodes, " + form, expected[0], found[0]);
                FLIPPED_CODE.check("edges, " + form, expected[1], found[1]);
            }
        }
    }

    @Test
    void transformedInputsAndBranchesAgreeWithTheReference() {
        PackedModel model = TestLayers.withRanges(TestLayers.transformed(TestLayers.quantized(TestModels.tiny(
            Variant.FIXED_BUG, 4), LOW_BIT, 2), 3, 8), 3);
        for (int n : new int[] {1, 5, 9, 27, 64}) {
            GraphBatch batch = noise(model, n, 5, 8);
            try (CudaDenoiser cuda = open(model)) {
                for (int t : new int[] {50, 20, 1}) {
                    float[][] expected = logits(new ReferenceDenoiser(model), model, batch, t);
                    float[][] found = logits(cuda, model, batch, t);
                    FLIPPED_CODE.check("nodes, " + n + " nodes", expected[0], found[0]);
                    FLIPPED_CODE.check("edges, " + n + " nodes", expected[1], found[1]);
                }
            }
        }
    }

    /** Also where the chip only emulates the product of 4 bits. */
    @Test
    void codesOfFourBitsGiveTheSameBitsEitherWay() {
        PackedModel model = TestLayers.quantized(TestModels.qm9(Variant.FIXED_BUG), LOW_BIT, 2);
        GraphBatch batch = noise(model, 9, 0, 40);
        float[][] first = null;
        for (boolean nibbles : new boolean[] {false, true}) {
            try (CudaDenoiser cuda = new CudaDenoiser(model, JcudaDriver.open(BackendOptions.defaults()),
                new DeviceProducts(false, nibbles))) {
                float[][] found = logits(cuda, model, batch, 250);
                first = first == null ? found : first;
                assertThat(found).isDeepEqualTo(first);
            }
        }
    }

    /** The network's inputs have the same bits, in one graph a warp, several, and one a block. */
    @Test
    void featuresAreTheSameBits() {
        for (Variant variant : Variant.values()) {
            PackedModel model = TestModels.tiny(variant, 3);
            try (CudaDenoiser cuda = open(model)) {
                for (int n : new int[] {1, 2, 5, 9, 16, 17, 27, 33, 64, 100, 200}) {
                    CudaDenoiserTest.checkFeatures("gpu", cuda, model, noise(model, n, 5, n < 50 ? 11 : 6));
                }
            }
        }
    }

    /** A node's edges take several tiles, features lie in device memory. */
    @Test
    void largeGraphsAgreeWithTheReference() {
        PackedModel tiny = TestModels.tiny(Variant.MAIN, 4);
        for (PackedModel model : List.of(tiny, TestLayers.quantized(tiny, LOW_BIT, 2))) {
            try (CudaDenoiser cuda = open(model)) {
                for (int n : new int[] {65, 130, 200}) {
                    GraphBatch batch = noise(model, n, 5, 7);
                    float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
                    float[][] found = logits(cuda, model, batch, 20);
                    (model == tiny ? LOGITS : FLIPPED_CODE).check("nodes, " + n + " nodes", expected[0], found[0]);
                    (model == tiny ? LOGITS : FLIPPED_CODE).check("edges, " + n + " nodes", expected[1], found[1]);
                }
            }
        }
    }

    @Test
    void halfPrecisionIsNearFullPrecision() {
        PackedModel model = TestModels.qm9(Variant.FIXED_BUG);
        try (CudaDenoiser cuda = new CudaDenoiser(model, JcudaDriver.open(BackendOptions.defaults()), true)) {
            for (int n : new int[] {1, 2, 5, 9}) {
                CudaDenoiserTest.checkHalves(cuda, model, noise(model, n, 5, 7));
            }
        }
    }

    @Test
    void aStepOfEverySizeDrawsTheClassesOfTheCpu() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults()); CudaDenoiser cuda = open(model)) {
            for (int n : new int[] {1, 2, 5, 9, 27, 64, 200}) {
                CudaDenoiserTest.checkStep(cpu, cuda, noise(model, n, 5, n < 27 ? 12 : 7));
            }
        }
    }

    /** The same graphs where layers of nodes are fused, as in large batches, and where they are not. */
    @Test
    void fusedLayersOfNodesChangeNoBit() {
        PackedModel tiny = TestModels.tiny(Variant.FIXED_BUG, 4);
        for (PackedModel model : List.of(tiny, TestLayers.quantized(tiny, LOW_BIT, 2))) {
            try (CudaDenoiser cuda = open(model)) {
                int all = 2048;
                float[][] found = logits(cuda, model, noise(model, 9, 0, all), 20);
                float[][] few = logits(cuda, model, noise(model, 9, 0, 3), 20);
                for (int part = 0; part < 2; part++) {
                    assertThat(Arrays.copyOf(found[part], few[part].length)).isEqualTo(few[part]);
                }
            }
        }
    }

    @Test
    void brokenWeightsAreNamed() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        try (CudaDenoiser cuda = open(TestModels.withInfinity(model, "tf_layers.1.self_attn.v"))) {
            assertThatThrownBy(() -> cuda.sample(5, new long[] {8}, 1, new int[] {50, 40, 0}))
                .isInstanceOf(KernelException.class).hasMessage("logits at time 50 are not finite in graph 8: the output of"
                    + " tf_layers.1.self_attn.v is the first that is not finite, Infinity");
        }
    }

    /** A thread that waits for the device sleeps: its core belongs to other tasks. */
    @Test
    void waitingThreadsSleep() {
        try (CudaDenoiser cuda = open(TestModels.tiny(Variant.MAIN, 4))) {
            CUdevice device = new CUdevice();
            int[] flags = new int[1];
            int[] active = new int[1];
            assertThat(JCudaDriver.cuDeviceGet(device, 0)).isZero();
            assertThat(JCudaDriver.cuDevicePrimaryCtxGetState(device, flags, active)).isZero();
            assertThat(active[0]).as(cuda.describe()).isEqualTo(1);
            assertThat(flags[0] & CUctx_flags.CU_CTX_SCHED_MASK).isEqualTo(CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC);
        }
    }

    @Test
    void initialClassesAreThoseOfTheHost() throws InterruptedException {
        PackedModel model = TestModels.tiny(Variant.MAIN, 6);
        long[] ids = LongStream.range(1L << 40, (1L << 40) + 700).toArray();
        try (CudaDenoiser cuda = open(model)) {
            for (int n : new int[] {1, 2, 5, 9, 27, 64}) {
                GraphBatch found = cuda.sample(n, ids, -3, new int[] {model.diffusion().steps()});
                GraphBatch expected = InitialNoise.draw(model.diffusion(), n, ids, -3);
                assertThat(found.nodes()).as("%s nodes", n).isEqualTo(expected.nodes());
                assertThat(found.edges()).as("%s nodes", n).isEqualTo(expected.edges());
            }
        }
    }

    @Test
    void fullPrecisionDrawsTheGraphsOfTheCpu() throws InterruptedException {
        PackedModel model = TestModels.qm9(Variant.FIXED_BUG);
        int graphs = 512;
        long[] ids = LongStream.range(0, graphs).toArray();
        int[] times = model.diffusion().schedule().times(50);
        GraphBatch expected;
        GraphBatch found;
        try (CpuDenoiser cpu = new CpuDenoiser(model, BackendOptions.defaults()); CudaDenoiser cuda = open(model)) {
            expected = cpu.sample(9, ids, 77, times);
            found = cuda.sample(9, ids, 77, times);
        }
        int same = 0;
        for (int g = 0; g < graphs; g++) {
            same += Arrays.equals(expected.nodes(), g * 9, g * 9 + 9, found.nodes(), g * 9, g * 9 + 9)
                && Arrays.equals(expected.edges(), g * 81, g * 81 + 81, found.edges(), g * 81, g * 81 + 81) ? 1 : 0;
        }
        assertThat((double) same / graphs).as("identical graphs").isGreaterThan(0.99);
    }

    @Test
    void batchesAndStreamsDoNotChangeAGraph() throws Exception {
        PackedModel model = TestLayers.quantized(TestModels.qm9(Variant.FIXED_BUG), LOW_BIT, 2);
        int[] times = model.diffusion().schedule().times(20);
        GraphBatch whole = noise(model, 9, 0, 300);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        CudaDenoiser cuda = open(model);
        try {
            cuda.advance(whole, 77, times);
            List<Future<GraphBatch>> parts = new ArrayList<>();
            for (int from = 0; from < 300; from += 60) {
                int first = from;
                parts.add(threads.submit(() -> {
                    GraphBatch part = noise(model, 9, first, first + 60);
                    cuda.advance(part, 77, times);
                    return part;
                }));
            }
            for (int at = 0; at < parts.size(); at++) {
                GraphBatch part = parts.get(at).get();
                assertThat(part.nodes()).isEqualTo(Arrays.copyOfRange(whole.nodes(), at * 60 * 9, (at + 1) * 60 * 9));
                assertThat(part.edges())
                    .isEqualTo(Arrays.copyOfRange(whole.edges(), at * 60 * 81, (at + 1) * 60 * 81));
            }
        } finally {
            threads.shutdown();
            cuda.close();
        }
        assertThat(cuda.liveBytes()).isZero();
    }
}
