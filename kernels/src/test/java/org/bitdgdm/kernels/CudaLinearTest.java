package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The products of single layers on the emulated device, in every order of threads, against {@link LinearReference}. */
class CudaLinearTest {
    /** Codes are the reference's and integer sums exact; what remains is FP32 summation of terms near 1. */
    private static final Tolerance SUMS = new Tolerance(1e-4, 1e-4);
    private static final int BLOCK = 256;
    private static final DeviceProducts BYTES = new DeviceProducts(false, false);
    private static final DeviceProducts NIBBLES = new DeviceProducts(false, true);
    private static final DeviceProducts HALVES = new DeviceProducts(true, false);

    @Test
    void everyFormAgreesWithTheReference() {
        int forms = 0;
        try (Bench bench = new Bench()) {
            for (int[] widths : new int[][] {{7, 5}, {33, 19}, {65, 47}}) {
                List<PackedLinear> layers = TestLayers.combinations(widths[0], widths[1], 11);
                for (int at = widths[0] % 3; at < layers.size(); at += 3) {
                    bench.check(layers.get(at), 5, forms % 2 == 0 ? 16 : 32);
                    forms++;
                }
            }
            assertThat(bench.narrow).isGreaterThan(10);
        }
        assertThat(forms).isGreaterThan(200);
    }

    /** Transforms by scales, rotations and a permutation, branches, looked-up weights. */
    @Test
    void everyFormOfTheBaselinesAgreesWithTheReference() {
        int forms = 0;
        try (Bench bench = new Bench()) {
            for (int[] widths : new int[][] {{7, 5}, {33, 19}, {65, 47}}) {
                for (PackedLinear layer : TestLayers.baselines(widths[0], widths[1], 12)) {
                    bench.check(layer, 5, forms % 2 == 0 ? 16 : 32);
                    forms++;
                }
            }
        }
        assertThat(forms).isGreaterThan(200);
    }

    @Test
    void rowsThatFillNoTileAgreeWithTheReference() {
        Random random = new Random(3);
        TestLayers.Form residual = new TestLayers.Form(3, 4, 4, TestLayers.Input.SIGNED, 4, 8, 2, true);
        TestLayers.Form eightBits = new TestLayers.Form(9, 8, 8, TestLayers.Input.ROW_UNSIGNED, 8, 8, 0, true);
        try (Bench bench = new Bench()) {
            for (int tile : DeviceScratch.TILE_ROWS) {
                for (int rows : new int[] {1, 15, 17, 65, 130}) {
                    bench.check(TestLayers.full("full", 40, 70, random), rows, tile);
                    for (TestLayers.Form form : List.of(residual, eightBits)) {
                        PackedLinear full = TestLayers.full(form.toString(), 40, 70, random);
                        bench.check(TestLayers.quantized(full, form, random), rows, tile);
                    }
                }
            }
        }
    }

    @Test
    void wideLayersAgreeWithTheReference() {
        Random random = new Random(5);
        TestLayers.Form form = new TestLayers.Form(16, 4, 4, TestLayers.Input.UNSIGNED, 8, 8, 20, true);
        try (Bench bench = new Bench()) {
            for (int[] widths : new int[][] {{2048, 64}, {64, 2048}}) {
                bench.check(TestLayers.full("full", widths[0], widths[1], random), 9, 16);
                PackedLinear full = TestLayers.full("quantized", widths[0], widths[1], random);
                bench.check(TestLayers.quantized(full, form, random), 17, 16);
            }
        }
    }

    /** The sums that come closest to overflow; codes of 4 bits are summed 16 times too large. */
    @Test
    void extremeCodesAreExact() {
        int in = 300;
        int out = 21;
        try (Bench bench = new Bench()) {
            for (int weightBits : new int[] {2, 4, 5, 8}) {
                for (boolean unsigned : new boolean[] {false, true}) {
                    byte[] codes = new byte[in * out];
                    for (int at = 0; at < codes.length; at++) {
                        codes[at] = (byte) ((at % out % 2 == 0 ? 1 : -1) * CodeMatrix.maxCode(weightBits));
                    }
                    float[] scale = new float[out];
                    Arrays.fill(scale, 1e-3f);
                    PackedLinear layer = PackedLinear.quantized("extreme", in, out, new float[out],
                        ActivationCodes.of(weightBits == 2 ? 4 : 8, unsigned, 1), null, null, 32, 0,
                        new CodeMatrix(in, out, weightBits, false, codes, scale, new float[0]), SparseRows.empty(in, out),
                        true);
                    float[] input = new float[3 * in];
                    for (int at = 0; at < input.length; at++) {
                        input[at] = at / in == 0 ? 1 : at / in == 1 && !unsigned ? -1 : at % 2;
                    }
                    bench.check(layer, input, 3, 16);
                }
            }
        }
    }

