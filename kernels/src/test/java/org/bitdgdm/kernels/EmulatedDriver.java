package org.bitdgdm.kernels;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link CudaDriver} whose device is a process that runs the kernels on the processor, one thread after the other:
 * {@code src/test/cuda/emulator.cpp}. Everything is done when a call returns, captured launches when their graph is.
 */
final class EmulatedDriver implements CudaDriver {
    private static final Path FOLDER = Path.of("target", "cuda-emulator");
    private static final int NAME_BYTES = 32;

    /** In which order threads run between barriers, and blocks of a launch. */
    enum Order {
        FORWARD, REVERSE, RANDOM
    }

    private record Launch(String kernel, int[] grid, int threads, int sharedBytes, byte[] arguments) {
    }

    private final Device device;
    private final Process process;
    private final File errors;
    private final OutputStream out;
    private final InputStream in;
    private final Map<Long, List<Launch>> captures = new HashMap<>();
    private final Map<Long, List<Launch>> graphs = new HashMap<>();
    private final List<Long> streams = new ArrayList<>();
    private long names;

    EmulatedDriver(Order order) {
        this(order, 101_376, false);
    }

    /**
     * @param sharedBytes dynamic shared memory that a block may have
     * @param sanitized   whether the process was built with AddressSanitizer
     */
    EmulatedDriver(Order order, int sharedBytes, boolean sanitized) {
        this.device = new Device("emulated", "9.0", 4, sharedBytes, sharedBytes, 0);
        try {
            errors = File.createTempFile("emulator", ".txt");
            String program = FOLDER.resolve(sanitized ? "emulator-sanitized" : "emulator").toString();
            ProcessBuilder builder = new ProcessBuilder(program);
            builder.environment().put("ASAN_OPTIONS", "detect_leaks=0");
            process = builder.redirectError(errors).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
        in = new BufferedInputStream(process.getInputStream(), 1 << 16);
        ask(command('O', 8).putInt(order.ordinal()).putInt(7), null);
    }

    static boolean sanitizedIsThere() {
        return Files.exists(FOLDER.resolve("emulator-sanitized"));
    }

    private static ByteBuffer command(char name, int bytes) {
        return ByteBuffer.allocate(1 + bytes).order(ByteOrder.LITTLE_ENDIAN).put((byte) name);
    }

    /** Sends a command and what follows it; the one byte of the answer says that it was done. */
    private synchronized void ask(ByteBuffer command, ByteBuffer data) {
        try {
            send(command, data);
            if (in.read() != 0) {
                throw dead();
            }
        } catch (IOException e) {
            throw dead();
        }
    }

    private void send(ByteBuffer command, ByteBuffer data) throws IOException {
        out.write(command.array());
        if (data != null) {
            Channels.newChannel(out).write(data.duplicate());
        }
        out.flush();
    }

    private AssertionError dead() {
        try {
            process.waitFor();
            return new AssertionError("the emulator ended: " + Files.readString(errors.toPath()));
        } catch (IOException | InterruptedException e) {
            return new AssertionError(e);
        }
    }

    private synchronized byte[] answer(ByteBuffer command, int bytes) {
        try {
            send(command, null);
            byte[] answer = in.readNBytes(bytes);
            if (answer.length < bytes) {
                throw dead();
            }
            return answer;
        } catch (IOException e) {
            throw dead();
        }
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public long allocate(long bytes) {
        return ByteBuffer.wrap(answer(command('A', 8).putLong(bytes), 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @Override
    public void free(long address) {
        ask(command('F', 8).putLong(address), null);
    }

    @Override
    public long freeBytes() {
        return 0;
    }

    @Override
    public synchronized long newStream() {
        streams.add(++names);
        return names;
    }

    @Override
    public synchronized void freeStream(long stream) {
        if (!streams.remove(stream)) {
            throw new AssertionError("no stream " + stream);
        }
    }

    @Override
    public void upload(long address, ByteBuffer from, long stream) {
        ask(command('W', 16).putLong(address).putLong(from.remaining()), from);
    }

    @Override
    public void download(long address, ByteBuffer to, long stream) {
        to.duplicate().put(answer(command('R', 16).putLong(address).putLong(to.remaining()), to.remaining()));
    }

    @Override
    public synchronized void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments,
                                    long stream) {
        byte[] bytes = new byte[arguments.remaining()];
        arguments.duplicate().get(bytes);
        Launch launch = new Launch(kernel, grid, threads, sharedBytes, bytes);
        if (captures.containsKey(stream)) {
            captures.get(stream).add(launch);
        } else {
            run(launch);
        }
    }

    private void run(Launch launch) {
        if (launch.sharedBytes > device.sharedBytesPerBlock()) {
            throw new AssertionError(launch.kernel + " asks for " + launch.sharedBytes + " bytes of shared memory");
        }
        ByteBuffer command = command('L', NAME_BYTES + 6 * 4);
        command.put(launch.kernel.getBytes(StandardCharsets.US_ASCII)).position(1 + NAME_BYTES);
        for (int axis : launch.grid) {
            command.putInt(axis);
        }
        command.putInt(launch.threads).putInt(launch.sharedBytes).putInt(launch.arguments.length);
        ask(command, ByteBuffer.wrap(launch.arguments));
    }

    @Override
    public void synchronize(long stream) {
        // Nothing is ever under way.
    }

    @Override
    public synchronized void beginCapture(long stream) {
        captures.put(stream, new ArrayList<>());
    }

    @Override
    public synchronized long endCapture(long stream) {
        graphs.put(++names, captures.remove(stream));
        return names;
    }

    @Override
    public synchronized void launchGraph(long graph, long stream) {
        graphs.get(graph).forEach(this::run);
    }

    @Override
    public synchronized void freeGraph(long graph) {
        if (graphs.remove(graph) == null) {
            throw new AssertionError("no graph " + graph);
        }
    }

    /** No clock: nothing is measured here. */
    @Override
    public long newEvent() {
        return 1;
    }

    @Override
    public void recordEvent(long event, long stream) {
    }

    @Override
    public double secondsBetween(long first, long second) {
        return 0;
    }

    @Override
    public void freeEvent(long event) {
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (process.waitFor() != 0) {
                throw dead();
            }
            Files.delete(errors.toPath());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
        if (!streams.isEmpty() || !graphs.isEmpty()) {
            throw new AssertionError("streams " + streams + " and graphs " + graphs.keySet() + " were not freed");
        }
    }
}
