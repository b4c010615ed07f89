package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A CUDA context with its module, and the count of the device memory that is in use. Shared by every stream of a denoiser.
 */
final class CudaContext implements AutoCloseable {
    private final CudaDriver driver;
    private final long setupStream;
    private final Map<Long, Long> sizes = new HashMap<>();
    private final AtomicLong liveBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();

    /** Takes over a driver, which {@link #close} closes. */
    CudaContext(CudaDriver driver) {
        this.driver = driver;
        this.setupStream = driver.newStream();
    }

    CudaDriver driver() {
        return driver;
    }

    /** Allocates device memory, aligned to 256 bytes; {@code what} it is for is named if there is none left. */
    long allocate(long bytes, String what) {
        long address;
        try {
            address = driver.allocate(bytes);
        } catch (CudaFailure e) {
            throw e.outOfMemory() ? new CudaFailure(CudaFailure.OUT_OF_MEMORY, "device memory: " + what + " needs "
                + bytes + " bytes, free are " + driver.freeBytes()) : e;
        }
        synchronized (sizes) {
            sizes.put(address, bytes);
        }
        peakBytes.accumulateAndGet(liveBytes.addAndGet(bytes), Math::max);
        return address;
    }

    void free(long address) {
        Long bytes;
        synchronized (sizes) {
            bytes = sizes.remove(address);
        }
        if (bytes == null) {
            throw new IllegalStateException("device memory at " + address + " is not allocated");
        }
        driver.free(address);
        liveBytes.addAndGet(-bytes);
    }

    /** Copies to the device and waits until it is there; one thread at a time. */
    synchronized void uploadNow(long address, ByteBuffer from) {
        driver.upload(address, from, setupStream);
        driver.synchronize(setupStream);
    }

    /** The stream of what is done while a model is opened. */
    long setupStream() {
        return setupStream;
    }

    /** Device memory in use, in bytes. */
    long liveBytes() {
        return liveBytes.get();
    }

    /** The most that {@link #liveBytes} has been. */
    long peakBytes() {
        return peakBytes.get();
    }

    /** Gives everything back, whatever fails; then throws the first failure, with the others suppressed in it. */
    static void releaseAll(List<Runnable> releases) {
        RuntimeException first = null;
        for (Runnable release : releases) {
            try {
                release.run();
            } catch (RuntimeException failure) {
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /** Gives something back after a failure; a further one is suppressed in that. */
    static void releaseAfter(Throwable failure, Runnable release) {
        try {
            release.run();
        } catch (RuntimeException further) {
            failure.addSuppressed(further);
        }
    }

    @Override
    public void close() {
        releaseAll(List.of(() -> driver.freeStream(setupStream), driver::close));
        if (liveBytes.get() != 0) {
            throw new IllegalStateException(liveBytes.get() + " bytes of device memory were not freed");
        }
    }
}
