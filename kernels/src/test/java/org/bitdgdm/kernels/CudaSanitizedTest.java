package org.bitdgdm.kernels;

import static org.bitdgdm.kernels.TestLayers.LOW_BIT;
import static org.bitdgdm.kernels.TestModels.logits;
import static org.bitdgdm.kernels.TestModels.noise;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The emulated device built with AddressSanitizer and UndefinedBehaviorSanitizer: out-of-bounds accesses of shared and device
 * memory, and undefined behaviour, end it. What comes out is checked elsewhere.
 */
class CudaSanitizedTest {
    private static final int SHARED = 101_376;
    /** Tiles have 16 rows, and features of 27 nodes lie in device memory. */
    private static final int LITTLE = 10_000;

    private final PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 6);

    @BeforeAll
    static void theCompilerHasSanitizers() {
        assumeTrue(EmulatedDriver.sanitizedIsThere(), "the compiler has no AddressSanitizer");
    }

    private static CudaDenoiser open(PackedModel model, EmulatedDriver.Order order, int shared, boolean halves) {
        return new CudaDenoiser(model, new EmulatedDriver(order, shared, true), halves);
    }

    /** Both variants, sizes in and beyond a warp and a tile, in every order of threads. */
    @ParameterizedTest
    @EnumSource
    void sizes(EmulatedDriver.Order order) throws InterruptedException {
        PackedModel main = TestModels.tiny(Variant.MAIN, 6, 1);
        for (PackedModel model : List.of(main, TestLayers.quantized(TestModels.tiny(Variant.FIXED_BUG, 6, 1), LOW_BIT, 2))) {
            try (CudaDenoiser denoiser = open(model, order, SHARED, false)) {
                for (int n : new int[] {1, 2, 5, 9, 27}) {
                    run(denoiser, model, noise(model, n, 5, 7));
                }
            }
            try (CudaDenoiser denoiser = open(model, order, LITTLE, false)) {
                run(denoiser, model, noise(model, 27, 5, 6));
                run(denoiser, model, noise(model, 64, 5, 6));
            }
        }
    }

    /** Layers of every kind, each in another order; 17 graphs of 4 nodes fuse the rest of X's layer. */
    @Test
    void forms() throws InterruptedException {
        TestLayers.Form perRow = new TestLayers.Form(0, 4, 8, TestLayers.Input.ROW, 8, 8, 0, true);
        TestLayers.Form decoded = new TestLayers.Form(3, 16, 0, TestLayers.Input.SIGNED, 4, 32, 2, true);
        TestLayers.Form floatH = new TestLayers.Form(3, 4, 4, TestLayers.Input.SIGNED, 4, 32, 2, false);
        List<PackedModel> models = List.of(full, TestLayers.quantized(full, LOW_BIT, 2), TestLayers.quantized(full, perRow, 2),
            TestLayers.quantized(full, decoded, 2), TestLayers.quantized(full, floatH, 2),
            TestLayers.transformed(TestLayers.quantized(full, LOW_BIT, 2), 3, 8));
        for (int at = 0; at < models.size(); at++) {
            PackedModel model = models.get(at);
            int little = model.forms().contains(PackedForm.TRANSFORM) ? 2 * LITTLE : LITTLE;
            for (int n : new int[] {1, 5, 18}) {
                EmulatedDriver.Order order = EmulatedDriver.Order.values()[(at + n) % 3];
                try (CudaDenoiser denoiser = open(model, order, n == 18 ? little : SHARED, model == full && n == 5)) {
                    logits(denoiser, model, noise(model, 4, 0, 17), 25);
                    run(denoiser, model, noise(model, n, 5, 7));
                }
            }
        }
    }

    /** What only benchmarks launch: the fused edges without their layers. */
    @Test
    void edgesWithoutLayers() {
        for (int n : new int[] {5, 27}) {
            try (CudaDenoiser denoiser = open(full, EmulatedDriver.Order.RANDOM, n == 27 ? LITTLE : SHARED, false)) {
                denoiser.kernelSeconds(noise(full, n, 5, 7), 25, 1);
            }
        }
    }

    /** Draws, a step, and logits. */
    private static void run(CudaDenoiser denoiser, PackedModel model, GraphBatch batch) throws InterruptedException {
        denoiser.sample(batch.nodeCount(), batch.ids(), 1, new int[] {50});
        denoiser.advance(batch, 1, new int[] {50, 25});
        logits(denoiser, model, batch, 25);
    }
}
