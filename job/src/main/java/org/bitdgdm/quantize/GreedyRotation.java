package org.bitdgdm.quantize;

import java.util.Arrays;
import org.bitdgdm.kernels.CounterRandom;

/**
 * An orthogonal matrix that spreads the outliers of given rows over all their entries (Lin et al., "DuQuant", NeurIPS 2024,
 * section 3.2): in each step the column d of the largest magnitude is swapped to the front and multiplied by
 * {@code R̃ Q}. R̃ is orthogonal, its first row uniform: by itself it would share the column out equally. {@code Q =
 * diag(1, Q′)} with Q′ a random rotation turns what the others got, so that the first row of {@code R̃ Q} is uniform in its
 * first entry only, 1/√size: so much stays in front, and the rest of the column is spread in a random direction. Kept is the product of the first steps after which the largest magnitude of all was least.
 */
final class GreedyRotation {
    /** Steps; the authors take 256 for blocks of 128 channels. */
    private static final int STEPS = 48;
    private static final double UNIT = 0x1p-32;

    private final int size;
    private final long stream;
    private int draws;

    private GreedyRotation(int size, long stream) {
        this.size = size;
        this.stream = stream;
    }

    /**
     * The rotation of a block of channels.
     *
     * @param rows   (count, size) row-major; overwritten
     * @param stream key of the random turns
     * @return (size, size) row-major
     */
    static double[] of(double[] rows, int count, int size, long stream) {
        return new GreedyRotation(size, stream).found(rows, count);
    }

    private double[] found(double[] rows, int count) {
        double[] rotation = new double[size * size];
        for (int i = 0; i < size; i++) {
            rotation[i * size + i] = 1;
        }
        double[] best = rotation.clone();
        double[] uniform = uniformFirstRow();
        double least = Math.abs(rows[largest(rows)]);
        for (int step = 0; step < STEPS && size > 1 && least > 0; step++) {
            int column = largest(rows) % size;
            double[] turn = turn(uniform, column);
            multiply(rows, count, turn);
            multiply(rotation, size, turn);
            double now = Math.abs(rows[largest(rows)]);
            if (now < least) {
                least = now;
                best = rotation.clone();
            }
        }
        return best;
    }

    /** E_d R̃ Q E_d. */
    private double[] turn(double[] uniform, int column) {
        double[] turn = uniform.clone();
        double[] others = orthonormal(size - 1, null);
        double[] q = new double[size * size];
        q[0] = 1;
        for (int i = 1; i < size; i++) {
            System.arraycopy(others, (i - 1) * (size - 1), q, i * size + 1, size - 1);
        }
        multiply(turn, size, q);
        swapRows(turn, column);
        swapColumns(turn, size, column);
        return turn;
    }

    /** An orthogonal matrix whose first row is 1/√size throughout. */
    private double[] uniformFirstRow() {
        double[] first = new double[size];
        Arrays.fill(first, 1 / Math.sqrt(size));
        return orthonormal(size, first);
    }

    /** Random orthonormal rows by Gram and Schmidt, twice for accuracy; the first may be given. */
    private double[] orthonormal(int n, double[] first) {
        double[] rows = new double[n * n];
        for (int row = 0; row < n; row++) {
            for (int c = 0; c < n; c++) {
                rows[row * n + c] = row == 0 && first != null ? first[c] : normal();
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int before = 0; before < row; before++) {
                    double product = 0;
                    for (int c = 0; c < n; c++) {
                        product += rows[before * n + c] * rows[row * n + c];
                    }
                    for (int c = 0; c < n; c++) {
                        rows[row * n + c] -= product * rows[before * n + c];
                    }
                }
                double norm = 0;
                for (int c = 0; c < n; c++) {
                    norm += rows[row * n + c] * rows[row * n + c];
                }
                for (int c = 0; c < n; c++) {
                    rows[row * n + c] /= Math.sqrt(norm);
                }
            }
        }
        return rows;
    }

    /** About normal: the sum of four uniform numbers. */
    private double normal() {
        double sum = -2;
        for (int k = 0; k < 4; k++) {
            sum += (Integer.toUnsignedLong(CounterRandom.word(stream, 0, draws, k)) + 0.5) * UNIT;
        }
        draws++;
        return sum;
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int at = 1; at < values.length; at++) {
            if (Math.abs(values[at]) > Math.abs(values[largest])) {
                largest = at;
            }
        }
        return largest;
    }

    /** rows ← rows · matrix. */
    private void multiply(double[] rows, int count, double[] matrix) {
        double[] product = new double[size];
        for (int row = 0; row < count; row++) {
            Arrays.fill(product, 0);
            for (int k = 0; k < size; k++) {
                double value = rows[row * size + k];
                for (int c = 0; c < size; c++) {
                    product[c] += value * matrix[k * size + c];
                }
            }
            System.arraycopy(product, 0, rows, row * size, size);
        }
    }

    private void swapRows(double[] matrix, int row) {
        for (int c = 0; c < size; c++) {
            double first = matrix[c];
            matrix[c] = matrix[row * size + c];
            matrix[row * size + c] = first;
        }
    }

    private void swapColumns(double[] rows, int count, int column) {
        for (int row = 0; row < count; row++) {
            double first = rows[row * size];
            rows[row * size] = rows[row * size + column];
            rows[row * size + column] = first;
        }
    }
}