    /** A BF16 product is exact up to FP32 summation once X and W are in BF16. */
    @Test
    void halvesAgreeWithTheReferenceOfRoundedOperands() {
        Random random = new Random(8);
        try (Bench bench = new Bench()) {
            for (int[] widths : new int[][] {{7, 5}, {40, 70}, {256, 64}}) {
                PackedLinear layer = TestLayers.full("halves", widths[0], widths[1], random);
                PackedLinear rounded = PackedLinear.full("rounded", layer.in, layer.out, halves(layer.weight), layer.bias);
                for (int rows : new int[] {1, 17, 33}) {
                    float[] input = TestLayers.input(layer, rows, random);
                    double[] sums = LinearReference.apply(rounded, halves(input), rows);
                    float[] expected = new float[sums.length];
                    for (int at = 0; at < sums.length; at++) {
                        expected[at] = (float) sums[at];
                    }
                    for (EmulatedDriver driver : bench.drivers) {
                        for (int tile : DeviceScratch.TILE_ROWS) {
                            SUMS.check(layer.in + " x " + layer.out + ", tiles of " + tile, expected,
                                Bench.product(driver, layer, input, rows, tile, HALVES));
                        }
                    }
                }
            }
        }
    }

    private static float[] halves(float[] values) {
        float[] rounded = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            rounded[at] = Bfloat16.round(values[at]);
        }
        return rounded;
    }

    /** One emulated device for each order of threads. */
    private static final class Bench implements AutoCloseable {
        private final List<EmulatedDriver> drivers =
            Arrays.stream(EmulatedDriver.Order.values()).map(EmulatedDriver::new).toList();
        /** Layers that were multiplied in 4 bits too. */
        private int narrow;

        void check(PackedLinear layer, int rows, int tile) {
            check(layer, TestLayers.input(layer, rows, new Random(rows)), rows, tile);
        }

        void check(PackedLinear layer, float[] input, int rows, int tile) {
            double[] sums = LinearReference.apply(layer, input, rows);
            float[] expected = new float[sums.length];
            for (int at = 0; at < sums.length; at++) {
                expected[at] = (float) sums[at];
            }
            float[] first = null;
            for (EmulatedDriver driver : drivers) {
                float[] found = product(driver, layer, input, rows, tile, BYTES);
                first = first == null ? found : first;
                assertThat(found).as("%s, %s rows, tiles of %s: orders of threads", layer.name, rows, tile).isEqualTo(first);
            }
            if (NIBBLES.nibbles(layer) || NIBBLES.nibbleIntermediate(layer)) {
                assertThat(product(drivers.get(rows % drivers.size()), layer, input, rows, tile, NIBBLES))
                    .as("%s, %s rows, tiles of %s: products of 4 bits", layer.name, rows, tile).isEqualTo(first);
                narrow++;
            }
            SUMS.check(layer.name + " " + layer.in + " x " + layer.out, expected, first);
        }

        private static float[] product(CudaDriver driver, PackedLinear layer, float[] input, int rows, int tile,
                                       DeviceProducts products) {
            DeviceImage image = new DeviceImage();
            int linear = new DeviceWeights(image, products).add(layer);
            int xStride = DeviceWeights.padded(layer.in);
            int yStride = DeviceWeights.padded(layer.out);
            int x = image.floats(DeviceWeights.columns(input, rows, layer.in));
            int y = image.reserve(4 * rows * yStride);
            int turned = image.reserve(4 * rows * xStride);
            long address = driver.allocate(image.size());
            long stream = driver.newStream();
            driver.upload(address, image.at(address), stream);
            int columns = Math.max(8, Math.min(24, yStride));
            long from = address + (layer.transform == null ? x : turned);
            if (layer.transform != null) {
                int few = DeviceScratch.TRANSFORM_ROWS;
                driver.launch("bitdgdm_transform", new int[] {(rows + few - 1) / few, 1, 1}, BLOCK,
                    DeviceScratch.transformBytes(layer, few), new KernelArguments(DeviceLayout.Arguments.LINEAR)
                        .pointers(address + linear, address + x, address + turned).ints(xStride, xStride, 0, 0)
                        .skipTo(DeviceLayout.Arguments.LINEAR_ROWS).ints(rows, few, 0, 0).done(), stream);
            }
            KernelArguments arguments = new KernelArguments(DeviceLayout.Arguments.LINEAR)
                .pointers(address + linear, from, address + y).ints(xStride, yStride, 0, 0)
                .skipTo(DeviceLayout.Arguments.LINEAR_ROWS).ints(rows, tile, columns, 0);
            int[] grid = {(rows + tile - 1) / tile, (yStride + columns - 1) / columns, 1};
            driver.launch("bitdgdm_linear", grid, BLOCK, DeviceScratch.linearBytes(layer, tile, products), arguments.done(),
                stream);
            ByteBuffer wide = ByteBuffer.allocateDirect(4 * rows * yStride).order(ByteOrder.LITTLE_ENDIAN);
            driver.download(address + y, wide, stream);
            driver.freeStream(stream);
            driver.free(address);
            float[] output = new float[rows * layer.out];
            for (int row = 0; row < rows; row++) {
                wide.asFloatBuffer().get(row * yStride, output, row * layer.out, layer.out);
            }
            return output;
        }

        @Override
        public void close() {
            drivers.forEach(EmulatedDriver::close);
        }
    }
}
