package org.bitdgdm.kernels.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.SparseRows;

/**
 * Brings the blocks of a model into the packed form of a {@link Setting} without the job's quantizers: the same shapes,
 * entries of S, thresholds and shares of outliers, hence the same cost; the factors come from a few rounds of subspace
 * iteration, so the quality is not that of the method.
 */
final class PackedForms {
    private static final int ROUNDS = 3;
    private static final int INTERMEDIATE_BITS = 8;
    /** Rows of a layer's input that thresholds are taken from. */
    private static final int RECORDED_ROWS = 256;

    private PackedForms() {
    }

    /**
     * @param graphs graphs at time t whose activations set the thresholds
     * @param full   the model in full precision on a backend that records
     */
    static PackedModel of(PackedModel model, Setting setting, ActivationRecorder full, GraphBatch graphs, int t) {
        if (setting.bits() > 8) {
            return model;
        }
        Map<String, float[]> inputs = new HashMap<>();
        full.record(graphs, t, (layer, input, rows) -> inputs.put(layer, some(input, rows, model.linear(layer).in)));
        List<PackedLinear> linears = new ArrayList<>(model.linears());
        IntStream.range(0, linears.size()).parallel().filter(layer -> inputs.containsKey(linears.get(layer).name))
            .forEach(layer -> linears.set(layer,
                packed(linears.get(layer), setting, setting.bits(), inputs.get(linears.get(layer).name))));
        return model.withLinears(linears);
    }

    /** The first rows of a layer's input, as many as thresholds are taken from. */
    static float[] some(float[] input, int rows, int in) {
        return Arrays.copyOf(input, Math.min(rows, RECORDED_ROWS) * in);
    }

