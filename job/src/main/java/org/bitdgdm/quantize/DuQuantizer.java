package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.Bfloat16;
import org.bitdgdm.kernels.InputTransform;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/**
 * DuQuant (Lin et al., "DuQuant: Distributing Outliers via Dual Transformation Makes Stronger Quantized LLMs", NeurIPS
 * 2024): {@code X W = (X Λ⁻¹ R₁ P R₂) (R₂⁻¹ P⁻¹ R₁⁻¹ Λ W)}, both factors then rounded to nearest.
 *
 * <ol>
 * <li>Λ by {@link Smoothing} with strength 0.6, theirs;</li>
 * <li>R₁ block-diagonal, each block a {@link GreedyRotation} of its channels of the recorded rows;</li>
 * <li>P deals the channels, ordered by their largest magnitude, to the blocks back and forth (zigzag, their section 3.3), so
 *     that blocks have their share of outliers each;</li>
 * <li>R₂ as R₁, of what P leaves.</li>
 * </ol>
 * Departures: blocks of 16 channels instead of 128, since layers here are 64 to 2,048 wide and the rotations are made at
 * run time, where each channel costs 2 · 16 multiply-adds and 2 · 32 bytes; rotations are rounded to bfloat16 and the weight
 * takes their exact inverses; no clipping factors for activations and weights, none of their learned weight clipping. A
 * rotated input may be negative, so that its codes are signed after a ReLU too. Where its scale is static, entries above the
 * percentile stay in full precision as in {@link BitDgdmQuantizer}.
 */
final class DuQuantizer implements Quantizer.OfInputs {
    static final int BLOCK = 16;
    private static final double STRENGTH = 0.6;
    /** Rows that rotations are found on. */
    private static final int SEARCH_ROWS = 256;
    /** Newton steps to the inverse of a rounded rotation: each squares an error of about 1%. */
    private static final int INVERSE_STEPS = 4;

    @Override
    public QuantizedLayer quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        DenseMatrix weight = LayerWeight.of(layer);
        InputTransform transform = transform(weight, inputs);
        DenseMatrix turned = inverted(weight, transform);
        PackedLinear packed = PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias,
            inputs.transformed(transform).signedCodes(recipe), null, null, 32, 0,
            ScalarQuantizer.MAXIMUM.quantize(turned, recipe.weightBits(), false), SparseRows.empty(layer.in, layer.out), true)
            .with(transform, null);
        Tails tails = recipe.weightBits() > 8 ? new Tails() : new Tails().add(turned, false);
        return new QuantizedLayer(packed, 0, Double.NaN, tails, "");
    }

    /** Λ⁻¹ R₁ P R₂. */
    static InputTransform transform(DenseMatrix weight, RecordedInputs inputs) {
        int in = weight.numRows();
        RecordedInputs few = inputs.first(SEARCH_ROWS);
        float[] scale = Smoothing.scale(weight, inputs, STRENGTH);
        InputTransform smoothing = InputTransform.scaling(scale);
        float[] first = rotations(smoothing.apply(few.rows(), few.rowCount()), few.rowCount(), in, 1);
        InputTransform turned = new InputTransform(in, scale, BLOCK, first, new int[0], new float[0]);
        int[] permutation = zigzag(turned.apply(few.rows(), few.rowCount()), in);
        InputTransform dealt = new InputTransform(in, scale, BLOCK, first, permutation, new float[0]);
        float[] second = rotations(dealt.apply(few.rows(), few.rowCount()), few.rowCount(), in, 2);
        return new InputTransform(in, scale, BLOCK, first, permutation, second);
    }

    private static float[] rotations(float[] rows, int count, int width, int round) {
        double[] all = new double[InputTransform.rotationSize(width, BLOCK)];
        int at = 0;
        for (int from = 0; from < width; from += BLOCK) {
            int size = Math.min(BLOCK, width - from);
            double[] block = new double[count * size];
            for (int k = 0; k < block.length; k++) {
                block[k] = rows[k / size * width + from + k % size];
            }
            double[] rotation = GreedyRotation.of(block, count, size, (long) round << Integer.SIZE | from);
            System.arraycopy(rotation, 0, all, at, rotation.length);
            at += rotation.length;
        }
        return Bfloat16.round(all);
    }

    /**
     * Deals channels to blocks: the largest to the first, the next to the second, …, at the last one back again; a block
     * that is full, as the last may be early, is passed over.
     *
     * @return (width) the channel that each place takes
     */
    static int[] zigzag(float[] rows, int width) {
        float[] largest = new float[width];
        for (int at = 0; at < rows.length; at++) {
            largest[at % width] = Math.max(largest[at % width], Math.abs(rows[at]));
        }
        int[] order = IntStream.range(0, width).boxed().sorted(Comparator.comparingDouble(i -> -largest[i]))
            .mapToInt(Integer::intValue).toArray();
        int blocks = (width + BLOCK - 1) / BLOCK;
        int[] used = new int[blocks];
        int[] permutation = new int[width];
        int dealt = 0;
        for (int turn = 0; dealt < width; turn++) {
            int block = turn / blocks % 2 == 0 ? turn % blocks : blocks - 1 - turn % blocks;
            if (used[block] < Math.min(BLOCK, width - block * BLOCK)) {
                permutation[block * BLOCK + used[block]++] = order[dealt++];
            }
        }
        return permutation;
    }

    /** R₂⁻¹ P⁻¹ R₁⁻¹ Λ W. */
    static DenseMatrix inverted(DenseMatrix weight, InputTransform transform) {
        DenseMatrix turned = turnedBack(Smoothing.applied(weight, transform.scale()), transform.first());
        DenseMatrix dealt = turned.copy();
        int in = weight.numRows();
        for (int o = 0; o < weight.numCols(); o++) {
            for (int c = 0; c < in; c++) {
                dealt.values()[o * in + c] = turned.values()[o * in + transform.permutation()[c]];
            }
        }
        return turnedBack(dealt, transform.second());
    }

    /** R⁻¹ W, block by block. */
    private static DenseMatrix turnedBack(DenseMatrix weight, float[] rotation) {
        int in = weight.numRows();
        DenseMatrix turned = weight.copy();
        int at = 0;
        for (int from = 0; from < in; from += BLOCK) {
            int size = Math.min(BLOCK, in - from);
            DenseMatrix inverse = inverse(LayerWeight.ofRowMajor(size, size,
                Arrays.copyOfRange(rotation, at, at + size * size)));
            for (int o = 0; o < weight.numCols(); o++) {
                for (int row = 0; row < size; row++) {
                    double sum = 0;
                    for (int k = 0; k < size; k++) {
                        sum += inverse.apply(row, k) * weight.apply(from + k, o);
                    }
                    turned.update(from + row, o, sum);
                }
            }
            at += size * size;
        }
        return turned;
    }

    /** The inverse of a nearly orthogonal matrix, by Newton's steps from its transpose: {@code V ← V (2I − R V)}. */
    private static DenseMatrix inverse(DenseMatrix rotation) {
        int size = rotation.numRows();
        DenseMatrix inverse = DenseAlgebra.product(rotation, true, DenseMatrix.eye(size), false);
        for (int step = 0; step < INVERSE_STEPS; step++) {
            DenseMatrix rest = DenseMatrix.eye(size);
            DenseAlgebra.multiply(-1, rotation, false, inverse, false, 2, rest);
            inverse = DenseAlgebra.product(inverse, false, rest, false);
        }
        return inverse;
    }
}
