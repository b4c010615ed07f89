package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.StoppedException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {

    @TempDir
    private Path temporary;

    private Path file;

    @BeforeEach
    void name() {
        file = temporary.resolve("out/_run/lock.json");
    }

    private RunLock take() {
        return OutputFolder.of(temporary.resolve("out").toString(), new Configuration()).lock();
    }

    private void held(String boot, String namespace, long process, long started) throws Exception {
        Files.createDirectories(file.getParent());
        Files.deleteIfExists(file.resolveSibling(".lock.json.crc"));
        Files.writeString(file, "{\"token\":\"t\",\"epoch\":1,\"host\":\"" + InetAddress.getLocalHost().getHostName()
            + "\",\"process\":" + process + ",\"started\":" + started + ",\"boot\":\"" + boot + "\",\"namespace\":\""
            + namespace + "\"}");
    }

    private void age(long seconds) throws Exception {
        FileTime before = FileTime.from(Instant.now().minusSeconds(seconds));
        Files.setLastModifiedTime(file, before);
        if (Files.exists(epoch(1))) {
            Files.setLastModifiedTime(epoch(1), before);
        }
    }

    private Path epoch(int number) {
        return file.resolveSibling("epoch-00000" + number);
    }

    @Test
    void keepsOthersOutUntilItIsClosedAndLeavesNothing() throws Exception {
        try (RunLock lock = take()) {
            assertThat(file).isRegularFile();
            assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("another driver")
                .hasMessageContaining("process " + ProcessHandle.current().pid()).hasMessageContaining("sign of life");
        }
        assertThat(temporary).isEmptyDirectory();
        take().close();
    }

    @Test
    void aProcessThatHasEndedIsGoneAtOnceAndOneThatRunsGoesByItsSigns() throws Exception {
        Process other = new ProcessBuilder("sleep", "60").start();
        long started = other.toHandle().info().startInstant().orElseThrow().toEpochMilli();
        try {
            held(boot(), namespace(), other.pid(), started);
            assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("process " + other.pid());
            // Another process of that number.
            held(boot(), namespace(), other.pid(), started - 60_000);
            take().close();
            held(boot(), namespace(), other.pid(), started);
            age(RunLock.GONE.toSeconds() + 10);
            take().close();
        } finally {
            other.destroyForcibly().waitFor();
        }
        held(boot(), namespace(), other.pid(), started);
        take().close();
    }

    @Test
    void aProcessThatCannotBeSeenFromHereGoesByItsAge() throws Exception {
        // No process has this number here; it may in another container or before a restart, under the same host name.
        for (String[] place : new String[][] {{boot(), "pid:[1]"}, {"another-boot", namespace()}, {"", ""}, {"", namespace()}}) {
            held(place[0], place[1], 999_999_999, 0);
            assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("process 999999999")
                .hasMessageContaining("start again 120 s after");
            assertThat(Files.readString(file)).as("untouched").contains("999999999");
            age(RunLock.GONE.toSeconds() + 10);
            take().close();
        }
    }

    @Test
    void whoHasJustTakenItKeepsOthersOutBeforeItSaysSo() throws Exception {
        try (RunLock lock = take()) {
            Files.writeString(file.resolveSibling("fingerprint.json"), "{}");
            String holder = Files.readString(file);
            Files.delete(file);
            assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("another driver")
                .hasMessageContaining("process " + ProcessHandle.current().pid());
            // Beside what is left of a driver that is gone.
            held(boot(), namespace(), 999_999_999, 0);
            assertThatThrownBy(this::take).isInstanceOf(InputException.class)
                .hasMessageContaining("process " + ProcessHandle.current().pid());
            assertThat(Files.readString(epoch(1))).isEqualTo(holder);
        }
        assertThat(epoch(1)).as("given free").hasContent("free");
        try (RunLock next = take()) {
            assertThat(epoch(1)).doesNotExist();
            assertThat(epoch(2)).exists();
        }
    }

    @Test
    void aSettingSaysHowLongADriverMayBeSilent() throws Exception {
        held("another-boot", namespace(), 1, 0);
        age(5);
        Configuration conf = new Configuration();
        conf.set(RunLock.TIMEOUT, "4s");
        OutputFolder.of(temporary.resolve("out").toString(), conf).lock().close();
        conf.set(RunLock.TIMEOUT, "10ms");
        assertThatThrownBy(() -> OutputFolder.of(temporary.resolve("out").toString(), conf).lock())
            .isInstanceOf(InputException.class).hasMessageContaining("bitdgdm.lock.timeout must be at least 1s, found 10ms");
    }

    @Test
    void halfWrittenLockIsJudgedByItsAge() throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "{\"tok");
        assertThatThrownBy(this::take).isInstanceOf(InputException.class);
        age(RunLock.GONE.toSeconds() + 10);
        take().close();
    }

    /** A driver that was paused: it finds a successor in its place, and neither signs, writes, commits nor removes. */
    @Test
    void whoWasOvertakenChangesNothingAnyMore() throws Exception {
        Configuration conf = new Configuration();
        Fingerprint run = new Fingerprint(Map.of("seed", "1"), Map.of());
        OutputFolder first = OutputFolder.of(temporary.resolve("out").toString(), conf);
        RunLock paused = first.lock();
        first.begin(run);
        Files.createDirectories(temporary.resolve("out/molecules"));
        Files.writeString(temporary.resolve("out/molecules/shard-000000.parquet"), "damaged");
        Files.createDirectories(temporary.resolve("out/_run/staging/000001/job"));
        age(RunLock.GONE.toSeconds() + 10);
        OutputFolder second = OutputFolder.of(temporary.resolve("out").toString(), new Configuration());
        try (RunLock held = second.lock()) {
            second.begin(run);
            second.publish("metrics.json", new byte[] {'2'});
            assertThat(temporary.resolve("out/_run/staging/000001")).as("what was staged before").doesNotExist();
            String signed = Files.readString(file);
            paused.sign();
            assertThat(Files.readString(file)).isEqualTo(signed).contains("\"epoch\":2");
            for (ThrowingCallable late : List.<ThrowingCallable>of(() -> first.publish("metrics.json", new byte[] {'1'}),
                () -> first.begin(run), () -> first.finish(run), first::clearMolecules, first::discard,
                () -> first.wholeShards(Map.of(0, ShardContent.of(0, 5)), System.out),
                () -> first.completeMolecules(Map.of(0, ShardContent.of(0, 5))),
                () -> first.cell("a").publish("metrics.json", new byte[] {'1'}))) {
                assertThatThrownBy(late).isInstanceOf(StoppedException.class)
                    .hasMessageStartingWith("--out " + temporary.resolve("out") + " was taken over by another driver (host ")
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
            }
            paused.close();
            assertThat(file).exists();
            assertThat(temporary.resolve("out/metrics.json")).hasContent("2");
            assertThat(temporary.resolve("out/molecules/shard-000000.parquet")).hasContent("damaged");
            assertThat(temporary.resolve("out/_run/staging")).isDirectoryContaining("glob:**/000002");
            second.finish(run);
        }
        assertThat(file).doesNotExist();
        assertThatThrownBy(() -> first.publish("metrics.json", new byte[] {'1'})).as("after the successor has gone, too")
            .isInstanceOf(StoppedException.class);
        try (RunLock third = OutputFolder.of(temporary.resolve("out").toString(), conf).lock()) {
            assertThat(Files.readString(file)).as("epochs grow").contains("\"epoch\":3");
        }
    }

    @Test
    void ofSeveralThatComeAtTheSameMomentOneHasIt() throws Exception {
        ExecutorService drivers = Executors.newFixedThreadPool(8);
        try {
            List<Callable<RunLock>> all = new ArrayList<>();
            for (int driver = 0; driver < 8; driver++) {
                all.add(this::take);
            }
            for (int round = 0; round < 20; round++) {
                List<RunLock> taken = new ArrayList<>();
                int refused = 0;
                for (Future<RunLock> driver : drivers.invokeAll(all)) {
                    try {
                        taken.add(driver.get());
                    } catch (ExecutionException e) {
                        assertThat(e.getCause()).isInstanceOf(InputException.class).hasMessageContaining("another driver");
                        refused++;
                    }
                }
                assertThat(refused).isLessThan(8);
                int holding = 0;
                for (RunLock lock : taken) {
                    holding += lock.fence().isHeld(FileSystem.getLocal(new Configuration())) ? 1 : 0;
                }
                assertThat(holding).isEqualTo(1);
                for (RunLock lock : taken) {
                    lock.close();
                }
            }
        } finally {
            drivers.shutdownNow();
        }
    }

    private static String boot() {
        return RunLock.Holder.presentBoot();
    }

    private static String namespace() {
        return RunLock.Holder.presentNamespace();
    }
}
