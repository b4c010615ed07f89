package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checks of {@link Mutations} find what they are to find. */
class MutationsTest {
    private static final List<byte[]> VALID = List.of("a valid text".getBytes(), "b".getBytes());
    @TempDir
    private Path folder;

    private static boolean changed(byte[] input) {
        return !List.of("a valid text", "b").contains(new String(input));
    }

    /** A reader that does it with every input that was changed. */
    private static void check(Mutations.Reader harm) throws Exception {
        Mutations.check("a reader", VALID, 20, input -> {
            if (changed(input)) {
                harm.read(input);
            }
        });
    }

    @Test
    void countsWhatIsReadAndWhatIsRefused() throws Exception {
        Mutations.Tally tally = Mutations.check("a reader", VALID, 200, input -> {
            if (input.length % 2 == 0) {
                return;
            }
            if (changed(input)) {
                throw new InputException("odd");
            }
        });
        assertThat(tally.inputs()).isEqualTo(200);
        assertThat(tally.read() + tally.refused()).isEqualTo(200);
        assertThat(tally.read()).isPositive();
        assertThat(tally.refused()).isPositive();
    }

    @Test
    void findsOtherExceptions() {
        assertThatThrownBy(() -> check(input -> {
            throw new IndexOutOfBoundsException("7");
        })).isInstanceOf(AssertionError.class).hasMessageContainingAll("IndexOutOfBoundsException: 7", "input kept as");
        assertThatThrownBy(() -> check(input -> {
            throw new StackOverflowError();
        })).isInstanceOf(AssertionError.class).hasMessageContaining("StackOverflowError");
    }

    @Test
    void findsMemory() {
        AtomicInteger kept = new AtomicInteger();
        assertThatThrownBy(() -> check(input -> kept.addAndGet(new byte[100 << 20].length)))
            .isInstanceOf(AssertionError.class).hasMessageContaining("bytes allocated");
    }

    @Test
    void findsProgramsFilesAndSockets() throws Exception {
        assertThatThrownBy(() -> check(input -> new ProcessBuilder("true").start().waitFor()))
            .isInstanceOf(AssertionError.class).hasMessageContaining("program true");
        assertThatThrownBy(() -> check(input -> Files.writeString(folder.resolve("elsewhere"), "x")))
            .isInstanceOf(AssertionError.class).hasMessageContaining("elsewhere");
        check(input -> Files.write(folder.resolve("mutated.txt"), input));
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> check(input -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    socket.getOutputStream().write(1);
                }
            })).isInstanceOf(AssertionError.class).hasMessageContaining("address ");
        }
    }
}
