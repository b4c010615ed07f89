package org.bitdgdm.kernels.bench;

import java.util.List;
import java.util.function.Predicate;

/**
 * What a core can do at most: multiply-adds and integer dot products in registers, copies; the best of all repeats.
 *
 * @param measurements of kernel_bench, {@code detail} being the number of threads
 */
record Peaks(List<KernelBench.Measurement> measurements) {

    /** FP32 operations per second of so many threads together. */
    double floatOperations(int threads) {
        return find(threads, m -> m.floatOperations() > 0).operationsPerSecond().high();
    }

    /** FP32 operations per second of one thread where each multiply-add loads 16 lanes from the first-level cache. */
    double nearOperations() {
        return find(1, m -> m.name().endsWith("from 16 KiB")).operationsPerSecond().high();
    }

    /** The same from the second-level cache. */
    double farOperations() {
        return find(1, m -> m.name().endsWith("from 256 KiB")).operationsPerSecond().high();
    }

    /** Integer operations per second of so many threads together. */
    double integerOperations(int threads) {
        return find(threads, m -> m.integerOperations() > 0).operationsPerSecond().high();
    }

    /** Bytes read and written per second by copies within the second-level cache. */
    double cachedBytes(int threads) {
        KernelBench.Measurement copy = find(threads, m -> m.bytes() > 0);
        return copy.bytes() / copy.seconds().low();
    }

    /** How much faster so many threads are than one, by the multiply-adds. */
    double scaling(int threads) {
        return floatOperations(threads) / floatOperations(1);
    }

    private KernelBench.Measurement find(int threads, Predicate<KernelBench.Measurement> kind) {
        return measurements.stream().filter(m -> m.detail().equals(Integer.toString(threads))).filter(kind).findFirst()
            .orElseThrow();
    }
}
