package org.bitdgdm.kernels;

/** Sizes of the shared memory that the kernels divide among their tiles: {@code divide} of each {@code .cuh}, in Java,
 * but for that of {@code network.cuh}, which {@link CudaNetwork} has. */
final class DeviceScratch {
    /** Rows of a tile, largest first. */
    static final int[] TILE_ROWS = {64, 32, 16};
    /** Rows of a tile of bitdgdm_transform: its two buffers fit every device at 2048 columns. */
    static final int TRANSFORM_ROWS = 4;
    /** Added to rows of floats in shared memory, so that rows fall on different banks. */
    private static final int FLOAT_PADDING = 4;
    private static final int CODE_PADDING = 16;
    private static final int WARP = 32;
    /** Bytes of a row in the left operand of a tensor core's product. */
    private static final int OPERAND_BYTES = 32;
    /** Codes of a byte, of half a byte, or values of BF16 in such a row. */
    static final int DEPTH = 32;
    static final int NIBBLE_DEPTH = 64;
    static final int HALF_DEPTH = 16;
    private static final int CYCLE_SUMS = 5;
    private static final int EIGEN_COLUMNS = 13;

    private DeviceScratch() {
    }

    /**
     * What prepare() of {@code prepared.cuh} leaves for a tile of rows of X T; 0 for a layer whose input stays FP32, but for
     * X A where it has a branch.
     */
    static int linearBytes(PackedLinear layer, int tileRows, DeviceProducts products) {
        int branch = layer.branch == null ? 0 : 4 * DeviceWeights.padded(layer.branch.rank()) * tileRows;
        if (products.halves(layer)) {
            // Outliers have no words then, scales their place.
            return branch + (tiles(layer.in, HALF_DEPTH) * OPERAND_BYTES + CODE_PADDING + 4) * tileRows;
        }
        if (!layer.activation.coded()) {
            return branch;
        }
        int depth = depth(products.nibbles(layer));
        int words = tiles(layer.in, depth) * depth / WARP;
        int row = tiles(layer.in, depth) * OPERAND_BYTES + CODE_PADDING + 4 * words + 4;
        if (DeviceWeights.intermediateMax(layer) > 0) {
            row += tiles(layer.rank(), depth(products.nibbleIntermediate(layer))) * OPERAND_BYTES + CODE_PADDING;
        } else if (layer.integerProduct() && layer.rank() > 0) {
            row += 4 * DeviceWeights.padded(layer.rank());
        }
        return branch + row * tileRows;
    }

    /** What transformRows() of {@code prepared.cuh} turns a tile of rows of X in; 0 for a layer without a transform. */
    static int transformBytes(PackedLinear layer, int tileRows) {
        InputTransform transform = layer.transform;
        if (transform == null) {
            return 0;
        }
        boolean moves = transform.first().length > 0 || transform.permutation().length > 0 || transform.second().length > 0;
        return (moves ? 2 : 1) * 4 * tileRows * tileStride(layer.in);
    }

    private static int depth(boolean nibbles) {
        return nibbles ? NIBBLE_DEPTH : DEPTH;
    }

    /** Tiles of so many codes in a row. */
    private static int tiles(int width, int depth) {
        return (width + depth - 1) / depth;
    }

    /** Floats between the rows of a tile in shared memory. */
    static int tileStride(int width) {
        return DeviceWeights.padded(width) + FLOAT_PADDING;
    }

    /** Graphs of n nodes that one warp computes the features of at once, a thread for each node. */
    static int featureTeams(int n) {
        return n <= WARP / 2 ? WARP / n : 1;
    }

    /** What the features of one graph of n nodes are computed in. */
    static long featureBytes(int n) {
        return 8L * n * n + 8L * (n <= GraphFeatures.MOST_ROTATED ? n : EIGEN_COLUMNS) * n + 8L * CYCLE_SUMS * n + 3 * 4L * n;
    }
}
