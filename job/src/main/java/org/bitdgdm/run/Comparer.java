package org.bitdgdm.run;

import org.bitdgdm.kernels.PackedNetwork;

/**
 * Compares quantized models with their full-precision original.
 *
 * @param <M> form of the models
 */
public interface Comparer<M extends PackedNetwork> extends AutoCloseable {
    /** What a model was found to be. */
    Measures.Found of(M model);

    /** Takes back what stays with the executors. */
    @Override
    default void close() {
    }
}
