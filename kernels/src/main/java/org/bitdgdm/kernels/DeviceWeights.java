package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * Packs linear layers as {@code layout.cuh} has them: widths padded to multiples of 8 columns, integer weights in the
 * order in which the threads of a warp read them, S by column in equal shares.
 */
final class DeviceWeights {
    /** Size of {@code Linear} and offsets of its fields. */
    static final int LINEAR_BYTES = 216;
    private static final int LEFT = 16;
    private static final int RIGHT = 48;
    private static final int RESIDUAL = 88;

    private static final int WARP = 32;
    private static final int TILE_DEPTH = 32;
    private static final int TILE_COLUMNS = 8;
    /** Codes of at most so many bits are stored in 4. */
    private static final int NARROW_BITS = 4;

    private static final int HALF_DEPTH = 16;

    private final DeviceImage image;
    private final boolean halves;

    /** @param halves whether layers in full precision are stored in BF16 */
    DeviceWeights(DeviceImage image, boolean halves) {
        this.image = image;
        this.halves = halves;
    }

    /** Columns of a row of so many values. */
    static int padded(int width) {
        return (width + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
    }

    /** An entry of a weight that is multiplied from the right: row k, column c. */
    @FunctionalInterface
    private interface Codes {
        int at(int k, int c);
    }

    /** Appends a layer; returns the offset of its {@code Linear}. */
    int add(PackedLinear layer) {
        int at = image.reserve(LINEAR_BYTES);
        ActivationCodes activation = layer.activation;
        image.putPointer(at, image.floats(Arrays.copyOf(layer.bias, padded(layer.out))));
        boolean integer = layer.integerProduct();
        if (halves && layer.isFull()) {
            image.putPointer(at + 208, halves(layer));
        } else if (!integer) {
            image.putPointer(at + 8, image.floats(columns(weight(layer), layer.in, layer.out)));
        }
        if (integer && layer.rank() > 0) {
            lowRank(at, layer);
        }
        if (integer && layer.residual != null) {
            CodeMatrix residual = layer.residual;
            tiles(at + RESIDUAL, layer.in, layer.out, residual.bits(), residual.scale(),
                (k, c) -> residual.codes()[k * layer.out + c]);
        }
        if (integer && !activation.perRow()) {
            image.putPointer(at + 120, image.floats(columns(layer.densePart(), layer.in, layer.out)));
        }
        int sparseWidth = activation.coded() ? sparse(at, layer) : 0;
        int[] fields = {layer.in, layer.out, padded(layer.out), layer.rank(), padded(layer.rank()),
            activation.coded() ? 1 : 0, activation.perRow() ? 1 : 0, activation.unsigned() ? 1 : 0,
            activation.coded() ? activation.maxCode() : 0};
        for (int i = 0; i < fields.length; i++) {
            image.putInt(at + 144 + 4 * i, fields[i]);
        }
        image.putFloat(at + 180, activation.threshold());
        image.putFloat(at + 184, activation.scale());
        image.putFloat(at + 188, activation.inverse());
        image.putInt(at + 192, intermediateMax(layer));
        image.putFloat(at + 196, layer.intermediateInverse);
        image.putInt(at + 200, sparseWidth);
        image.putInt(at + 204, layer.crossTerm ? 1 : 0);
        return at;
    }

    /** The largest code of H; 0 where there is no H or it stays FP32. */
    static int intermediateMax(PackedLinear layer) {
        boolean coded = layer.integerProduct() && layer.rank() > 0 && layer.intermediateBits <= 8;
        return coded ? CodeMatrix.maxCode(layer.intermediateBits) : 0;
    }

    /** W, or the dense part where an operand is not coded; S is part of it where X is not coded. */
    private static float[] weight(PackedLinear layer) {
        if (layer.isFull()) {
            return layer.weight;
        }
        float[] weight = layer.densePart();
        SparseRows sparse = layer.sparse;
        for (int at = 0; at < sparse.columns().length && !layer.activation.coded(); at++) {
            if (sparse.columns()[at] >= 0) {
                weight[at / sparse.width() * layer.out + sparse.columns()[at]] += sparse.values()[at];
            }
        }
        return weight;
    }

    private void lowRank(int at, PackedLinear layer) {
        CodeMatrix left = layer.left;
        CodeMatrix right = layer.right;
        int rank = layer.rank();
        tiles(at + LEFT, layer.in, rank, left.bits(), left.scale(), (k, c) -> left.codes()[k * rank + c]);
        if (layer.intermediateBits <= 8) {
            float[] scale = new float[layer.out];
            for (int o = 0; o < layer.out; o++) {
                scale[o] = layer.intermediateScale * right.scale()[o];
            }
            tiles(at + RIGHT, rank, layer.out, right.bits(), scale, (k, c) -> right.codes()[c * rank + k]);
        } else {
            int width = padded(layer.out);
            float[] values = new float[rank * width];
            for (int o = 0; o < layer.out; o++) {
                for (int c = 0; c < rank; c++) {
                    values[c * width + o] = right.get(o, c);
                }
            }
            image.putPointer(at + 80, image.floats(values));
        }
    }

    /** Writes a {@code CodeTiles} and what it points to. */
    private void tiles(int at, int depth, int columns, int bits, float[] scale, Codes codes) {
        int kTiles = (depth + TILE_DEPTH - 1) / TILE_DEPTH;
        int nTiles = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
        boolean narrow = bits <= NARROW_BITS;
        int[] words = new int[Math.multiplyExact(nTiles * kTiles * WARP, narrow ? 1 : 2)];
        for (int tile = 0; tile < nTiles * kTiles; tile++) {
            for (int lane = 0; lane < WARP; lane++) {
                int column = tile / kTiles * TILE_COLUMNS + lane / 4;
                int first = tile % kTiles * TILE_DEPTH + lane % 4 * 4;
                for (int i = 0; i < 4; i++) {
                    // A thread has four entries of the upper half of the tile and four of the lower.
                    int upper = entry(codes, first + i, depth, column, columns);
                    int lower = entry(codes, first + i + TILE_DEPTH / 2, depth, column, columns);
                    int word = tile * WARP + lane;
                    if (narrow) {
                        words[word] |= (upper & 0xF | (lower & 0xF) << 4) << 8 * i;
                    } else {
                        words[2 * word] |= (upper & 0xFF) << 8 * i;
                        words[2 * word + 1] |= (lower & 0xFF) << 8 * i;
                    }
                }
            }
        }
        image.putPointer(at, image.ints(words));
        image.putPointer(at + 8, image.floats(Arrays.copyOf(scale, nTiles * TILE_COLUMNS)));
        image.putInt(at + 16, narrow ? 1 : 0);
        image.putInt(at + 20, kTiles);
        image.putInt(at + 24, nTiles);
    }

    /** W in BF16, a thread's share of each 16 x 8 tile. */
    private int halves(PackedLinear layer) {
        int kTiles = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH;
        int nTiles = padded(layer.out) / TILE_COLUMNS;
        int[] words = new int[Math.multiplyExact(nTiles * kTiles, WARP * 2)];
        for (int at = 0; at < words.length; at++) {
            int lane = at / 2 % WARP;
            int tile = at / 2 / WARP;
            int column = tile / kTiles * TILE_COLUMNS + lane / 4;
            int k = tile % kTiles * HALF_DEPTH + lane % 4 * 2 + at % 2 * HALF_DEPTH / 2;
            words[at] = half(layer, k, column) | half(layer, k + 1, column) << 16;
        }
        return image.ints(words);
    }

    /** The upper 16 bits of an entry, rounded to nearest, ties to even; 0 in padding. */
    private static int half(PackedLinear layer, int k, int column) {
        if (k >= layer.in || column >= layer.out) {
            return 0;
        }
        float value = layer.weight[k * layer.out + column];
        int bits = Float.floatToIntBits(value);
        return Float.isNaN(value) ? 0x7FC0 : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
    }

    private static int entry(Codes codes, int k, int depth, int column, int columns) {
        return k < depth && column < columns ? codes.at(k, column) : 0;
    }

    /** S by column, as many places for each; returns how many. */
    private int sparse(int at, PackedLinear layer) {
        SparseRows sparse = layer.sparse;
        int[] count = new int[layer.out];
        int width = 0;
        for (int column : sparse.columns()) {
            if (column >= 0) {
                width = Math.max(width, ++count[column]);
            }
        }
        int stride = padded(layer.out);
        int[] rows = new int[width * stride];
        float[] values = new float[width * stride];
        Arrays.fill(rows, -1);
        Arrays.fill(count, 0);
        for (int entry = 0; entry < sparse.columns().length; entry++) {
            int column = sparse.columns()[entry];
            if (column >= 0) {
                int place = count[column]++ * stride + column;
                rows[place] = entry / sparse.width();
                values[place] = sparse.values()[entry];
            }
        }
        if (width > 0) {
            image.putPointer(at + 128, image.ints(rows));
            image.putPointer(at + 136, image.floats(values));
        }
        return width;
    }

    /** Rows padded to {@link #padded} columns. */
    static float[] columns(float[] values, int rows, int width) {
        int stride = padded(width);
        float[] wide = new float[rows * stride];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(values, row * width, wide, row * stride, width);
        }
        return wide;
    }
}
