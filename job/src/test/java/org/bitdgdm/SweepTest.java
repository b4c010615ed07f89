package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.bitdgdm.conf.SweepCell;
import org.bitdgdm.output.SweepEntry;
import org.junit.jupiter.api.Test;

/** What becomes of a cell that does not come to its end. */
class SweepTest {
    private static final SweepCell CELL = new SweepCell("rtn-w4a4", null);

    @Test
    void anErrorOfOneCellIsItsOwn() throws Exception {
        assertThat(failing(new OutOfMemoryError("Java heap space"), false).error())
            .isEqualTo("OutOfMemoryError: Java heap space");
        assertThat(failing(new IllegalStateException("quantization failed", new NoClassDefFoundError("a/B")), false).error())
            .isEqualTo("NoClassDefFoundError: a/B");
        assertThat(failing(new StackOverflowError(), false).error()).isEqualTo("java.lang.StackOverflowError");
        SweepEntry failed = failing(new IOException("the disk is full\nand more"), false);
        assertThat(failed.error()).isEqualTo("the disk is full");
        assertThat(failed.done()).isFalse();
        assertThat(failed.cell()).isSameAs(CELL);
    }

    @Test
    void anInterruptAndTheEndOfSparkAreNot() {
        assertThatThrownBy(() -> failing(new InterruptedException("stop"), false)).isInstanceOf(InterruptedException.class);
        assertThatThrownBy(() -> failing(new LinkageError("gone"), true)).isInstanceOf(LinkageError.class);
    }

    private static SweepEntry failing(Throwable failure, boolean stopped) throws Exception {
        Callable<SweepEntry> work = () -> {
            if (failure instanceof Error error) {
                throw error;
            }
            throw (Exception) failure;
        };
        return Sweep.attempt(CELL, work, () -> stopped);
    }
}
