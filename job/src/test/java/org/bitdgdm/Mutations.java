package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.bitdgdm.conf.InputException;

/**
 * Valid inputs, changed by a seeded generator, given to a reader, and what must hold whatever they have become: a result or
 * an {@link InputException} of one short line; no other exception, no hang, no memory beyond a bound, no program started,
 * no socket used, no file written besides the input itself.
 *
 * <p>A few hundred inputs run with all other tests; {@code -Dbitdgdm.mutations=100000} makes it so many for each reader,
 * {@code -Dbitdgdm.mutations.seed=S} other ones.
 */
public final class Mutations {
    private static final int USUAL_COUNT = 400;
    /** Longer than any input takes on a busy machine; a test that waits for it has found an endless loop. */
    private static final long MOST_SECONDS = 120;
    /** Readers of inputs of some 50 kB take less than a tenth of it. */
    private static final long MOST_BYTES = 96L << 20;
    private static final int MOST_CHARACTERS = 2100;
    private static final int LONGEST_RUN = 3000;
    private static final byte[] ODD_BYTES =
        {0, 1, 0x7f, (byte) 0x80, (byte) 0xff, '"', '\\', '{', '}', '[', ']', ',', '\n', '.', '-', '$'};
    private static final long[] ODD_NUMBERS = {0, 1, -1, 2, 255, 256, 65_535, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE,
        1L << 32, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final String[] ODD_TEXTS = {"-1", "0", "1e999", "-0.0", "NaN", "2147483647", "2147483648",
        "99999999999999999999", "1e-400", "0.5", "null", "true", "[]", "{}", "\"\"", "\"x\""};

    /** Reads one input, of which it may keep nothing. */
    @FunctionalInterface
    public interface Reader {
        /** Reads it, or throws an {@link InputException}. */
        void read(byte[] input) throws Exception;
    }

    /** What came of the inputs of one reader. */
    record Tally(String reader, long inputs, long read, long refused, long mostBytes, double mostSeconds) {
    }

    private final String name;
    private final List<byte[]> valid;
    private final List<String> words;
    private final Reader reader;
    private final int count;
    private final long seed;
    private final AtomicReference<byte[]> current = new AtomicReference<>();
    private final AtomicLong started = new AtomicLong();
    private long mostBytes;
    private long mostNanos;

    private Mutations(String name, List<byte[]> valid, List<String> words, Reader reader, int count, long seed) {
        this.name = name;
        this.valid = valid;
        this.words = words;
        this.reader = reader;
        this.count = count;
        this.seed = seed;
    }

    /**
     * Checks a reader.
     *
     * @param name  of the reader, for messages and file names
     * @param valid inputs that are read without an exception
     * @param words what is put into inputs besides odd numbers and bytes: parts of the format that could do harm
     */
    public static void check(String name, List<byte[]> valid, List<String> words, Reader reader) throws Exception {
        Tally tally = new Mutations(name, valid, words, reader, Integer.getInteger("bitdgdm.mutations", USUAL_COUNT),
            Long.getLong("bitdgdm.mutations.seed", 1)).run();
        assertThat(tally.refused).as("inputs of " + name + " that are refused").isPositive();
        assertThat(tally.read).as("inputs of " + name + " that are read").isPositive();
        if (System.getProperty("bitdgdm.mutations") != null) {
            System.out.printf(Locale.ROOT, "| %s | %,d | %,d | %,d | %.1f MB | %.2f s |%n", name, tally.inputs, tally.read,
                tally.refused, tally.mostBytes / 1e6, tally.mostSeconds);
        }
    }

    /** The same with a count of its own, for tests of these checks. */
    static Tally check(String name, List<byte[]> valid, int count, Reader reader) throws Exception {
        return new Mutations(name, valid, List.of(), reader, count, 1).run();
    }

    private Tally run() throws Exception {
        for (byte[] input : valid) {
            reader.read(input.clone());
        }
        long[] outcomes = new long[2];
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread worker = new Thread(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    outcomes[one(mutated(new Random(seed * 1_000_003 + i))) ? 0 : 1]++;
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        }, "reader of " + name);
        worker.setDaemon(true);
        Path events = Files.createTempFile("mutations", ".jfr");
        TreeSet<String> touched;
        try (Recording recording = new Recording()) {
            recording.enable("jdk.ProcessStart").withoutStackTrace();
            for (String event : List.of("jdk.SocketRead", "jdk.SocketWrite", "jdk.FileWrite")) {
                recording.enable(event).withoutThreshold().withoutStackTrace();
            }
            recording.start();
            started.set(System.nanoTime());
            worker.start();
            watch(worker);
            recording.stop();
            recording.dump(events);
            touched = touched(events, worker.getName());
        } finally {
            Files.delete(events);
        }
        if (failure.get() != null) {
            throw new AssertionError(name + ": " + failure.get() + ", input kept as " + kept(), failure.get());
        }
        // The input itself may be a file, of one name for each part that is changed.
        assertThat(touched).as("programs, addresses and files that inputs of " + name + " have touched")
            .allMatch(what -> what.startsWith("file ") && what.contains("mutated"));
        return new Tally(name, count, outcomes[0], outcomes[1], mostBytes, mostNanos * 1e-9);
    }

    private void watch(Thread worker) throws InterruptedException, IOException {
        while (worker.isAlive()) {
            worker.join(200);
            if (System.nanoTime() - started.get() > MOST_SECONDS * 1_000_000_000L && worker.isAlive()) {
                AssertionError hang =
                    new AssertionError(name + " takes more than " + MOST_SECONDS + " s, input kept as " + kept());
                hang.setStackTrace(worker.getStackTrace());
                throw hang;
            }
        }
    }

