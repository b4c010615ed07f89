package org.bitdgdm.model;

/**
 * A view of a storage: element (i₀, i₁, …) lies at {@code offset + Σ i_k · stride_k}. Checked against the storage's
 * size at birth, so that every element lies inside.
 *
 * @param shape  (rank) sizes, 0 or more
 * @param stride (rank) distances in elements, 0 or more
 */
record PickledTensor(PickledStorage storage, long offset, int[] shape, long[] stride) {

    PickledTensor {
        if (shape.length != stride.length || offset < 0) {
            throw new IllegalArgumentException(shape.length + " sizes, " + stride.length + " strides and offset " + offset);
        }
        boolean empty = false;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] < 0 || stride[i] < 0) {
                throw new IllegalArgumentException("size " + shape[i] + " with stride " + stride[i]);
            }
            empty |= shape[i] == 0;
        }
        if (!empty) {
            long last = offset;
            try {
                for (int i = 0; i < shape.length; i++) {
                    last = Math.addExact(last, Math.multiplyExact(shape[i] - 1L, stride[i]));
                }
                Tensor.size(shape);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("a shape that overflows", e);
            }
            if (last >= storage.size()) {
                throw new IllegalArgumentException("its last element at " + last + " of a storage of " + storage.size());
            }
        }
    }

    /** Number of elements. */
    long size() {
        return Tensor.size(shape);
    }
}
