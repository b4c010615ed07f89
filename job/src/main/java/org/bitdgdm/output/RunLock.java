package org.bitdgdm.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JacksonException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.StoppedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One driver at a time writes a folder. Two kinds of files of {@code _run/} say which:
 *
 * <pre>
 * epoch-000007    the seventh driver has taken the folder; created once, kept, and marked, when the folder is free again
 * lock.json       who that is, written anew every few seconds while it works
 * </pre>
 *
 * <p>A driver that gives no sign of life does not stand in the way of the next: its process is looked up where that can be
 * done, else {@code lock.json} is too old. Ages are differences of the file system's own times, so that clocks of hosts need
 * not agree. A process is looked up only from where it can be seen, in the same boot of the same machine and the same
 * namespace of processes; containers that share a folder and a host name go by age.
 *
 * <p>A driver that was only paused wakes as one that has a successor, and must not write any more. That is what epochs are
 * for: each driver's is higher than all before, and it looks whether its own still is the highest before every write, before
 * every removal, and in its tasks before every rename that commits a shard. What it has staged by then is gone, since each
 * driver stages in a folder of its own and a successor removes those of lower epochs, so that not even a driver that was paused
 * between the look and the rename can put anything into place.
 */
public final class RunLock implements AutoCloseable {
    /** Setting of Hadoop: time without a sign of life after which a driver counts as gone, for example {@code 30s}. */
    static final String TIMEOUT = "bitdgdm.lock.timeout";
    /** Where nothing is set. */
    static final Duration GONE = Duration.ofMinutes(2);

