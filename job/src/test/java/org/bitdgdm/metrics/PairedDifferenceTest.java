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
import org.bitdgdm.conf.InputException;
import org.bitdgdm.metrics.RunDifference.Verdicts;
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
        assertThat(Verdicts.of("valid", here, there)).isEqualTo(new Verdicts(2, 1, 5));
        assertThatThrownBy(() -> Verdicts.of("valid", here, rows(spark)))
            .isInstanceOf(InputException.class).hasMessageContaining("graphs of the same ids");
    }

    @Test
    void propertiesAreComparedWhereBothRunsHaveThem() {
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        Verdicts.Mean found = Verdicts.Mean.of("logp", values(spark, 1.0, 2.0, null, 5.0),
            values(spark, 0.5, 3.0, 1.0, 3.5, 9.0));
        // 0.5, −1 and 1.5: mean 1/3, standard deviation √(19/12).
        assertThat(found.graphs()).isEqualTo(3);
        assertThat(found.value()).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(found.standardError()).isCloseTo(Math.sqrt(19 / 12.0 / 3), within(1e-12));
        assertThat(Verdicts.Mean.of("logp", values(spark, (Double) null), values(spark, 1.0)))
            .isEqualTo(new Verdicts.Mean(null, null, 0));
    }

    private static Dataset<Row> values(SparkSession spark, Double... values) {
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < values.length; id++) {
            rows.add(RowFactory.create((long) id, values[id]));
        }
        return spark.createDataFrame(rows, new StructType().add("graph_id", DataTypes.LongType)
            .add("logp", DataTypes.DoubleType));
    }

    /** The difference of recovery is that of residues of single samples, whatever ensembles and lengths there are. */
    @Test
    void differencesOfRecoveryPoolResiduesOfSingleSamples() {
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        Dataset<Row> here = sequences(spark, sequence("long", 0, 8, 8, -1.0), sequence("long", 1, 8, 4, -2.0),
            sequence("long", null, 8, 0, -9.0), sequence("short", 0, 2, 0, -3.0), sequence("short", null, 2, 2, -9.0));
        Dataset<Row> there = sequences(spark, sequence("long", 0, 8, 4, -1.0), sequence("long", 1, 8, 4, -1.0),
            sequence("long", null, 8, 8, -1.0), sequence("short", 0, 2, 2, -1.0), sequence("short", null, 2, 2, -1.0));
        List<Metric> found = SequenceMetrics.registry().differences(here, there);
        // 12 of 18 − 10 of 18; chains differ from both ratios by (12 − 16 · 12/18 − 8 + 16 · 10/18)/18 = 20/162 and −20/162.
        assertThat(found.get(0).name()).isEqualTo("recovery_difference");
        assertThat(found.get(0).value()).isCloseTo(2 / 18.0, within(1e-12));
        assertThat(found.get(0).high() - found.get(0).value()).isCloseTo(12.706205 * 2 * 20 / 162, within(1e-6));
        // −(8 + 16 + 6)/18 + 1.
        assertThat(found.get(1).name()).isEqualTo("mean_log_likelihood_difference");
        assertThat(found.get(1).value()).isCloseTo(-12 / 18.0, within(1e-12));
        Metric none = SequenceMetrics.registry().differences(sequences(spark, sequence("long", 0, 8, 8, null)), there).get(1);
        assertThat(none.value()).as("a list of sequences has no likelihood").isNull();
        assertThat(SequenceMetrics.registry().differences(here, here).get(0).low()).as("nothing differs").isNull();
    }

    private static Object[] sequence(String structure, Integer sample, int designed, int recovered, Double likelihood) {
        return new Object[] {0L, structure, "A", sample, designed, null, null, null, designed, recovered,
            recovered / (double) designed, likelihood, null, null, null};
    }

    private static Dataset<Row> sequences(SparkSession spark, Object[]... rows) {
        List<Row> numbered = new ArrayList<>();
        for (Object[] row : rows) {
            row[0] = (long) numbered.size();
            numbered.add(RowFactory.create(row));
        }
        return spark.createDataFrame(numbered, SequenceRows.SCHEMA);
    }

    @Test
    void intervalIsThatOfAgrestiAndMin() {
        // 40 and 20 of 1000: (20 / 1002) ± 1.96 √(61 − 20²/1002) / 1002.
        Verdicts difference = new Verdicts(40, 20, 1000);
        assertThat(difference.value()).isEqualTo(0.02);
        assertThat(difference.low()).isCloseTo(0.019960 - 0.015228, within(2e-5));
        assertThat(difference.high()).isCloseTo(0.019960 + 0.015228, within(2e-5));
        // Nothing differs, which does not prove that nothing ever would.
        assertThat(new Verdicts(0, 0, 100).high()).isCloseTo(1.96 / 102, within(1e-5));
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
