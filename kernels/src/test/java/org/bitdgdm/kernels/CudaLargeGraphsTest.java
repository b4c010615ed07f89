package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bitdgdm.kernels.TestLayers.LOW_BIT;
import static org.bitdgdm.kernels.TestModels.logits;
import static org.bitdgdm.kernels.TestModels.noise;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The largest graphs that features are exact for, on the emulated device: a node's edges take four tiles of 64 rows, or
 * thirteen of 16; features do not fit shared memory.
 */
class CudaLargeGraphsTest {
    private static final int NODES = 200;
    private static final int LITTLE = 10_000;
    /** As in {@link CudaDenoiserTest}. */
    private static final Tolerance LOGITS = new Tolerance(1e-4, 1e-4);
    private static final Tolerance FLIPPED_CODE = new Tolerance(0.02, 0.02);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logitsAgreeInEveryOrderAndTile(boolean quantized) {
        PackedModel full = TestModels.tiny(Variant.MAIN, 4, 1);
        PackedModel model = quantized ? TestLayers.quantized(full, LOW_BIT, 2) : full;
        GraphBatch batch = noise(model, NODES, 5, 6);
        float[][] expected = logits(new ReferenceDenoiser(model), model, batch, 20);
        float[][] first = null;
        for (EmulatedDriver.Order order : EmulatedDriver.Order.values()) {
            float[][] found = logitsOf(model, order, 101_376, batch);
            first = first == null ? found : first;
            assertThat(found).as("%s", order).isDeepEqualTo(first);
        }
        check("tiles of 64 rows", quantized, expected, first);
        // Here other sums are taken in another order than in larger tiles.
        check("tiles of 16 rows", quantized, expected, logitsOf(model, EmulatedDriver.Order.RANDOM, LITTLE, batch));
    }

    private static float[][] logitsOf(PackedModel model, EmulatedDriver.Order order, int shared, GraphBatch batch) {
        try (CudaDenoiser denoiser = new CudaDenoiser(model, new EmulatedDriver(order, shared, false), false)) {
            return logits(denoiser, model, batch, 20);
        }
    }

    private static void check(String what, boolean quantized, float[][] expected, float[][] found) {
        Tolerance tolerance = quantized ? FLIPPED_CODE : LOGITS;
        tolerance.check(what + ": nodes", expected[0], found[0]);
        tolerance.check(what + ": edges", expected[1], found[1]);
    }
}
