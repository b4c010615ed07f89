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
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A {@link CudaDriver} whose device is a process that runs the kernels on the processor, one thread after the other:
 * {@code src/test/cuda/emulator.cpp}. Everything is done when a call returns, captured launches when their graph is, in an
 * order of its own.
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

    /** What was captured on a stream: a launch, or an event that is recorded or awaited. */
    private record Captured(long stream, Launch launch, long recorded, long awaited) {
    }

    private final Device device;
    private final Process process;
    private final File errors;
    private final OutputStream out;
    private final InputStream in;
    /** By stream: those that wait for a captured one share its list. */
    private final Map<Long, List<Captured>> captures = new HashMap<>();
    private final Map<Long, List<Captured>> graphs = new HashMap<>();
    /** Where each event was last recorded; null outside captures. */
    private final Map<Long, List<Captured>> events = new HashMap<>();
    private final List<Long> streams = new ArrayList<>();
    private final Order order;
    private final Random random = new Random(5);
    private long names;

    EmulatedDriver(Order order) {
        this(order, 101_376, false);
    }

    /**
     * @param sharedBytes dynamic shared memory that a block may have
     * @param sanitized   whether the process was built with AddressSanitizer
     */
    EmulatedDriver(Order order, int sharedBytes, boolean sanitized) {
        this.order = order;
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

    /** Where the compiler of the kernels has the fields of structures, such as {@code Linear.bias}, and their sizes. */
    static Map<String, Integer> layout() {
        try {
            Process process = new ProcessBuilder(FOLDER.resolve("emulator").toString(), "--layout").start();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError("the emulator prints no layout");
            }
            return printed.lines().map(line -> line.split(" "))
                .collect(Collectors.toMap(line -> line[0], line -> Integer.valueOf(line[1])));
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
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
            captures.get(stream).add(new Captured(stream, launch, 0, 0));
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
        List<Captured> captured = captures.remove(stream);
        for (Long other : List.copyOf(captures.keySet())) {
            if (captures.get(other) == captured) {
                captures.remove(other);
                requireJoined(captured, other, stream);
            }
        }
        graphs.put(++names, captured);
        return names;
    }

    @Override
    public synchronized void abandonCapture(long stream) {
        List<Captured> captured = captures.get(stream);
        captures.values().removeIf(one -> one == captured);
    }

    private static void requireJoined(List<Captured> captured, long side, long stream) {
        Captured last = captured.stream().filter(one -> one.stream == side).reduce((first, second) -> second).orElseThrow();
        boolean joined = captured.subList(captured.indexOf(last), captured.size()).stream()
            .anyMatch(one -> one.stream == stream && one.awaited != 0 && one.awaited == last.recorded);
        if (!joined) {
            throw new AssertionError("a stream that the capture forked was not joined");
        }
    }

    /** Streams take turns as far as events let them: the earliest captured first, the latest, or any. */
    @Override
    public synchronized void launchGraph(long graph, long stream) {
        List<Captured> captured = graphs.get(graph);
        boolean[] done = new boolean[captured.size()];
        for (int left = done.length; left > 0; left--) {
            List<Integer> ready = new ArrayList<>();
            for (int at = 0; at < done.length; at++) {
                if (!done[at] && isReady(captured, done, at)) {
                    ready.add(at);
                }
            }
            int next = ready.get(switch (order) {
                case FORWARD -> 0;
                case REVERSE -> ready.size() - 1;
                case RANDOM -> random.nextInt(ready.size());
            });
            done[next] = true;
            if (captured.get(next).launch != null) {
                run(captured.get(next).launch);
            }
        }
    }

    private static boolean isReady(List<Captured> captured, boolean[] done, int at) {
        Captured one = captured.get(at);
        boolean recorded = one.awaited == 0;
        for (int before = at - 1; before >= 0; before--) {
            Captured earlier = captured.get(before);
            if (earlier.stream == one.stream && !done[before]) {
                return false;
            }
            if (!recorded && earlier.recorded == one.awaited) {
                recorded = true;
                if (!done[before]) {
                    return false;
                }
            }
        }
        return true;
    }

    @Override
    public synchronized void freeGraph(long graph) {
        if (graphs.remove(graph) == null) {
            throw new AssertionError("no graph " + graph);
        }
    }

    @Override
    public synchronized long newEvent() {
        events.put(++names, null);
        return names;
    }

    @Override
    public synchronized void recordEvent(long event, long stream) {
        events.put(event, captures.get(stream));
        if (captures.containsKey(stream)) {
            captures.get(stream).add(new Captured(stream, null, event, 0));
        }
    }

    @Override
    public synchronized void awaitEvent(long event, long stream) {
        List<Captured> captured = events.get(event);
        if (captured != null && captures.values().stream().anyMatch(one -> one == captured)) {
            captures.put(stream, captured);
            captured.add(new Captured(stream, null, 0, event));
        }
    }

    /** No clock: nothing is measured here. */
    @Override
    public double secondsBetween(long first, long second) {
        return 0;
    }

    @Override
    public synchronized void freeEvent(long event) {
        if (!events.containsKey(event)) {
            throw new AssertionError("no event " + event);
        }
        events.remove(event);
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
        if (!streams.isEmpty() || !graphs.isEmpty() || !events.isEmpty()) {
            throw new AssertionError("streams " + streams + ", graphs " + graphs.keySet() + " and events " + events.keySet()
                + " were not freed");
        }
    }
}