    private static final int SIGNS_IN_TIMEOUT = 8;
    /** Longest wait at the end for a sign that is being written. */
    private static final int LAST_SIGN_SECONDS = 15;
    /** Content of an epoch whose driver has given the folder free. */
    private static final byte[] FREE = "free".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern EPOCH = Pattern.compile("epoch-(\\d{6,18})");
    private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);

    /**
     * Who holds a lock; a process is told from a later one of the same number by its start.
     *
     * @param boot      of the machine, and {@code namespace} of processes, in which {@code process} means anything; empty
     *                  where the machine has no such thing
     */
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Holder(String token, long epoch, String host, long process, long started, String boot, String namespace) {

        static Holder present(long epoch) {
            ProcessHandle own = ProcessHandle.current();
            return new Holder(UUID.randomUUID().toString(), epoch, hostName(), own.pid(), start(own), presentBoot(),
                presentNamespace());
        }

        private static String hostName() {
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException unresolvable) {
                // For people only: a name that no server knows is still the name.
                return firstLine("/proc/sys/kernel/hostname").orElse("of unknown name");
            }
        }

        static String presentBoot() {
            return firstLine("/proc/sys/kernel/random/boot_id").orElse("");
        }

        static String presentNamespace() {
            try {
                return Files.readSymbolicLink(java.nio.file.Path.of("/proc/self/ns/pid")).toString();
            } catch (IOException | UnsupportedOperationException noLinux) {
                return "";
            }
        }

        private static Optional<String> firstLine(String file) {
            try {
                return Files.readString(java.nio.file.Path.of(file)).lines().findFirst().map(String::strip);
            } catch (IOException noLinux) {
                return Optional.empty();
            }
        }

        private static long start(ProcessHandle process) {
            return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
        }

        /** Whether its process can be looked up from here, and is not there any more. */
        private boolean hasEnded() {
            boolean here = presentBoot().equals(boot) && presentNamespace().equals(namespace)
                && !(presentBoot().isEmpty() && !hostName().equals(host));
            return here && ProcessHandle.of(process).filter(other -> start(other) == started).isEmpty();
        }
    }

    /**
     * What a task needs to know of the lock under which it writes.
     *
     * @param run   folder {@code _run}
     * @param epoch of the driver
     * @param named the run's folder, for people
     */
    record Fence(Path run, long epoch, String named) {

        /**
         * Looks whether the driver still is the last one to have taken the folder.
         *
         * @throws StoppedException if it is not
         */
        void requireHeld(FileSystem files) throws IOException {
            if (!isHeld(files)) {
                throw new StoppedException("--out " + named + " was taken over by another driver" + successor(files)
                    + " since this one gave no sign of life; it ends here and that one makes the rest");
            }
        }

        boolean isHeld(FileSystem files) throws IOException {
            TreeSet<Long> epochs = epochs(files, run);
            return !epochs.isEmpty() && epochs.last() == epoch;
        }

        private String successor(FileSystem files) {
            return claimant(files, run).filter(holder -> holder.epoch() > epoch)
                .map(holder -> " (host " + holder.host() + ", process " + holder.process() + ")").orElse("");
        }
    }

    private final FileSystem files;
    private final Path path;
    private final Holder holder;
    private final Fence fence;
    private final ScheduledExecutorService signs;

    private RunLock(FileSystem files, Path path, Holder holder, Fence fence, Duration timeout) {
        this.files = files;
        this.path = path;
        this.holder = holder;
        this.fence = fence;
        signs = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "run-lock");
            thread.setDaemon(true);
            return thread;
        });
        long pause = timeout.toMillis() / SIGNS_IN_TIMEOUT;
        signs.scheduleWithFixedDelay(this::sign, pause, pause, TimeUnit.MILLISECONDS);
    }

    /**
     * Takes the lock.
     *
     * @param run     folder {@code _run}; created where it is missing
     * @param named   the run's folder, for people
     * @param timeout time without a sign of life after which a driver counts as gone
     * @throws InputException if another driver that is alive holds it
     */
    static RunLock take(FileSystem files, Path run, String named, Duration timeout) throws IOException {
        Path path = new Path(run, "lock.json");
        // Before the lock is looked at: whoever takes the folder meanwhile has taken the next epoch.
        TreeSet<Long> earlier = epochs(files, run);
        long epoch = earlier.isEmpty() ? 1 : earlier.last() + 1;
        requireGone(files, path, named, timeout);
        if (!earlier.isEmpty() && !isFree(files, new Path(run, epochName(earlier.last())))) {
            // Of a driver that has just taken the folder and is about to say so in lock.json.
            requireGone(files, new Path(run, epochName(earlier.last())), named, timeout);
        }
        Holder own = Holder.present(epoch);
        Fence fence = new Fence(run, epoch, named);
        claim(files, new Path(run, epochName(epoch)), own, named);
        fence.requireHeld(files);
        write(files, path, own);
        for (long before : earlier) {
            files.delete(new Path(run, epochName(before)), false);
        }
        return new RunLock(files, path, own, fence, timeout);
    }

    /** Creates the file of an epoch, which only one of several drivers can do. */
    private static void claim(FileSystem files, Path claim, Holder own, String named) throws IOException {
        try {
            files.mkdirs(claim.getParent());
            Optional<java.nio.file.Path> local = DiskSync.local(files, claim.getParent());
            if (local.isPresent()) {
                // Hadoop's local files are not created exclusively.
                Files.write(local.get().resolve(claim.getName()), Json.MAPPER.writeValueAsBytes(own), StandardOpenOption.CREATE_NEW);
            } else {
                WholeFiles.of(files, claim).create(claim, Json.MAPPER.writeValueAsBytes(own));
            }
        } catch (FileAlreadyExistsException taken) {
            // Whose it is says the file.
        }
        // Asked of the file itself: an answer may have been lost, and where creation is not exclusive the last one has it.
        if (!own.equals(read(files, claim).orElse(null))) {
            throw new InputException("--out " + named + " was taken by another driver at the same moment; wait for that run");
        }
    }

    private static void free(FileSystem files, Path claim) throws IOException {
        Optional<java.nio.file.Path> local = DiskSync.local(files, claim);
        if (local.isPresent()) {
            // As it was created: Hadoop would put a checksum beside it.
            Files.write(local.get(), FREE);
        } else {
            try (OutputStream out = files.create(claim, true)) {
                out.write(FREE);
            }
        }
    }

    private static boolean isFree(FileSystem files, Path claim) throws IOException {
        try {
            return Arrays.equals(bytes(files, claim), FREE);
        } catch (FileNotFoundException succeeded) {
            return false;
        }
    }

    /** The {@link #TIMEOUT} of a configuration. */
    static Duration timeout(Configuration conf) {
        long millis = conf.getTimeDuration(TIMEOUT, GONE.toMillis(), TimeUnit.MILLISECONDS);
        if (millis < TimeUnit.SECONDS.toMillis(1)) {
            throw new InputException("spark.hadoop." + TIMEOUT + " must be at least 1s, found " + conf.get(TIMEOUT));
        }
        return Duration.ofMillis(millis);
    }

    private static String epochName(long epoch) {
        return String.format(Locale.ROOT, "epoch-%06d", epoch);
    }

    private static TreeSet<Long> epochs(FileSystem files, Path run) throws IOException {
        TreeSet<Long> epochs = new TreeSet<>();
        try {
            for (FileStatus file : files.listStatus(run)) {
                Matcher name = EPOCH.matcher(file.getPath().getName());
                if (name.matches()) {
                    epochs.add(Long.parseLong(name.group(1)));
                }
            }
        } catch (FileNotFoundException none) {
            // Nobody has taken it yet.
        }
        return epochs;
    }

    private static void requireGone(FileSystem files, Path path, String named, Duration timeout) throws IOException {
        long age;
        Optional<Holder> other;
        try {
            if (!files.exists(path)) {
                return;
            }
            other = read(files, path).or(() -> claimant(files, path.getParent()));
            age = now(files, path) - files.getFileStatus(path).getModificationTime();
        } catch (FileNotFoundException released) {
            return;
        }
        if (age <= timeout.toMillis() && !(other.isPresent() && other.get().hasEnded())) {
            throw new InputException("--out " + named + " is being written by another driver ("
                + other.map(found -> "host " + found.host() + ", process " + found.process() + ", ").orElse("")
                + "last sign of life " + Math.max(0, age / 1000) + " s ago); wait for that run or give another folder; if it was"
                + " killed, start again " + timeout.toSeconds() + " s after that sign");
        }
    }

    /** The present by the clock of the file system. */
    private static long now(FileSystem files, Path path) throws IOException {
        Path probe = new Path(path.getParent(), "clock-" + UUID.randomUUID());
        try {
            files.create(probe, false).close();
            return files.getFileStatus(probe).getModificationTime();
        } finally {
            files.delete(probe, false);
        }
    }

    /** Empty where a driver was stopped while it wrote: nobody to ask, but the file has an age. */
    private static Optional<Holder> read(FileSystem files, Path path) throws IOException {
        try {
            return Optional.of(Json.value(bytes(files, path), Holder.class));
        } catch (JacksonException | ChecksumException broken) {
            return Optional.empty();
        }
    }

    /** Who has claimed the last epoch. A claim is written once; lock.json is written anew at every sign of life. */
    private static Optional<Holder> claimant(FileSystem files, Path run) {
        try {
            TreeSet<Long> epochs = epochs(files, run);
            return epochs.isEmpty() ? Optional.empty() : read(files, new Path(run, epochName(epochs.last())));
        } catch (FileNotFoundException finished) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(FileSystem files, Path path) throws IOException {
        try (var in = files.open(path)) {
            return in.readAllBytes();
        }
    }

    private static void write(FileSystem files, Path path, Holder holder) throws IOException {
        try (OutputStream out = files.create(path, true)) {
            out.write(Json.MAPPER.writeValueAsBytes(holder));
        }
    }

    /** Gives a sign of life, unless there is a successor. */
    void sign() {
        try {
            if (fence.isHeld(files)) {
                write(files, path, holder);
            }
        } catch (IOException | FSError failed) {
            // The next one may succeed; if none does, the run's own writes fail too and say so.
            LOG.warn("no sign of life in {}: {}", path, failed.toString());
        }
    }

    /** What tasks need to know of it. */
    Fence fence() {
        return fence;
    }

    /** Gives the folder free; does nothing to that of a successor. */
    @Override
    public void close() throws IOException {
        // Not interrupted: Hadoop would warn with a trace of a sign that is being written.
        signs.shutdown();
        try {
            signs.awaitTermination(LAST_SIGN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!fence.isHeld(files)) {
            return;
        }
        Path claim = new Path(fence.run(), epochName(holder.epoch()));
        free(files, claim);
        files.delete(path, false);
        // Where nothing was begun, nothing is left: neither _run nor the folder of the run.
        FileStatus[] left = files.listStatus(fence.run());
        if (left.length == 1 && left[0].getPath().equals(claim)) {
            files.delete(claim, false);
            deleteEmpty(fence.run());
            deleteEmpty(fence.run().getParent());
        }
    }

    private void deleteEmpty(Path folder) throws IOException {
        if (files.exists(folder) && files.listStatus(folder).length == 0) {
            files.delete(folder, false);
        }
    }
}
