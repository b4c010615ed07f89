package org.bitdgdm.kernels;

/** A packed model that a backend has opened: of graphs, or of proteins. */
public interface OpenedModel extends AutoCloseable {

    /** Backend and what it runs on, for logs and reports, for example {@code cpu (avx512, 2 threads)}. */
    String describe();

    /** Releases everything the backend holds. A second call throws {@link IllegalStateException}. */
    @Override
    void close();
}
