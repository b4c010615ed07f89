package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
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
        for (Way way : Way.values()) {
            assertThat(of(rows, way).error()).as(way.label()).isCloseTo(0, within(1e-10));
            assertThat(of(rows, way).arrived()).isTrue();
            assertThat(of(rows, way).iterations()).isZero();
        }
    }

    /** Outliers stay in the SVD; scaled steps find the low-rank part, in about as many whatever the condition number. */
    @Test
    void scaledStepsDoNotSlowDownWithTheConditionNumber() {
        List<Row> easy = DecompositionStudy.planted("condition", 0.02, 1, 1);
        List<Row> hard = DecompositionStudy.planted("condition", 0.02, 10, 1);
        assertThat(of(easy, Way.SVD).error()).isGreaterThan(0.1);
        assertThat(of(easy, Way.SCALED).arrived()).isTrue();
        assertThat(of(hard, Way.SCALED).arrived()).isTrue();
        assertThat(of(hard, Way.SCALED).iterations()).isLessThan(3 * of(easy, Way.SCALED).iterations());
        assertThat(of(hard, Way.PLAIN).iterations()).isGreaterThan(3 * of(hard, Way.SCALED).iterations());
    }

    @Test
    void tablesHaveARowForEachAndNameWhatNeverArrived() {
        List<Row> rows = List.of(new Row("outliers", 0.05, 10, 0, Way.SCALED, 20, true, 1e-4),
            new Row("outliers", 0.05, 10, 1, Way.SCALED, 30, true, 3e-4),
            new Row("outliers", 0.05, 10, 0, Way.PLAIN, 300, false, 0.5), new Row("outliers", 0.05, 10, 0, Way.SVD, 0, false, 1));
        assertThat(DecompositionTable.markdown("m", rows)).contains("| 5% | 2.00e-04 | 25 | 5.00e-01 | – | 1.00e+00 |");
        assertThat(DecompositionTable.csv(rows)).startsWith("subject,share,condition,seed,method,iterations,arrived,error\r\n"
            + "outliers,0.05,10.0,0,ScaledGD,20,true,1.0E-4\r\n");
    }
}
