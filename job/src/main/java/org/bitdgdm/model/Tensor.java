package org.bitdgdm.model;

import java.util.Arrays;
import java.util.Objects;

/**
 * A named array of FP32 numbers. Immutable by convention: the arrays are shared, never copied.
 *
 * @param name   name in its file, DiGress's own for weights, for example {@code model.mlp_in_X.0.weight}
 * @param shape  (rank) sizes, each 0 or more; empty for a scalar
 * @param values (product of shape) row-major
 */
public record Tensor(String name, int[] shape, float[] values) {

    public Tensor {
        Objects.requireNonNull(name, "name");
        long size = size(shape);
        if (values.length != size) {
            throw new IllegalArgumentException(name + ": shape " + Arrays.toString(shape) + " needs " + size
                + " values, found " + values.length);
        }
    }

    /** Number of values of a shape; exact, so a shape that overflows is an {@link ArithmeticException}. */
    static long size(int... shape) {
        long size = 1;
        boolean empty = false;
        for (int length : shape) {
            if (length < 0) {
                throw new IllegalArgumentException("a shape must not be negative, found " + Arrays.toString(shape));
            }
            empty |= length == 0;
        }
        for (int length : shape) {
            size = empty ? 0 : Math.multiplyExact(size, (long) length);
        }
        return size;
    }

    /**
     * The transpose of a matrix: a checkpoint stores the weight of a linear layer as (out, in), backends take (in, out).
     *
     * @return (cols, rows) row-major
     */
    float[] transposed() {
        if (shape.length != 2) {
            throw new IllegalStateException(name + ": only a matrix has a transpose, found " + Arrays.toString(shape));
        }
        int rows = shape[0];
        int cols = shape[1];
        float[] transposed = new float[values.length];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                transposed[col * rows + row] = values[row * cols + col];
            }
        }
        return transposed;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tensor tensor && name.equals(tensor.name) && Arrays.equals(shape, tensor.shape)
            && Arrays.equals(values, tensor.values);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, Arrays.hashCode(shape), Arrays.hashCode(values));
    }

    @Override
    public String toString() {
        return name + Arrays.toString(shape);
    }
}
