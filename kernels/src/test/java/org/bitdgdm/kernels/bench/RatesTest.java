package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RatesTest {
    private static final Machine MACHINE = new Machine("some \"cpu\"", 2, "Linux", "g++", "17", "abc");

    private static JsonNode piece(String name, String detail, double sparse, double integer, double seconds) {
        return new KernelBench.Measurement(name, detail, sparse, integer, 0, 0, Spread.of(seconds, seconds / 2, seconds * 2))
            .line("qm9");
    }

    /** Times that follow from rates give these rates back, whatever pieces there are besides. */
    @Test
    void ratesAreThoseThatTheTimesFollowFrom() {
        List<JsonNode> lines = new ArrayList<>(List.of(MACHINE.begin(), piece("exp", "4096", 0, 0, 1)));
        for (int out : List.of(64, 128, 256)) {
            double product = 2.0 * 10 * 64 * out;
            double factors = 2.0 * 10 * 16 * (64 + out);
            double sparse = 500.0 + out;
            String size = "10 x 64 x " + out;
            lines.add(piece("fp32/q", size, product, 0, product / 100e9));
            lines.add(piece("rtn~w8a8/q", size, 0, product, product / 300e9));
            lines.add(piece("quantize rtn~w8a8/q", "10 x 64", 0, 0, 640 / 8e9));
            lines.add(piece("bit-dgdm~w4a4~literal/q", size, sparse, factors, factors / 200e9 + sparse / 20e9));
            lines.add(piece("bit-dgdm~w4a4~+~4-bit~residual/q", size, sparse, product + factors,
                product / 300e9 + factors / 200e9 + sparse / 20e9));
        }
        assertThat(Rates.conf(lines)).contains("rates {\n  cpu {\n"
            + "    machine = \"some \\\"cpu\\\", 2 processors, commit abc\"\n"
            + "    full = 100\n    dense = 300\n    factor = 200\n    sparse = 20.0\n    entries = 8.00\n  }\n}\n");
    }

    @Test
    void whatWasNotMeasuredHasNoRate() {
        assertThatThrownBy(() -> Rates.conf(List.of(MACHINE.begin(), piece("fp32/q", "10 x 64 x 64", 0, 0, 1e-6))))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no rate of dense");
    }
}
