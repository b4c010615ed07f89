package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

import org.apache.hadoop.conf.Configuration;
import org.bitdgdm.conf.InputException;
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

    private void held(String host, long process, long started) throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "{\"token\":\"t\",\"host\":\"" + host + "\",\"process\":" + process + ",\"started\":"
            + started + "}");
    }

    private void age(long seconds) throws Exception {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(seconds)));
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
    void processOfThisHostIsLookedUpWhateverTheAge() throws Exception {
        String host = InetAddress.getLocalHost().getHostName();
        Process other = new ProcessBuilder("sleep", "60").start();
        long started = other.toHandle().info().startInstant().orElseThrow().toEpochMilli();
        try {
            held(host, other.pid(), started);
            age(3600);
            assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("process " + other.pid());
            held(host, other.pid(), started - 60_000);
            take().close();
        } finally {
            other.destroyForcibly().waitFor();
        }
        held(host, other.pid(), started);
        take().close();
    }

    @Test
    void driverOfAnotherHostIsGoneWithoutSigns() throws Exception {
        held("elsewhere", 1, 0);
        assertThatThrownBy(this::take).isInstanceOf(InputException.class).hasMessageContaining("host elsewhere")
            .hasMessageContaining("start again 120 s after");
        assertThat(Files.readString(file)).as("untouched").contains("elsewhere");
        age(RunLock.GONE.toSeconds() + 10);
        take().close();
    }

    @Test
    void halfWrittenLockIsJudgedByItsAge() throws Exception {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "{\"tok");
        assertThatThrownBy(this::take).isInstanceOf(InputException.class);
        age(RunLock.GONE.toSeconds() + 10);
        take().close();
    }
}
