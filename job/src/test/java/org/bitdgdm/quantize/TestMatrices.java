package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedLinear;

/** Matrices and layers for tests, all from seeds. */
final class TestMatrices {
    private TestMatrices() {
    }

    static DenseMatrix gaussian(int rows, int cols, long seed) {
        Random random = new Random(seed);
        double[] values = new double[rows * cols];
        for (int at = 0; at < values.length; at++) {
            values[at] = random.nextGaussian();
        }
        return new DenseMatrix(rows, cols, values);
    }

    /** A matrix of one value throughout. */
    static DenseMatrix constant(int rows, int cols, double value) {
        double[] values = new double[rows * cols];
        Arrays.fill(values, value);
        return new DenseMatrix(rows, cols, values);
    }

    /** Orthonormal columns. */
    static DenseMatrix orthonormal(int rows, int cols, long seed) {
        return DenseAlgebra.svd(gaussian(rows, cols, seed)).left();
    }

    /** A layer in full precision with normal weights, a few of them ten times as large, and biases. */
    static PackedLinear layer(String name, int in, int out, long seed) {
        Random random = new Random(seed);
        float[] weight = new float[in * out];
        for (int at = 0; at < weight.length; at++) {
            weight[at] = (float) (random.nextGaussian() / Math.sqrt(in) * (random.nextInt(50) == 0 ? 10 : 1));
        }
        float[] bias = new float[out];
        for (int o = 0; o < out; o++) {
            bias[o] = (float) random.nextGaussian();
        }
        return PackedLinear.full(name, in, out, weight, bias);
    }

    static PackedLinear layer(String name, int in, int out, float[] weight) {
        return PackedLinear.full(name, in, out, weight, new float[out]);
    }

    /** Normal inputs, every twentieth entry five times as large, recorded as calibration does. */
    static RecordedInputs inputs(PackedLinear layer, long seed) {
        Random random = new Random(seed);
        InputCollector collector = new InputCollector(layer.name, layer.in, 1, 0);
        for (int call = 0; call < 4; call++) {
            float[] rows = new float[100 * layer.in];
            for (int at = 0; at < rows.length; at++) {
                rows[at] = (float) (random.nextGaussian() * (random.nextInt(20) == 0 ? 5 : 1));
            }
            collector.accept(rows, 100, 1);
        }
        return collector.recorded();
    }

    /** W4A4, rank 8, alpha 5%, percentile 95, 4-bit residual, 8-bit intermediate, static scales. */
    static QuantizeConf recipe() {
        return recipe("bit-dgdm", 4, 4, 8, 0.05, 4);
    }

    static QuantizeConf recipe(String method, int weightBits, int activationBits, int rank, double alpha, int residual) {
        return TestRecipes.recipe("method=" + method + ",weight-bits=" + weightBits + ",activation-bits="
            + activationBits + ",rank=" + rank + ",alpha=" + alpha + ",threshold-percentile=95,residual=" + residual);
    }
}
