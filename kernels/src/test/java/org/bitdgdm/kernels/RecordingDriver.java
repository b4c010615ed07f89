package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link CudaDriver} without a device: keeps a record of what was asked, answers with zeros, and fails where told to, where
 * the real one would, and where what it was given is not as the interface asks.
 */
final class RecordingDriver implements CudaDriver {
    final List<String> calls = new ArrayList<>();
    /** Every launch since the last {@code clear()}, with all that it was given. */
    final List<Launch> launches = new ArrayList<>();
    /** Streams, graphs, events and memory that were made and not freed, in order, for example {@code stream 2}. */
    final List<String> alive = new ArrayList<>();
    /** What was freed, in order. */
    final List<String> freed = new ArrayList<>();
    final Map<Long, Long> allocations = new LinkedHashMap<>();
    long capacity = Long.MAX_VALUE;
    /** CUresult of the next synchronization; 0: none. */
    int failure;
    /** CUresult of every free of a stream; 0: none. */
    int failingFree;
    /** A kernel that cannot be launched while a step is captured; null: none. */
    String failingCapture;
    private final List<Copy> copies = new ArrayList<>();
    /** Streams that are captured, with the one that each was forked from. */
    private final Map<Long, Long> capturing = new HashMap<>();
    private final Map<Long, Long> recordedOn = new HashMap<>();
    private long lastName;
    private long lastEvent;
    private long next = 256;
    private final Device device;

    /**
     * A launch.
     *
     * @param arguments little endian, to read from
     */
    record Launch(String kernel, List<Integer> grid, int threads, int sharedBytes, ByteBuffer arguments, long stream) {
    }

    /** A copy that is under way until its stream is waited for: of what was uploaded, or to the host if that is null. */
    private record Copy(long stream, ByteBuffer host, byte[] uploaded) {
    }

    RecordingDriver(int sharedBytes) {
        device = new Device("recorder", "8.0", 108, sharedBytes, sharedBytes + 1024, 0);
    }

    void clear() {
        calls.clear();
        launches.clear();
        freed.clear();
    }

    /** The first launch of a kernel. */
    Launch launch(String kernel) {
        return launches.stream().filter(launch -> launch.kernel.equals(kernel)).findFirst()
            .orElseThrow(() -> new AssertionError(kernel + " was not launched"));
    }

    private long used() {
        return allocations.values().stream().mapToLong(Long::longValue).sum();
    }

    private long made(String what) {
        alive.add(what + " " + ++lastName);
        return lastName;
    }

    private void freed(String what, long name) {
        if (!alive.remove(what + " " + name)) {
            throw new AssertionError("freed " + what + " " + name + ", which there is not");
        }
        freed.add(what + " " + name);
    }

