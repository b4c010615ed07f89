package org.bitdgdm.model;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A tensor of a file as its header describes it, before any of its numbers is read.
 *
 * @param name   name in the file
 * @param type   how its numbers are written
 * @param shape  (rank) sizes
 * @param values reads the numbers; the file must still be open
 */
record StoredTensor(String name, ElementType type, int[] shape, Supplier<float[]> values) {

    Tensor read() {
        return new Tensor(name, shape, values.get());
    }

    /** Shape as written in messages, for example {@code [256, 12]}. */
    String shapeText() {
        return Arrays.toString(shape);
    }
}
