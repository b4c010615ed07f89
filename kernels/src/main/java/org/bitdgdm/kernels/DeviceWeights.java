package org.bitdgdm.kernels;

import java.util.Arrays;

/**
 * Packs linear layers as {@code layout.cuh} has them: widths padded to multiples of 8 columns, integer weights in the
 * order in which the threads of a warp read them, S by column in equal shares.
 */
final class DeviceWeights {
    private static final int WARP = 32;
    private static final int TILE_COLUMNS = 8;
    private static final int HALF_DEPTH = DeviceScratch.HALF_DEPTH;
    /** Codes in the share that a thread has of a tile. */
    private static final int SHARE = 8;
    private static final int NIBBLE_SHARE = 16;

    private final DeviceImage image;
    private final DeviceProducts products;

    /** How codes of a weight are stored and multiplied: {@code CodeForm}. */
    private enum CodeForm {
        BYTES, NARROW, NIBBLES
    }

    /** How codes of X lie in shared memory: {@code Coded}. */
    private enum Coded {
        NOT_CODED, WHOLE_BYTES, HALF_BYTES
    }

    DeviceWeights(DeviceImage image, DeviceProducts products) {
        this.image = image;
        this.products = products;
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
        int at = image.reserve(DeviceLayout.Linear.SIZE);
        ActivationCodes activation = layer.activation;
        image.putPointer(at + DeviceLayout.Linear.BIAS, image.floats(Arrays.copyOf(layer.bias, padded(layer.out))));
        boolean integer = layer.integerProduct();
        if (products.halves(layer)) {
            image.putPointer(at + DeviceLayout.Linear.HALVES, halves(layer));
        } else if (!integer) {
            image.putPointer(at + DeviceLayout.Linear.WEIGHT, image.floats(columns(weight(layer), layer.in, layer.out)));
        }
        if (integer && layer.rank() > 0) {
            lowRank(at, layer);
        }
        if (integer && layer.residual != null) {
            CodeMatrix residual = layer.residual;
            tiles(at + DeviceLayout.Linear.RESIDUAL, layer.in, layer.out, form(residual, products.nibbles(layer)),
                residual.scale(), (k, c) -> residual.codes()[k * layer.out + c]);
        }
        if (integer && !activation.perRow()) {
            image.putPointer(at + DeviceLayout.Linear.DENSE, image.floats(columns(layer.densePart(), layer.in, layer.out)));
        }
        image.putInt(at + DeviceLayout.Linear.SPARSE_WIDTH, activation.coded() ? sparse(at, layer) : 0);
        image.putInt(at + DeviceLayout.Linear.IN, layer.in);
        image.putInt(at + DeviceLayout.Linear.OUT, layer.out);
        image.putInt(at + DeviceLayout.Linear.OUT_PADDED, padded(layer.out));
        image.putInt(at + DeviceLayout.Linear.RANK, layer.rank());
        image.putInt(at + DeviceLayout.Linear.RANK_PADDED, padded(layer.rank()));
        image.putInt(at + DeviceLayout.Linear.CODED, coded(layer).ordinal());
        image.putInt(at + DeviceLayout.Linear.PER_ROW, activation.perRow() ? 1 : 0);
        image.putInt(at + DeviceLayout.Linear.IS_UNSIGNED, activation.unsigned() ? 1 : 0);
        image.putInt(at + DeviceLayout.Linear.MAX_CODE, activation.coded() ? activation.maxCode() : 0);
        image.putInt(at + DeviceLayout.Linear.INTERMEDIATE_MAX, intermediateMax(layer));
        image.putInt(at + DeviceLayout.Linear.CROSS_TERM, layer.crossTerm ? 1 : 0);
        scales(at, layer);
        if (layer.transform != null) {
            transform(at + DeviceLayout.Linear.TRANSFORM, layer.transform);
        }
        if (layer.branch != null) {
            branch(at + DeviceLayout.Linear.BRANCH, layer.branch);
        }
        return at;
    }

    private void transform(int at, InputTransform transform) {
        optional(at + DeviceLayout.Transform.SCALE, transform.scale());
        optional(at + DeviceLayout.Transform.FIRST, transform.first());
        if (transform.permutation().length > 0) {
            image.putPointer(at + DeviceLayout.Transform.PERMUTATION, image.ints(transform.permutation()));
        }
        optional(at + DeviceLayout.Transform.SECOND, transform.second());
        image.putInt(at + DeviceLayout.Transform.BLOCK, transform.block());
        image.putInt(at + DeviceLayout.Transform.PRESENT, 1);
    }

    private void optional(int at, float[] values) {
        if (values.length > 0) {
            image.putPointer(at, image.floats(values));
        }
    }

    private void branch(int at, LowRankBranch branch) {
        image.putPointer(at + DeviceLayout.Branch.DOWN, image.floats(columns(branch.down(), branch.in(), branch.rank())));
        image.putPointer(at + DeviceLayout.Branch.UP, image.floats(columns(branch.up(), branch.rank(), branch.out())));
        image.putInt(at + DeviceLayout.Branch.RANK, branch.rank());
        image.putInt(at + DeviceLayout.Branch.RANK_PADDED, padded(branch.rank()));
    }

