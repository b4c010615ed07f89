package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputCollectorTest {

    @Test
    void percentilesAreTheNearestRank() {
        InputCollector collector = new InputCollector("tf_layers.0.linX1", 5, 1, 0);
        collector.accept(new float[] {15, 0, -20, 35, 0, 40, 50, 0, 0, 0}, 2, 3);
        RecordedInputs inputs = collector.recorded();
        assertThat(inputs.magnitudes()).containsExactly(15, 20, 35, 40, 50);
        // The textbook example: ranks ⌈5p/100⌉.
        assertThat(inputs.threshold(5)).isEqualTo(15);
        assertThat(inputs.threshold(20)).isEqualTo(15);
        assertThat(inputs.threshold(20.001)).isEqualTo(20);
        assertThat(inputs.threshold(30)).isEqualTo(20);
        assertThat(inputs.threshold(40)).isEqualTo(20);
        assertThat(inputs.threshold(50)).isEqualTo(35);
        assertThat(inputs.threshold(99)).isEqualTo(50);
        assertThat(inputs.threshold(100)).isEqualTo(50);
        assertThat(inputs.values()).isEqualTo(10);
        assertThat(inputs.nonZeros()).isEqualTo(5);
        // Two of five non-zero entries are above 35, half of all entries are non-zero.
        assertThat(inputs.outlierShare(35)).isCloseTo(0.2, within(1e-12));
    }

    @Test
    void ranksAreThoseOfTheDecimalPercentile() {
        InputCollector collector = new InputCollector("tf_layers.0.linX1", 1000, 1, 0);
        float[] values = new float[1000];
        for (int k = 0; k < 1000; k++) {
            values[k] = k + 1;
        }
        collector.accept(values, 1, 1);
        // In double, 99.9 / 100 · 1000 is 999.0000000000001, whose ceiling is 1000.
        assertThat(collector.recorded().threshold(99.9)).isEqualTo(999);
    }

    @Test
    void withoutMagnitudesTheRowsAreTheSame() {
        float[] rows = new float[900 * 3];
        for (int at = 0; at < rows.length; at++) {
            rows[at] = at % 7 - 3;
        }
        InputCollector all = new InputCollector("a", 3, 1, 0, 64);
        InputCollector rowsOnly = new InputCollector("a", 3, 1, 0, 64, 0);
        all.accept(rows, 900, 1);
        rowsOnly.accept(rows, 900, 1);
        assertThat(rowsOnly.recorded().rows()).isEqualTo(all.recorded().rows());
        assertThat(rowsOnly.recorded().nonZeros()).isEqualTo(all.recorded().nonZeros());
        assertThat(rowsOnly.recorded().maximum()).isEqualTo(3);
        assertThat(rowsOnly.recorded().magnitudes()).isEmpty();
    }

    @Test
    void allZerosHaveThresholdZero() {
        InputCollector collector = new InputCollector("tf_layers.0.linX1", 4, 1, 0);
        collector.accept(new float[12], 3, 1);
        RecordedInputs inputs = collector.recorded();
        assertThat(inputs.threshold(99)).isZero();
        assertThat(inputs.threshold(100)).isZero();
        assertThat(inputs.outlierShare(0)).isZero();
        assertThat(inputs.present()).isTrue();
        assertThat(RecordedInputs.none("x").present()).isFalse();
    }

    @Test
    void samplesAreBoundedAndTheMaximumIsNot() {
        InputCollector collector = new InputCollector("tf_layers.0.linX1", 1024, 1, 0);
        Random random = new Random(4);
        for (int call = 0; call < 8; call++) {
            float[] rows = new float[100 * 1024];
            for (int at = 0; at < rows.length; at++) {
                rows[at] = Math.max(0, (float) random.nextGaussian());
            }
            rows[17] = call == 3 ? -1e9f : 0;
            collector.accept(rows, 100, 1);
        }
        RecordedInputs inputs = collector.recorded();
        assertThat(inputs.magnitudes()).hasSize(InputCollector.MAGNITUDES).isSorted();
        assertThat(inputs.rowCount()).isEqualTo(InputCollector.ROWS);
        assertThat(inputs.rows()).hasSize(InputCollector.ROWS * 1024);
        assertThat(inputs.maximum()).isEqualTo(1e9f);
        assertThat(inputs.threshold(100)).isEqualTo(1e9f);
        // Half-normal: the 68.27% quantile is 1; 65,536 samples put it within 0.02.
        assertThat(inputs.threshold(68.27)).isCloseTo(1, within(0.02f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 50, 400})
    void howRowsAreCutIntoCallsDoesNotMatter(int perCall) {
        Random random = new Random(5);
        float[] all = new float[400 * 300];
        for (int at = 0; at < all.length; at++) {
            all[at] = random.nextInt(3) == 0 ? 0 : (float) random.nextGaussian();
        }
        InputCollector whole = new InputCollector("a", 300, 6, 2);
        whole.accept(all, 400, 1);
        InputCollector pieces = new InputCollector("a", 300, 6, 2);
        for (int from = 0; from < 400; from += perCall) {
            int count = Math.min(perCall, 400 - from);
            pieces.accept(Arrays.copyOfRange(all, from * 300, (from + count) * 300), count, 1);
        }
        // What a recording keeps of moments is taken of it later.
        assertThat(pieces.recorded()).usingRecursiveComparison().ignoringFieldsOfTypes(RecordedInputs.Latest.class)
            .isEqualTo(whole.recorded());
        InputCollector other = new InputCollector("a", 300, 7, 2);
        other.accept(all, 400, 1);
        assertThat(other.recorded().rows()).isNotEqualTo(whole.recorded().rows());
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNotFiniteNamesLayerAndStep(float bad) {
        InputCollector collector = new InputCollector("tf_layers.2.linE1", 3, 1, 0);
        assertThatThrownBy(() -> collector.accept(new float[] {1, 2, 3, 4, bad, 6}, 2, 37))
            .isInstanceOf(InputException.class).hasMessageContaining("tf_layers.2.linE1").hasMessageContaining("t = 37");
    }
}
