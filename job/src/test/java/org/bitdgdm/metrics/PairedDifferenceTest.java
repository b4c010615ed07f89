package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PairedDifferenceTest {

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void countsGraphsThatAreJudgedDifferently() {
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        Dataset<Row> here = rows(spark, true, true, false, true, false, true);
        Dataset<Row> there = rows(spark, true, false, false, false, true);
        assertThat(PairedDifference.ofValidity(here, there)).isEqualTo(new PairedDifference(2, 1, 5));
        assertThatThrownBy(() -> PairedDifference.ofValidity(here, rows(spark)))
            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("graphs of the same ids");
    }

    @Test
    void intervalIsThatOfAgrestiAndMin() {
        // 40 and 20 of 1000: (20 / 1002) ± 1.96 √(61 − 20²/1002) / 1002.
        PairedDifference difference = new PairedDifference(40, 20, 1000);
        assertThat(difference.value()).isEqualTo(0.02);
        assertThat(difference.low()).isCloseTo(0.019960 - 0.015228, within(2e-5));
        assertThat(difference.high()).isCloseTo(0.019960 + 0.015228, within(2e-5));
        // Nothing differs, which does not prove that nothing ever would.
        assertThat(new PairedDifference(0, 0, 100).high()).isCloseTo(1.96 / 102, within(1e-5));
    }

    private static Dataset<Row> rows(SparkSession spark, boolean... valid) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < valid.length; id++) {
            rows.add(RowFactory.create((long) id, valid[id]));
        }
        return spark.createDataFrame(rows, new StructType().add("graph_id", DataTypes.LongType)
            .add("valid", DataTypes.BooleanType));
    }
}