    /** A layer in codes of 8 bits with one scale for all of its inputs. */
    static PackedLinear staticW8A8(PackedLinear layer, float[] input) {
        return PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, ActivationCodes.of(8,
            NetworkSpec.hasNonNegativeInput(layer.name), percentile(input)), null, null, 32, 0,
            coded(layer.weight, layer.in, layer.out, 8, false), SparseRows.empty(layer.in, layer.out), true);
    }

    /** A layer in the form that {@code generate} gives it by default: W4A8, rank 32, α 1%, no residual. */
    static PackedLinear byDefault(PackedLinear layer, float[] input) {
        return packed(layer, Setting.DEFAULT, 8, input);
    }

    /** A layer in a setting whose scales are found for each row, which needs no inputs. */
    static PackedLinear perRow(PackedLinear layer, Setting setting) {
        if (!setting.perRow()) {
            throw new IllegalArgumentException(setting.name() + " has static scales");
        }
        return packed(layer, setting, setting.bits(), null);
    }

    private static PackedLinear packed(PackedLinear layer, Setting setting, int activationBits, float[] input) {
        int in = layer.in;
        int out = layer.out;
        boolean unsigned = NetworkSpec.hasNonNegativeInput(layer.name);
        if (setting.perRow()) {
            return PackedLinear.quantized(layer.name, in, out, layer.bias, ActivationCodes.perRow(setting.bits(), unsigned),
                null, null, 32, 0, coded(layer.weight, in, out, setting.residualBits(), false), SparseRows.empty(in, out),
                true);
        }
        ActivationCodes activation = ActivationCodes.of(activationBits, unsigned, percentile(input));
        int rank = Math.min(setting.rank(), Math.min(in, out));
        float[] right = orthonormal(layer, rank);
        float[] left = product(layer.weight, right, in, out, rank);
        CodeMatrix leftCodes = coded(left, in, rank, setting.bits(), false);
        CodeMatrix rightCodes = coded(right, out, rank, setting.bits(), true);
        float[] rest = layer.weight.clone();
        for (int i = 0; i < in; i++) {
            for (int o = 0; o < out; o++) {
                for (int c = 0; c < rank; c++) {
                    rest[i * out + o] -= leftCodes.get(i, c) * rightCodes.get(o, c);
                }
            }
        }
        SparseRows sparse = sparse(rest, in, out, setting.alpha());
        CodeMatrix residual = setting.residualBits() == 0 ? null : coded(rest, in, out, setting.residualBits(), false);
        float[] intermediate = product(transposed(left, in, rank), input, rank, in);
        float highest = 0;
        for (float value : intermediate) {
            highest = Math.max(highest, Math.abs(value));
        }
        return PackedLinear.quantized(layer.name, in, out, layer.bias, activation, leftCodes, rightCodes, INTERMEDIATE_BITS,
            highest / CodeMatrix.maxCode(INTERMEDIATE_BITS), residual, sparse, true);
    }

    /** Nearest-rank percentile of the non-zero magnitudes; 0 where all are 0. */
    private static float percentile(float[] input) {
        double[] magnitudes = IntStream.range(0, input.length).mapToDouble(i -> Math.abs(input[i])).filter(x -> x > 0)
            .sorted().toArray();
        int rank = (int) Math.ceil(Setting.PERCENTILE / 100 * magnitudes.length);
        return magnitudes.length == 0 ? 0 : (float) magnitudes[rank - 1];
    }

    /** (out, rank) an orthonormal basis near the leading right singular vectors of W. */
    private static float[] orthonormal(PackedLinear layer, int rank) {
        Random random = new Random(layer.name.hashCode());
        float[] basis = new float[layer.out * rank];
        for (int k = 0; k < basis.length; k++) {
            basis[k] = (float) random.nextGaussian();
        }
        for (int round = 0; round < ROUNDS; round++) {
            float[] image = product(layer.weight, basis, layer.in, layer.out, rank);
            float[] transposed = transposed(layer.weight, layer.in, layer.out);
            basis = product(transposed, image, layer.out, layer.in, rank);
            orthonormalise(basis, layer.out, rank);
        }
        return basis;
    }

    /** Gram-Schmidt over columns; a column that the ones before it span becomes 0. */
    private static void orthonormalise(float[] columns, int rows, int count) {
        for (int c = 0; c < count; c++) {
            for (int other = 0; other <= c; other++) {
                double dot = 0;
                for (int row = 0; row < rows; row++) {
                    dot += (double) columns[row * count + c] * columns[row * count + other];
                }
                double length = Math.sqrt(dot);
                for (int row = 0; row < rows; row++) {
                    float value = columns[row * count + c];
                    columns[row * count + c] = other < c ? (float) (value - dot * columns[row * count + other])
                        : length > 1e-20 ? (float) (value / length) : 0;
                }
            }
        }
    }

    /** (rows, depth) times (depth, cols). */
    private static float[] product(float[] left, float[] right, int rows, int depth, int cols) {
        float[] to = new float[rows * cols];
        for (int row = 0; row < rows; row++) {
            for (int k = 0; k < depth; k++) {
                float value = left[row * depth + k];
                for (int col = 0; col < cols; col++) {
                    to[row * cols + col] += value * right[k * cols + col];
                }
            }
        }
        return to;
    }

    /** Inputs times L: (rank, in) times the rows of (rows, in), as (rank, rows). */
    private static float[] product(float[] transposedLeft, float[] input, int rank, int in) {
        int rows = input.length / in;
        return product(transposedLeft, transposed(input, rows, in), rank, in, rows);
    }

    private static float[] transposed(float[] matrix, int rows, int cols) {
        float[] to = new float[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                to[col * rows + row] = matrix[row * cols + col];
            }
        }
        return to;
    }

    /** Round-to-nearest with the largest magnitude of a row or column as its largest code. */
    private static CodeMatrix coded(float[] values, int rows, int cols, int bits, boolean scalePerRow) {
        float[] scale = new float[scalePerRow ? rows : cols];
        for (int at = 0; at < values.length; at++) {
            int s = scalePerRow ? at / cols : at % cols;
            scale[s] = Math.max(scale[s], Math.abs(values[at]) / CodeMatrix.maxCode(bits));
        }
        byte[] codes = new byte[values.length];
        for (int at = 0; at < values.length; at++) {
            float unit = scale[scalePerRow ? at / cols : at % cols];
            codes[at] = (byte) (unit == 0 ? 0 : Math.rint(values[at] / unit));
        }
        return new CodeMatrix(rows, cols, bits, scalePerRow, codes, scale, new float[0]);
    }

    /** T_α: takes out of {@code rest} what is among the largest of both its row and its column. */
    private static SparseRows sparse(float[] rest, int rows, int cols, double alpha) {
        boolean[] inColumn = new boolean[rest.length];
        int perColumn = (int) (alpha * rows);
        int perRow = (int) (alpha * cols);
        for (int col = 0; col < cols; col++) {
            int column = col;
            largest(IntStream.range(0, rows).map(row -> row * cols + column), rest, perColumn)
                .forEach(at -> inColumn[at] = true);
        }
        int[][] kept = new int[rows][];
        int width = 0;
        for (int row = 0; row < rows; row++) {
            kept[row] = largest(IntStream.range(row * cols, (row + 1) * cols), rest, perRow)
                .filter(at -> inColumn[at]).sorted().toArray();
            width = Math.max(width, kept[row].length);
        }
        int[] columns = new int[rows * width];
        float[] values = new float[rows * width];
        Arrays.fill(columns, -1);
        for (int row = 0; row < rows; row++) {
            for (int k = 0; k < kept[row].length; k++) {
                columns[row * width + k] = kept[row][k] % cols;
                values[row * width + k] = rest[kept[row][k]];
                rest[kept[row][k]] = 0;
            }
        }
        return new SparseRows(rows, cols, width, columns, values);
    }

    private static IntStream largest(IntStream places, float[] values, int count) {
        return places.boxed().sorted(Comparator.comparingDouble(at -> -Math.abs(values[at]))).limit(count)
            .mapToInt(Integer::intValue);
    }
}