    /** Appends the {@code Linear} of a layer that differs in static scales from one that is there; returns its offset. */
    int addScales(int first, PackedLinear layer) {
        int at = image.copy(first, DeviceLayout.Linear.SIZE);
        scales(at, layer);
        if (intermediateMax(layer) > 0) {
            image.putPointer(at + DeviceLayout.Linear.RIGHT + DeviceLayout.CodeTiles.SCALE,
                image.floats(Arrays.copyOf(rightScale(layer), padded(layer.out))));
        }
        return at;
    }

    private void scales(int at, PackedLinear layer) {
        image.putFloat(at + DeviceLayout.Linear.THRESHOLD, layer.activation.threshold());
        image.putFloat(at + DeviceLayout.Linear.SCALE, layer.activation.scale());
        image.putFloat(at + DeviceLayout.Linear.INVERSE, layer.activation.inverse());
        image.putFloat(at + DeviceLayout.Linear.INTERMEDIATE_INVERSE, layer.intermediateInverse);
    }

    /** scale_H · s_R. */
    private static float[] rightScale(PackedLinear layer) {
        float[] scale = new float[layer.out];
        for (int o = 0; o < layer.out; o++) {
            scale[o] = layer.intermediateScale * layer.right.scale()[o];
        }
        return scale;
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
        tiles(at + DeviceLayout.Linear.LEFT, layer.in, rank, form(left, products.nibbles(layer)), left.scale(),
            (k, c) -> left.codes()[k * rank + c]);
        if (layer.intermediateBits <= 8) {
            tiles(at + DeviceLayout.Linear.RIGHT, rank, layer.out, form(right, products.nibbleIntermediate(layer)),
                rightScale(layer), (k, c) -> right.codes()[c * rank + k]);
        } else {
            int width = padded(layer.out);
            float[] values = new float[rank * width];
            for (int o = 0; o < layer.out; o++) {
                for (int c = 0; c < rank; c++) {
                    values[c * width + o] = right.get(o, c);
                }
            }
            image.putPointer(at + DeviceLayout.Linear.RIGHT_VALUES, image.floats(values));
        }
    }

    private Coded coded(PackedLinear layer) {
        return !layer.activation.coded() ? Coded.NOT_CODED : products.nibbles(layer) ? Coded.HALF_BYTES : Coded.WHOLE_BYTES;
    }

    private static CodeForm form(CodeMatrix weight, boolean nibbles) {
        return nibbles ? CodeForm.NIBBLES : DeviceProducts.isNarrow(weight) ? CodeForm.NARROW : CodeForm.BYTES;
    }

    /** Writes a {@code CodeTiles} and what it points to. */
    private void tiles(int at, int depth, int columns, CodeForm form, float[] scale, Codes codes) {
        int share = form == CodeForm.NIBBLES ? NIBBLE_SHARE : SHARE;
        int tileDepth = 4 * share;
        int kTiles = (depth + tileDepth - 1) / tileDepth;
        int nTiles = (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
        int[] words = new int[Math.multiplyExact(nTiles * kTiles * WARP, form == CodeForm.NARROW ? 1 : 2)];
        for (int tile = 0; tile < nTiles * kTiles; tile++) {
            for (int lane = 0; lane < WARP; lane++) {
                int word = tile * WARP + lane;
                int column = tile / kTiles * TILE_COLUMNS + lane / 4;
                int first = tile % kTiles * tileDepth + lane % 4 * share / 2;
                // A thread has as many entries of the upper half of the tile as of the lower.
                for (int i = 0; i < share / 2; i++) {
                    int upper = entry(codes, first + i, depth, column, columns);
                    int lower = entry(codes, first + i + tileDepth / 2, depth, column, columns);
                    switch (form) {
                        case BYTES -> {
                            words[2 * word] |= (upper & 0xFF) << 8 * i;
                            words[2 * word + 1] |= (lower & 0xFF) << 8 * i;
                        }
                        case NARROW -> words[word] |= (upper & 0xF | (lower & 0xF) << 4) << 8 * i;
                        case NIBBLES -> {
                            words[2 * word] |= (upper & 0xF) << 4 * i;
                            words[2 * word + 1] |= (lower & 0xF) << 4 * i;
                        }
                        default -> throw new IllegalStateException(form.toString());
                    }
                }
            }
        }
        image.putPointer(at + DeviceLayout.CodeTiles.CODES, image.ints(words));
        image.putPointer(at + DeviceLayout.CodeTiles.SCALE, image.floats(Arrays.copyOf(scale, nTiles * TILE_COLUMNS)));
        image.putInt(at + DeviceLayout.CodeTiles.FORM, form.ordinal());
        image.putInt(at + DeviceLayout.CodeTiles.K_TILES, kTiles);
        image.putInt(at + DeviceLayout.CodeTiles.N_TILES, nTiles);
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
        return Float.floatToRawIntBits(Bfloat16.round(layer.weight[k * layer.out + column])) >>> 16;
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
            image.putPointer(at + DeviceLayout.Linear.SPARSE_ROW, image.ints(rows));
            image.putPointer(at + DeviceLayout.Linear.SPARSE_VALUE, image.floats(values));
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
