package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class NumbersTest {

    @Test
    void sharesGetTheDigitsThatTheirIntervalAllows() {
        assertThat(Numbers.percent(0.9766, 0.04)).isEqualTo("97.7%");
        assertThat(Numbers.percent(0.98432, 0.005)).isEqualTo("98.43%");
        assertThat(Numbers.percent(1, 0)).isEqualTo("100.0%");
        assertThat(Numbers.percent(0.5, Double.NaN)).isEqualTo("50.0%");
        assertThat(Numbers.percentInterval(0.9497, 0.9892)).isEqualTo("95.0–98.9%");
        assertThat(Numbers.percentInterval(0.98211, 0.98644)).isEqualTo("98.21–98.64%");
    }

    @Test
    void errorsGetThreeDigits() {
        assertThat(Numbers.relative(0.059)).isEqualTo("5.90%");
        assertThat(Numbers.relative(0.000123)).isEqualTo("0.0123%");
        assertThat(Numbers.significant(1.2345e-7, 3)).isEqualTo("1.23e-07");
        assertThat(Numbers.significant(0.99961, 3)).isEqualTo("1.00");
        assertThat(Numbers.significant(0, 3)).isEqualTo("0");
        assertThat(Numbers.significant(-1234.6, 3)).isEqualTo("-1,235");
        assertThat(Numbers.significant(Double.NaN, 3)).isEqualTo("not available");
    }

    @Test
    void bytesInDecimalUnits() {
        assertThat(Numbers.bytes(0)).isEqualTo("0 B");
        assertThat(Numbers.bytes(999)).isEqualTo("999 B");
        assertThat(Numbers.bytes(1000)).isEqualTo("1.00 kB");
        assertThat(Numbers.bytes(17_600_000)).isEqualTo("17.6 MB");
        assertThat(Numbers.bytes(999_600)).isEqualTo("1.00 MB");
        assertThat(Numbers.bytesChange(17_600_000, 3_100_000)).isEqualTo("17.6 → 3.10 MB");
        assertThat(Numbers.bytesChange(1_200_000, 300_000)).isEqualTo("1.20 MB → 300 kB");
    }

    @Test
    void durations() {
        assertThat(Numbers.duration(0.4149)).isEqualTo("0.41 s");
        assertThat(Numbers.duration(43.21)).isEqualTo("43.2 s");
        assertThat(Numbers.duration(125)).isEqualTo("2 min 5 s");
        assertThat(Numbers.duration(7325)).isEqualTo("2 h 2 min");
        assertThat(Numbers.duration(Double.NaN)).isEqualTo("not available");
    }

    @Test
    void theMachinesLanguageDoesNotMatter() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertThat(Numbers.count(1_234_567)).isEqualTo("1,234,567");
            assertThat(Numbers.percent(0.5, 0.1)).isEqualTo("50.0%");
        } finally {
            Locale.setDefault(before);
        }
    }
}
