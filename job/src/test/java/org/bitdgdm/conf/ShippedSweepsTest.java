package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every grid of conf/sweeps/, with the recipes that they name. */
class ShippedSweepsTest {
    private final String before = System.getProperty("bitdgdm.home");

    @BeforeEach
    void set() {
        System.setProperty("bitdgdm.home", "..");
    }

    @AfterEach
    void restore() {
        if (before == null) {
            System.clearProperty("bitdgdm.home");
        } else {
            System.setProperty("bitdgdm.home", before);
        }
    }

    @ParameterizedTest
    @CsvSource({"paper-table1, 33", "paper-ranks, 22", "paper-ablations, 14", "few-steps, 20", "equal-quality, 16",
        "factors, 15", "default, 2"})
    void shippedSweepsAreWhole(String name, int cells) {
        Path file = Path.of("../conf/sweeps", name + ".conf");
        SweepConf conf = SweepConf.of(Settings.load(Optional.of(file), Map.of(Option.OUT, List.of("x"))), Optional.of(file));
        assertThat(conf.cells().size()).isEqualTo(cells);
        assertThat(conf.cells().get(0).conf().quantize().method()).isEqualTo(Method.FP32);
        assertThat(conf.common().fidelity()).isEqualTo(new FidelityConf(64, 50));
    }
}
