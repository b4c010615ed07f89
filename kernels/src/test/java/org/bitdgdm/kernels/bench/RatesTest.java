package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
            lines.add(piece("default~of~generate/q", size, 0, 2 * factors, 2 * factors / 200e9));
        }
        assertThat(Rates.conf(lines)).contains("rates {\n  cpu {\n"
            + "    machine = \"some \\\"cpu\\\", 2 processors, commit abc\"\n"
            + "    full = 100\n    dense = 300\n    factor = 200\n    sparse = 20.0\n    entries = 8.00\n  }\n}\n");
    }

    /** Small pieces that lose most of their time to the call leave the rates of large ones as they are, nearly. */
    @Test
    void largePiecesCountMore() {
        List<JsonNode> lines = new ArrayList<>(List.of(MACHINE.begin()));
        double call = 1e-6;
        for (int rows : List.of(1, 2, 1000, 2000)) {
            double product = 2.0 * rows * 64 * 64;
            double factors = product / 2;
            double sparse = 4.0 * rows;
            String size = rows + " x 64 x 64";
            lines.add(piece("fp32/q", size, product, 0, call + product / 100e9));
            lines.add(piece("rtn~w8a8/q", size, 0, product, call + product / 300e9));
            lines.add(piece("quantize rtn~w8a8/q", rows + " x 64", 0, 0, call + rows * 64 / 8e9));
            lines.add(piece("bit-dgdm~w4a4~literal/q", size, sparse * 50, factors, call + factors / 200e9 + sparse * 50 / 20e9));
            lines.add(piece("default~of~generate/q", size, sparse, factors, call + factors / 200e9 + sparse / 20e9));
        }
        Matcher factor = Pattern.compile("factor = (\\S+)").matcher(Rates.conf(lines));
        assertThat(factor.find()).isTrue();
        assertThat(Double.parseDouble(factor.group(1))).isBetween(180.0, 200.0);
    }

    @Test
    void whatWasNotMeasuredHasNoRate() {
        assertThatThrownBy(() -> Rates.conf(List.of(MACHINE.begin(), piece("fp32/q", "10 x 64 x 64", 0, 0, 1e-6))))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no rate of dense");
    }
}
