package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.output.DecompositionTable;
import org.bitdgdm.quantize.DecompositionStudy.Row;
import org.bitdgdm.quantize.DecompositionStudy.Way;
import org.junit.jupiter.api.Test;

class DecompositionStudyTest {

    private static Row of(List<Row> rows, Way way) {
        return rows.stream().filter(row -> row.way() == way).findFirst().orElseThrow();
    }

    @Test
    void withoutOutliersEveryWayIsExactAtOnce() {
        List<Row> rows = DecompositionStudy.planted("outliers", 0, 10, 1);
        for (Way way : DecompositionStudy.OF_PLANTED) {
            assertThat(of(rows, way).error()).as(way.label()).isCloseTo(0, within(1e-10));
            assertThat(of(rows, way).arrived()).isTrue();
            assertThat(of(rows, way).iterations()).isZero();
        }
    }

    /**
     * Outliers stay in the SVD. Scaled steps of half the way halve the error whatever the condition number, so a start that
     * is right to a few percent takes fewer than log₂ 10⁴ ≈ 13 of them; plain ones go 1 ÷ κ as far in the weakest direction.
     */
    @Test
    void scaledStepsDoNotSlowDownWithTheConditionNumber() {
        List<Row> easy = DecompositionStudy.planted("condition", 0.004, 1, 1);
        List<Row> hard = DecompositionStudy.planted("condition", 0.004, 10, 1);
        assertThat(of(hard, Way.SVD).error()).isGreaterThan(0.05);
        for (Way way : List.of(Way.SCALED, Way.WIDE)) {
            assertThat(of(easy, way).arrived()).as(way.label()).isTrue();
            assertThat(of(hard, way).arrived()).as(way.label()).isTrue();
            assertThat(of(easy, way).iterations()).as(way.label()).isBetween(5, 13);
            assertThat(of(hard, way).iterations()).as(way.label()).isBetween(5, 13);
        }
        assertThat(of(hard, Way.PLAIN).arrived()).isTrue();
        assertThat(of(hard, Way.PLAIN).iterations()).isGreaterThan(5 * of(easy, Way.PLAIN).iterations());
    }

    /** T_α is what the result has, so going on with it can only lower the error that T_2α leaves. */
    @Test
    void layersHaveTheErrorOfTheShareThatIsKept() {
        float[] weight = new float[60 * 50];
        Random random = new Random(1);
        for (int at = 0; at < weight.length; at++) {
            weight[at] = (float) random.nextGaussian();
        }
        List<Row> rows = DecompositionStudy.ofLayer(PackedLinear.full("layer", 60, 50, weight, new float[50]));
        assertThat(rows).extracting(Row::way).containsExactlyElementsOf(DecompositionStudy.OF_LAYERS);
        assertThat(rows).extracting(Row::condition).allMatch(condition -> condition > 1 && condition < 10);
        assertThat(of(rows, Way.SCALED).error()).isBetween(0.1, 0.98 * of(rows, Way.SVD).error());
        assertThat(of(rows, Way.NARROWED).error()).isLessThan(0.98 * of(rows, Way.WIDE).error());
        assertThat(of(rows, Way.NARROWED).iterations()).isGreaterThan(of(rows, Way.WIDE).iterations());
        assertThat(of(rows, Way.SVD).iterations()).isZero();
    }

    @Test
    void tablesCountArrivalsAndGiveTheirMedianAndTheQuartilesOfAll() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Way way : DecompositionStudy.OF_PLANTED) {
            for (int seed = 0; seed < 5; seed++) {
                boolean arrived = seed < 4 - way.ordinal();
                rows.add(new Row("outliers", 0.05, 10, seed, way, 20 + 10 * seed, arrived, 1e-3 * (1 + seed)));
            }
        }
        for (Way way : DecompositionStudy.OF_LAYERS) {
            rows.add(new Row("tf_layers.0.linX1", 0.05, 1.5, 0, way, 10, true, 0.5));
            rows.add(new Row("tf_layers.1.linX1", 0.05, 3, 0, way, 20, true, 0.6));
        }
        String error = " | 3.0e-03 [2.0e-03–4.0e-03]";
        assertThat(DecompositionTable.markdown("m", rows))
            .contains("| 5%, 10.0 | 4 of 5; 35 | 3 of 5; 30 | 1 of 5; 20 |\n")
            .contains("| 5%, 10.0" + error.repeat(4) + " |\n")
            .contains("| linX1, 1.5–3.0" + " | 0.5500; 15".repeat(4) + " | 0.5500 |\n")
            .contains("| all, 1.5–3.0" + " | 0.5500; 15".repeat(4) + " | 0.5500 |\n");
        assertThat(DecompositionBench.rows(DecompositionBench.lines(rows))).isEqualTo(rows);
    }
}
