package org.bitdgdm.kernels;

import java.nio.ByteBuffer;

/**
 * What the {@code cuda} backend asks of the CUDA driver, for one context on one device. {@link JcudaDriver} is the real
 * one; tests have one that runs the kernels on the processor and one that keeps a record.
 *
 * <p>Addresses, streams, graphs and events are numbers that the driver gave out; 0 is none of them. Buffers are direct. Any
 * thread may call; calls on one stream come from one thread at a time. Whatever fails throws {@link CudaFailure}.
 */
interface CudaDriver extends AutoCloseable {

    /**
     * The device.
     *
     * @param name                     as the driver has it
     * @param computeCapability        for example {@code 9.0}
     * @param multiprocessors          count
     * @param sharedBytesPerBlock      dynamic shared memory that a block may have
     * @param sharedBytesPerProcessor  shared memory of a multiprocessor, for all its blocks
     * @param ordinal                  position among the devices that this process sees
     */
    record Device(String name, String computeCapability, int multiprocessors, int sharedBytesPerBlock,
                  int sharedBytesPerProcessor, int ordinal) {
    }

    Device device();

    /** Allocates device memory, aligned to 256 bytes. */
    long allocate(long bytes);

    void free(long address);

    /** Device memory that is free now, in bytes. */
    long freeBytes();

    long newStream();

    void freeStream(long stream);

    /** Copies the remaining bytes of a buffer, which must not be changed before {@link #synchronize} has returned. */
    void upload(long address, ByteBuffer from, long stream);

    /** Fills the remaining bytes of a buffer; they are there once {@link #synchronize} has returned. */
    void download(long address, ByteBuffer to, long stream);

    /**
     * Starts a kernel.
     *
     * @param kernel      name in the fatbin
     * @param grid        (3) blocks
     * @param threads     of a block
     * @param sharedBytes dynamic shared memory of a block
     * @param arguments   the kernel's one parameter; may be changed once the call returns
     */
    void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments, long stream);

    /** Waits for everything that was started on a stream. */
    void synchronize(long stream);

    /** From here on, launches on the stream are recorded instead of run. */
    void beginCapture(long stream);

    /** Ends the recording; returns a graph that can be launched any number of times. */
    long endCapture(long stream);

    /** Ends a recording that failed on its way, without a graph; streams that it had forked are no part of it any more. */
    void abandonCapture(long stream);

    void launchGraph(long graph, long stream);

    void freeGraph(long graph);

    /** A point in time on a stream, which {@link #recordEvent} sets. */
    long newEvent();

    void recordEvent(long event, long stream);

    /** Lets what is started on a stream later wait for what was recorded last; a stream that is captured takes it along. */
    void awaitEvent(long event, long stream);

    /** Seconds of the device between two events, both passed. */
    double secondsBetween(long first, long second);

    void freeEvent(long event);

    /** Destroys the context; streams, graphs, events and memory must have been freed. */
    @Override
    void close();
}
