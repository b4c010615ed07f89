package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.NativeAlgebra;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.model.ModelBundle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What native code does for the quantizer, it does with the bits of the Java beside it. */
class NativeLoopsTest {
    private static final PackedModel FULL = ModelBundle.load(Path.of("../conf/models/qm9")).packed();

    @BeforeAll
    static void loadNativeCode() {
        new CpuDenoiser(FULL, new BackendOptions(1, "auto", null)).close();
        assertThat(NativeAlgebra.isLoaded()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "2, 3, 0", "5, 4, 3", "16, 1, 8", "17, 9, 33", "64, 65, 66", "130, 31, 100"})
    void products(int rows, int cols, int inner) {
        for (boolean transposed : new boolean[] {false, true}) {
            for (double[] scales : new double[][] {{1, 0}, {1, 1}, {-1, 1}, {0.5, 1}, {1.25, -0.75}}) {
                DenseMatrix left = TestMatrices.gaussian(transposed ? inner : rows, transposed ? rows : inner, 1);
                DenseMatrix right = TestMatrices.gaussian(inner, cols, 2);
                DenseMatrix found = TestMatrices.gaussian(rows, cols, 3);
                double[] expected = found.values().clone();
                DenseAlgebra.multiplyHere(scales[0], (transposed ? DenseAlgebra.transposed(left) : left).values(), transposed,
                    right.values(), scales[1], expected, rows, cols, inner);
                DenseAlgebra.multiply(scales[0], left, transposed, right, false, scales[1], found);
                assertThat(found.values()).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 16, 33, 70})
    void productsOfANorm(int in) {
        DenseMatrix error = TestMatrices.gaussian(in, 9, 4);
        InputNorm norm = new InputNorm(gram(in));
        double[] expected = new double[in * 9];
        for (int at = 0; at < expected.length; at++) {
            for (int k = 0; k < in; k += 4) {
                double[] terms = new double[4];
                for (int term = 0; term < 4 && k + term < in; term++) {
                    terms[term] = norm.at(at % in, k + term) * error.apply(k + term, at / in);
                }
                expected[at] += terms[0] + terms[1] + (terms[2] + terms[3]);
            }
        }
        assertThat(norm.times(error).values()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "8, 5", "13, 7", "0, 3", "100, 33", "64, 64", "31, 71"})
    void sumsOfSquaredRows(int count, int in) {
        Random random = new Random(5);
        float[] rows = new float[count * in];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = random.nextInt(3) == 0 ? 0 : (float) random.nextGaussian();
        }
        double[] expected = new double[in * in];
        InputNorm.addRows(rows, count, in, expected);
        double[] found = new double[in * in];
        NativeAlgebra.gram(rows, count, in, found);
        assertThat(found).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "3, 2", "4, 8", "8, 4", "9, 3", "33, 4", "100, 6"})
    void roundingWithFeedback(int size, int bits) {
        DenseMatrix gram = gram(size);
        for (int at = 0; at < size && size > 4; at++) {
            // An input that has never been seen.
            gram.update(2, at, 0);
            gram.update(at, 2, 0);
        }
        int count = 11;
        double[] vectors = TestMatrices.gaussian(size, count, 6).values();
        Arrays.fill(vectors, 0, size, 0);
        Arrays.fill(vectors, size, 2 * size, 1e-40);
        vectors[2 * size] = 1e4;
        for (ErrorFeedback feedback : List.of(new ErrorFeedback(gram, 0.01),
            ErrorFeedback.none(IntStream.range(0, size).mapToDouble(i -> 0.1 + i % 7).toArray()))) {
            byte[] expected = new byte[count * size];
            float[] scales = new float[count];
            feedback.roundHere(vectors, bits, expected, scales);
            byte[] found = new byte[count * size];
            assertThat(feedback.round(vectors, count, bits, found)).isEqualTo(scales);
            assertThat(found).isEqualTo(expected);
            assertThat(scales[0]).isZero();
            assertThat(expected).contains(CodeMatrix.maxCode(bits));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 63, 64, 65, 130, 200})
    void inverseCholeskyFactors(int n) {
        DenseMatrix gram = gram(n);
        assertThat(DenseAlgebra.inverseCholesky(gram).values()).isEqualTo(DenseAlgebra.inverseCholeskyHere(gram).values());
    }

    @Test
    void arraysThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> NativeAlgebra.gram(new float[5], 2, 3, new double[9])).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("the lengths of arrays do not fit their shapes");
    }

    /** XᵀX of more rows than columns. */
    private static DenseMatrix gram(int size) {
        DenseMatrix rows = TestMatrices.gaussian(2 * size + 3, size, 7);
        return DenseAlgebra.product(rows, true, rows, false);
    }

    @Test
    void samplesOfInputs() {
        int[] rows = FULL.linears().stream().mapToInt(layer -> layer.in > 256 ? 40 : 300).toArray();
        try (CpuDenoiser cpu = new CpuDenoiser(FULL, new BackendOptions(2, "auto", null))) {
            for (int ranges : new int[] {1, 3}) {
                List<RecordedInputs> found = Calibration.run(FULL, cpu, 3, 6, 1, rows, ranges);
                List<RecordedInputs> expected = Calibration.run(FULL, new Handing(cpu), 3, 6, 1, rows, ranges);
                for (int layer = 0; layer < found.size(); layer++) {
                    assertSame(found.get(layer), expected.get(layer));
                    assertSame(found.get(layer).heldOut(), expected.get(layer).heldOut());
                }
            }
        }
    }

    private static void assertSame(RecordedInputs found, RecordedInputs expected) {
        assertThat(found.layer()).isEqualTo(expected.layer());
        assertThat(Arrays.equals(found.magnitudes(), expected.magnitudes())).as("magnitudes of " + found.layer()).isTrue();
        assertThat(found.maximum()).isEqualTo(expected.maximum());
        assertThat(found.values()).isEqualTo(expected.values());
        assertThat(found.nonZeros()).isEqualTo(expected.nonZeros());
        assertThat(found.rowCount()).isEqualTo(expected.rowCount());
        assertThat(Arrays.equals(found.rows(), expected.rows())).as("rows of " + found.layer()).isTrue();
        assertThat(found.ranges()).hasSameSizeAs(expected.ranges());
        for (int range = 0; range < found.ranges().size(); range++) {
            assertSame(found.ranges().get(range), expected.ranges().get(range));
        }
    }

    /** A backend that hands over inputs, and takes no samples itself. */
    private record Handing(CpuDenoiser cpu) implements ActivationRecorder {
        @Override
        public Diffusion diffusion() {
            return cpu.diffusion();
        }

        @Override
        public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
            cpu.advance(batch, seed, steps);
        }

        @Override
        public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
            cpu.logits(batch, step, nodeLogits, edgeLogits);
        }

        @Override
        public void record(GraphBatch batch, Sampler.Step step, Sink sink) {
            cpu.record(batch, step, sink);
        }

        @Override
        public void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink) {
            cpu.recordStep(batch, seed, step, sink);
        }

        @Override
        public String describe() {
            return cpu.describe();
        }

        @Override
        public void close() {
            // The caller closes what this hands on to.
        }
    }
}
