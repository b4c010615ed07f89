package org.bitdgdm.kernels;

/** Sizes of the shared memory that the kernels divide among their tiles: {@code divide} of each {@code .cuh}, in Java. */
final class DeviceScratch {
    /** Rows of a tile, largest first. */
    static final int[] TILE_ROWS = {64, 32, 16};
    /** Added to rows of floats in shared memory, so that rows fall on different banks. */
    private static final int FLOAT_PADDING = 4;
    private static final int CODE_PADDING = 16;
    private static final int DEPTH = 32;
    private static final int HALF_DEPTH = 16;
    private static final int CYCLE_SUMS = 5;

    private DeviceScratch() {
    }

    /**
     * What prepare() of {@code linear.cuh} leaves for a tile of rows; 0 for a layer whose input stays FP32.
     *
     * @param halves whether layers in full precision are multiplied in BF16
     */
    static int linearBytes(PackedLinear layer, int tileRows, boolean halves) {
        if (halves && layer.isFull()) {
            int row = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH * HALF_DEPTH * 2 + CODE_PADDING;
            // Outliers have no words then, scales their place.
            return (row + 4) * tileRows;
        }
        if (!layer.activation.coded()) {
            return 0;
        }
        int words = (layer.in + DEPTH - 1) / DEPTH;
        int row = words * DEPTH + CODE_PADDING + 4 * words + 4;
        if (DeviceWeights.intermediateMax(layer) > 0) {
            row += (layer.rank() + DEPTH - 1) / DEPTH * DEPTH + CODE_PADDING;
        } else if (layer.integerProduct() && layer.rank() > 0) {
            row += 4 * DeviceWeights.padded(layer.rank());
        }
        return row * tileRows;
    }

    /** Floats between the rows of a tile in shared memory. */
    static int tileStride(int width) {
        return DeviceWeights.padded(width) + FLOAT_PADDING;
    }

    /** What the features of one graph of n nodes are computed in. */
    static long featureBytes(int n) {
        return 16L * n * n + 8L * CYCLE_SUMS * n + 3 * 4L * n;
    }
}
