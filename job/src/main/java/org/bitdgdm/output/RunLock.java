package org.bitdgdm.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.bitdgdm.conf.InputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One driver at a time writes a folder: a file that names its host and process, and is written anew every few seconds.
 *
 * <p>A lock whose driver was killed does not stand in the way: on the same host the process is looked up, elsewhere the file
 * is too old. Ages are differences of the file system's own times, so that clocks of hosts need not agree. An object store
 * without conditional writes can let two drivers in that start within the same moment.
 */
public final class RunLock implements AutoCloseable {
    /** Without a sign of life for so long, a driver on another host counts as gone. */
    static final Duration GONE = Duration.ofMinutes(2);

    private static final int SIGN_SECONDS = 15;
    private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Who holds a lock; a process is told from a later one of the same number by its start. */
    record Holder(String token, String host, long process, long started) {

        static Holder present() throws IOException {
            ProcessHandle own = ProcessHandle.current();
            return new Holder(UUID.randomUUID().toString(), InetAddress.getLocalHost().getHostName(), own.pid(), start(own));
        }

        private static long start(ProcessHandle process) {
            return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
        }

        private boolean runs() {
            return ProcessHandle.of(process).filter(other -> start(other) == started).isPresent();
        }
    }

    private final FileSystem files;
    private final Path path;
    private final Holder holder;
    private final ScheduledExecutorService signs;

    private RunLock(FileSystem files, Path path, Holder holder) {
        this.files = files;
        this.path = path;
        this.holder = holder;
        signs = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "run-lock");
            thread.setDaemon(true);
            return thread;
        });
        signs.scheduleWithFixedDelay(this::sign, SIGN_SECONDS, SIGN_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Takes the lock.
     *
     * @param path  of the lock; its folder is created where it is missing
     * @param named the run's folder, for people
     * @throws InputException if another driver that is alive holds it
     */
    static RunLock take(FileSystem files, Path path, String named) throws IOException {
        Holder own = Holder.present();
        if (files.exists(path)) {
            requireGone(files, path, named, own);
            files.delete(path, false);
        }
        WholeFiles.of(files, path).create(path, JSON.writeValueAsBytes(own));
        // Asked of the file itself: an answer may have been lost, and where creation is not exclusive the last one has it.
        if (!own.equals(read(files, path).orElse(null))) {
            throw new InputException("--out " + named + " was taken by another driver at the same moment; wait for that run");
        }
        return new RunLock(files, path, own);
    }

    private static void requireGone(FileSystem files, Path path, String named, Holder own) throws IOException {
        long age;
        Optional<Holder> other;
        try {
            other = read(files, path);
            age = now(files, path) - files.getFileStatus(path).getModificationTime();
        } catch (FileNotFoundException released) {
            return;
        }
        boolean sameHost = other.isPresent() && other.get().host().equals(own.host());
        if (sameHost ? other.get().runs() : age <= GONE.toMillis()) {
            throw new InputException("--out " + named + " is being written by another driver ("
                + other.map(found -> "host " + found.host() + ", process " + found.process() + ", ").orElse("")
                + "last sign of life " + Math.max(0, age / 1000) + " s ago); wait for that run or give another folder"
                + (sameHost ? "" : "; if it was killed, start again " + GONE.toSeconds() + " s after that sign"));
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
        try (var in = files.open(path)) {
            return Optional.of(JSON.readValue(in.readAllBytes(), Holder.class));
        } catch (JacksonException broken) {
            return Optional.empty();
        }
    }

    private void sign() {
        try (OutputStream out = files.create(path, true)) {
            out.write(JSON.writeValueAsBytes(holder));
        } catch (IOException failed) {
            // The next one may succeed; if none does, the run's own writes fail too and say so.
            LOG.warn("no sign of life in {}: {}", path, failed.toString());
        }
    }

    /** Gives the folder free. */
    @Override
    public void close() throws IOException {
        signs.shutdownNow();
        try {
            signs.awaitTermination(SIGN_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        files.delete(path, false);
        // Where nothing was begun, nothing is left: neither _run nor the folder of the run.
        deleteEmpty(path.getParent());
        deleteEmpty(path.getParent().getParent());
    }

    private void deleteEmpty(Path folder) throws IOException {
        if (files.exists(folder) && files.listStatus(folder).length == 0) {
            files.delete(folder, false);
        }
    }
}
