package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A {@link CudaDriver} without a device: keeps a record of what was asked, answers with zeros, and fails where told to. */
final class RecordingDriver implements CudaDriver {
    final List<String> calls = new ArrayList<>();
    final Map<Long, Long> allocations = new LinkedHashMap<>();
    long capacity = Long.MAX_VALUE;
    /** CUresult of the next synchronization; 0: none. */
    int failure;
    /** Events that were not freed. */
    int events;
    private long lastEvent;
    private long next = 256;
    private final Device device;

    RecordingDriver(int sharedBytes) {
        device = new Device("recorder", "8.0", 108, sharedBytes, sharedBytes + 1024, 0);
    }

    private long used() {
        return allocations.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public long allocate(long bytes) {
        if (used() + bytes > capacity) {
            throw new CudaFailure(CudaFailure.OUT_OF_MEMORY, "cuMemAlloc said CUDA_ERROR_OUT_OF_MEMORY");
        }
        long address = next;
        next += (bytes + 255) / 256 * 256;
        allocations.put(address, bytes);
        calls.add("allocate");
        return address;
    }

    @Override
    public void free(long address) {
        if (allocations.remove(address) == null) {
            throw new AssertionError("freed " + address + ", which is not allocated");
        }
        calls.add("free");
    }

    @Override
    public long freeBytes() {
        return capacity - used();
    }

    @Override
    public long newStream() {
        calls.add("stream");
        return 1;
    }

    @Override
    public void freeStream(long stream) {
        calls.add("free stream");
    }

    @Override
    public void upload(long address, ByteBuffer from, long stream) {
        requireInside(address, from.remaining());
        calls.add("upload " + from.remaining());
    }

    @Override
    public void download(long address, ByteBuffer to, long stream) {
        requireInside(address, to.remaining());
        for (int at = to.position(); at < to.limit(); at++) {
            to.put(at, (byte) 0);
        }
        calls.add("download " + to.remaining());
    }

    private void requireInside(long address, long bytes) {
        boolean inside = allocations.entrySet().stream()
            .anyMatch(a -> a.getKey() <= address && address + bytes <= a.getKey() + a.getValue());
        if (!inside) {
            throw new AssertionError("a copy of " + bytes + " bytes is outside every allocation");
        }
    }

    @Override
    public void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments, long stream) {
        if (sharedBytes > device.sharedBytesPerBlock()) {
            throw new AssertionError(kernel + " asks for " + sharedBytes + " bytes of shared memory");
        }
        calls.add(kernel.replace("bitdgdm_", ""));
    }

    @Override
    public void synchronize(long stream) {
        if (failure != 0) {
            throw new CudaFailure(failure, "cuStreamSynchronize said CUresult " + failure);
        }
    }

    @Override
    public void beginCapture(long stream) {
        calls.add("capture");
    }

    @Override
    public long endCapture(long stream) {
        calls.add("captured");
        return 2;
    }

    @Override
    public void launchGraph(long graph, long stream) {
        calls.add("graph");
    }

    @Override
    public void freeGraph(long graph) {
        calls.add("free graph");
    }

    @Override
    public long newEvent() {
        events++;
        return ++lastEvent;
    }

    @Override
    public void recordEvent(long event, long stream) {
        calls.add("event");
    }

    @Override
    public void awaitEvent(long event, long stream) {
        calls.add("await");
    }

    /** The number of the first, counted from 1. */
    @Override
    public double secondsBetween(long first, long second) {
        return first;
    }

    @Override
    public void freeEvent(long event) {
        events--;
    }

    @Override
    public void close() {
        calls.add("close");
    }
}
