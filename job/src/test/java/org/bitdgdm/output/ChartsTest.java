package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ChartsTest {
    private static final Pattern BAR = Pattern.compile(
        "<rect height=\"([0-9.]+)\" style=\"fill:var\\(--generated\\);[^\"]*\" width=\"([0-9.]+)\" x=\"([0-9.]+)\"");

    private static List<double[]> bars(String svg) {
        List<double[]> bars = new ArrayList<>();
        Matcher matcher = BAR.matcher(svg);
        while (matcher.find()) {
            bars.add(new double[] {Double.parseDouble(matcher.group(1)), Double.parseDouble(matcher.group(2)),
                Double.parseDouble(matcher.group(3))});
        }
        return bars;
    }

    private static int count(String svg, String part) {
        return svg.split(Pattern.quote(part), -1).length - 1;
    }

    @Test
    void heightsAreShares() {
        List<double[]> bars = bars(Charts.classes("t", "", List.of("C", "N", "O"), new double[] {0.6, 0.3, 0.1}, null));
        assertThat(bars).hasSize(3);
        assertThat(bars.get(1)[0] / bars.get(0)[0]).isBetween(0.499, 0.501);
        assertThat(bars.get(2)[0] / bars.get(0)[0]).isBetween(0.165, 0.168);
    }

    @Test
    void referenceIsALinePerClass() {
        double[] shares = {0.6, 0.4};
        String with = Charts.classes("t", "", List.of("C", "N"), shares, new double[] {0.5, 0.5});
        assertThat(count(with, "stroke:var(--reference)")).isEqualTo(2);
        assertThat(Charts.classes("t", "", List.of("C", "N"), shares, null)).doesNotContain("--reference");
    }

    @Test
    void binsTouchNoNeighbourAndShareTheAxis() {
        double[] edges = {0, 5, 10, 15};
        List<double[]> bars = bars(
            Charts.bins("t", "", edges, new double[] {0.25, 0.5, 0.25}, new double[] {0.2, 0.6, 0.2}));
        assertThat(bars).hasSize(3);
        assertThat(bars.get(1)[0] / bars.get(0)[0]).isBetween(1.999, 2.001);
        assertThat(bars.get(0)[2] + bars.get(0)[1]).isLessThan(bars.get(1)[2]);
    }

    @Test
    void aDotForEveryFiniteValue() {
        String svg = Charts.dots("t", "", List.of("q", "k"),
            List.of(new double[] {0.01, 0.02}, new double[] {0.03, Double.NaN}));
        assertThat(count(svg, "fill:var(--accent)")).isEqualTo(3);
        assertThat(svg).contains(">q</text>", ">k</text>", ">2%</text>");
    }

    @Test
    void nothingToShowIsAnEmptyAxis() {
        assertThat(bars(Charts.classes("t", "", List.of("C"), new double[] {0}, null))).allMatch(bar -> bar[0] == 0);
        assertThat(Charts.dots("t", "", List.of("q"), List.of(new double[] {0})))
            .contains("fill:var(--accent)").doesNotContain("NaN", "Infinity");
    }

    @Test
    void longNamesStayInside() {
        PageFont font = new PageFont(11);
        assertThat(font.width("aromatic")).isBetween(35.0, 50.0);
        assertThat(font.width("")).isZero();
    }
}