    private static TreeSet<String> touched(Path events, String thread) throws IOException {
        TreeSet<String> touched = new TreeSet<>();
        try (RecordingFile file = new RecordingFile(events)) {
            while (file.hasMoreEvents()) {
                RecordedEvent event = file.readEvent();
                if (event.getThread() != null && thread.equals(event.getThread().getJavaName())) {
                    touched.add(switch (event.getEventType().getName()) {
                        case "jdk.FileWrite" -> "file " + event.getString("path");
                        case "jdk.ProcessStart" -> "program " + event.getString("command");
                        default -> "address " + event.getString("host") + ":" + event.getInt("port");
                    });
                }
            }
        }
        return touched;
    }

    /** Whether an input is read; if not, it is refused. */
    private boolean one(byte[] input) throws Exception {
        current.set(input);
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = memory.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        started.set(start);
        boolean read;
        try {
            reader.read(input.clone());
            read = true;
        } catch (InputException e) {
            assertThat(e.getMessage()).as("message").isNotBlank().hasSizeLessThan(MOST_CHARACTERS)
                .matches(message -> message.codePoints().noneMatch(Character::isISOControl), "one printable line");
            read = false;
        }
        mostNanos = Math.max(mostNanos, System.nanoTime() - start);
        long bytes = memory.getCurrentThreadAllocatedBytes() - before;
        mostBytes = Math.max(mostBytes, bytes);
        assertThat(bytes).as("bytes allocated").isLessThan(MOST_BYTES);
        return read;
    }

    private Path kept() throws IOException {
        Path folder = Files.createDirectories(Path.of("target/mutations"));
        return Files.write(folder.resolve(name.replace(' ', '-') + "-" + seed + ".bin"), current.get()).toAbsolutePath();
    }

    /** One of the valid inputs with one to eight changes. */
    private byte[] mutated(Random random) {
        byte[] input = valid.get(random.nextInt(valid.size())).clone();
        int changes = random.nextInt(3) > 0 ? 1 : 2 + random.nextInt(7);
        for (int i = 0; i < changes; i++) {
            input = changed(input, random);
        }
        return input;
    }

    private byte[] changed(byte[] input, Random random) {
        if (input.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(input.length);
        switch (random.nextInt(13)) {
            case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> input[at] = (byte) random.nextInt(256);
            case 2 -> input[at] = ODD_BYTES[random.nextInt(ODD_BYTES.length)];
            case 3 -> {
                return random.nextInt(8) == 0 ? Arrays.copyOf(input, at)
                    : replaced(input, at, span(input, at, random), new byte[0]);
            }
            case 4 -> {
                return replaced(input, at, 0, Arrays.copyOfRange(input, at, at + span(input, at, random)));
            }
            case 5 -> {
                byte[] inserted = new byte[1 + random.nextInt(8)];
                random.nextBytes(inserted);
                return replaced(input, at, 0, inserted);
            }
            case 6 -> {
                byte[] other = valid.get(random.nextInt(valid.size()));
                int from = random.nextInt(other.length);
                byte[] part = Arrays.copyOfRange(other, from, from + span(other, from, random));
                return replaced(input, at, span(input, at, random), part);
            }
            case 7, 8 -> overwrite(input, at, random);
            case 9, 10 -> {
                return number(input, at, ODD_TEXTS[random.nextInt(ODD_TEXTS.length)]);
            }
            case 11 -> {
                String word = words.isEmpty() ? ODD_TEXTS[random.nextInt(ODD_TEXTS.length)]
                    : words.get(random.nextInt(words.size()));
                int length = random.nextBoolean() ? 0 : span(input, at, random);
                return replaced(input, at, length, word.getBytes(StandardCharsets.UTF_8));
            }
            default -> {
                byte[] run = new byte[random.nextInt(LONGEST_RUN)];
                Arrays.fill(run, random.nextBoolean() ? input[at] : ODD_BYTES[random.nextInt(ODD_BYTES.length)]);
                return replaced(input, at, 0, run);
            }
        }
        return input;
    }

    private static int span(byte[] input, int at, Random random) {
        return Math.min(input.length - at, 1 + random.nextInt(random.nextInt(4) == 0 ? 512 : 16));
    }

    private static byte[] replaced(byte[] input, int at, int length, byte[] by) {
        byte[] out = new byte[input.length - length + by.length];
        System.arraycopy(input, 0, out, 0, at);
        System.arraycopy(by, 0, out, at, by.length);
        System.arraycopy(input, at + length, out, at + by.length, input.length - at - length);
        return out;
    }

    /** A binary number of 2, 4 or 8 bytes by an odd one, in either order. */
    private static void overwrite(byte[] input, int at, Random random) {
        int bytes = 2 << random.nextInt(3);
        if (input.length < bytes) {
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(input).order(random.nextInt(8) == 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        int to = Math.min(at, input.length - bytes);
        long number = ODD_NUMBERS[random.nextInt(ODD_NUMBERS.length)] + random.nextInt(3) - 1;
        switch (bytes) {
            case 2 -> in.putShort(to, (short) number);
            case 4 -> in.putInt(to, (int) number);
            default -> in.putLong(to, number);
        }
    }

    /** The next number written in digits by another text. */
    private static byte[] number(byte[] input, int from, String by) {
        int at = from;
        while (at < input.length && !digit(input[at])) {
            at++;
        }
        int end = at;
        while (end < input.length && digit(input[end])) {
            end++;
        }
        return replaced(input, at, end - at, by.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean digit(byte letter) {
        return letter >= '0' && letter <= '9';
    }
}