    private void requireNoCapture(String call) {
        if (!capturing.isEmpty()) {
            throw new CudaFailure(900, call + " said CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED");
        }
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public long allocate(long bytes) {
        requireNoCapture("cuMemAlloc");
        if (used() + bytes > capacity) {
            calls.add("out of memory");
            throw new CudaFailure(CudaFailure.OUT_OF_MEMORY, "cuMemAlloc said CUDA_ERROR_OUT_OF_MEMORY");
        }
        long address = next;
        next += (bytes + 255) / 256 * 256;
        allocations.put(address, bytes);
        alive.add("memory " + address);
        calls.add("allocate");
        return address;
    }

    @Override
    public void free(long address) {
        requireNoCapture("cuMemFree");
        freed("memory", address);
        allocations.remove(address);
        calls.add("free");
    }

    @Override
    public long freeBytes() {
        return capacity - used();
    }

    @Override
    public long newStream() {
        calls.add("stream");
        return made("stream");
    }

    @Override
    public void freeStream(long stream) {
        calls.add("free stream");
        freed("stream", stream);
        if (failingFree != 0) {
            throw new CudaFailure(failingFree, "cuStreamDestroy said CUresult " + failingFree);
        }
    }

    @Override
    public void upload(long address, ByteBuffer from, long stream) {
        requireInside(address, from.remaining());
        requireAlive(stream);
        copies.add(new Copy(stream, from.duplicate(), bytes(from)));
        calls.add("upload " + from.remaining());
    }

    private static byte[] bytes(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.duplicate().get(bytes);
        return bytes;
    }

    @Override
    public void download(long address, ByteBuffer to, long stream) {
        requireInside(address, to.remaining());
        requireAlive(stream);
        copies.add(new Copy(stream, to.duplicate(), null));
        calls.add("download " + to.remaining());
    }

    private void requireInside(long address, long bytes) {
        boolean inside = allocations.entrySet().stream()
            .anyMatch(a -> a.getKey() <= address && address + bytes <= a.getKey() + a.getValue());
        if (!inside) {
            throw new AssertionError("a copy of " + bytes + " bytes is outside every allocation");
        }
    }

    private void requireAlive(long stream) {
        if (!alive.contains("stream " + stream)) {
            throw new AssertionError("no stream " + stream);
        }
    }

    @Override
    public void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments, long stream) {
        requireAlive(stream);
        if (sharedBytes > device.sharedBytesPerBlock()) {
            throw new AssertionError(kernel + " asks for " + sharedBytes + " bytes of shared memory");
        }
        if (!capturing.isEmpty() && kernel.equals(failingCapture)) {
            throw new CudaFailure(1, "launch of " + kernel + " said CUDA_ERROR_INVALID_VALUE");
        }
        launches.add(new Launch(kernel, List.of(grid[0], grid[1], grid[2]), threads, sharedBytes,
            ByteBuffer.wrap(bytes(arguments)).order(ByteOrder.LITTLE_ENDIAN), stream));
        calls.add(kernel.replace("bitdgdm_", ""));
    }

    @Override
    public void synchronize(long stream) {
        requireAlive(stream);
        requireNoCapture("cuStreamSynchronize");
        if (failure != 0) {
            throw new CudaFailure(failure, "cuStreamSynchronize said CUresult " + failure);
        }
        for (Copy copy : copies) {
            if (copy.stream == stream && copy.uploaded == null) {
                copy.host.put(new byte[copy.host.remaining()]);
            } else if (copy.stream == stream && !copy.host.equals(ByteBuffer.wrap(copy.uploaded))) {
                throw new AssertionError("a buffer of " + copy.uploaded.length
                    + " bytes was changed before the stream that it is copied on was waited for");
            }
        }
        copies.removeIf(copy -> copy.stream == stream);
    }

    @Override
    public void beginCapture(long stream) {
        capturing.put(stream, stream);
        calls.add("capture");
    }

    @Override
    public long endCapture(long stream) {
        calls.add("captured");
        capturing.values().removeIf(first -> first == stream);
        return made("graph");
    }

    @Override
    public void abandonCapture(long stream) {
        calls.add("abandoned");
        capturing.values().removeIf(first -> first == stream);
    }

    @Override
    public void launchGraph(long graph, long stream) {
        requireAlive(stream);
        calls.add("graph");
    }

    @Override
    public void freeGraph(long graph) {
        calls.add("free graph");
        freed("graph", graph);
    }

    @Override
    public long newEvent() {
        alive.add("event " + ++lastEvent);
        return lastEvent;
    }

    @Override
    public void recordEvent(long event, long stream) {
        recordedOn.put(event, stream);
        calls.add("event");
    }

    @Override
    public void awaitEvent(long event, long stream) {
        Long first = capturing.get(recordedOn.get(event));
        if (first != null) {
            capturing.put(stream, first);
        }
        calls.add("await");
    }

    /** The number of the first, counted from 1. */
    @Override
    public double secondsBetween(long first, long second) {
        return first;
    }

    @Override
    public void freeEvent(long event) {
        freed("event", event);
    }

    @Override
    public void close() {
        calls.add("close");
        if (!alive.isEmpty()) {
            throw new AssertionError(alive + " were not freed");
        }
    }
}
