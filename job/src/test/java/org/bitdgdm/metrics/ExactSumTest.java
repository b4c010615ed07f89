package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExactSumTest {
    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    @Test
    void noOrderOfTheAddendsChangesASum() {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        Random random = new Random(5);
        List<Double> values = new ArrayList<>(random.doubles(500).map(x -> (x - 0.4) / 7).boxed().toList());
        Set<Row> exact = new HashSet<>();
        Set<Double> rounded = new HashSet<>();
        for (int order = 0; order < 6; order++) {
            Collections.shuffle(values, random);
            Dataset<Row> rows = spark.createDataset(values, Encoders.DOUBLE()).toDF("x").coalesce(order + 1);
            exact.add(rows.agg(ExactSum.ofFractions(functions.col("x")), ExactSum.ofNumbers(functions.col("x").multiply(1e6)),
                ExactSum.ofCounts(functions.rint(functions.col("x").multiply(1e12)))).first());
            rounded.add(values.stream().reduce(0.0, (a, b) -> a + b));
        }
        assertThat(rounded).as("doubles that are added one by one").hasSizeGreaterThan(1);
        assertThat(exact).hasSize(1);
        assertThat(exact.iterator().next().getDouble(0)).isCloseTo(rounded.iterator().next(),
            within(1e-12));
    }

    /** Spark makes null of a number that is too large, and a sum passes over it. */
    @ParameterizedTest(name = "spark.sql.ansi.enabled {0}")
    @ValueSource(strings = {"true", "false"})
    void numbersThatAreTooLargeFailTheJob(String ansi) {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        String usual = spark.conf().get("spark.sql.ansi.enabled");
        try {
            spark.conf().set("spark.sql.ansi.enabled", ansi);
            assertThat(fractions(spark, 6000.0, 3999.0, null, -6000.0).getDouble(0)).isEqualTo(3999);
            assertThat(fractions(spark, null, null).isNullAt(0)).isTrue();
            assertThatThrownBy(() -> fractions(spark, 0.5, 10_000.0)).hasMessageContaining("an addend must be less than 10^4");
            assertThatThrownBy(() -> fractions(spark, 0.5, Double.NaN)).hasMessageContaining("an addend must be less than");
            assertThatThrownBy(() -> fractions(spark, 0.5, 6000.0, 5000.0)).isInstanceOf(Exception.class);
        } finally {
            spark.conf().set("spark.sql.ansi.enabled", usual);
        }
    }

    /** What a molecule of 10⁹ weighs, and the largest squares of counts. */
    @Test
    void sumsOfABillionMoleculesFit() {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        Dataset<Row> rows = spark.range(1000).toDF("x");
        double share = 1e-9 / 60;
        assertThat(rows.agg(ExactSum.ofFractions(functions.lit(share * share))).first().getDouble(0) / (1000 * share * share))
            .isCloseTo(1, within(1e-12));
        assertThat(rows.agg(ExactSum.ofCounts(functions.lit(60e9).multiply(60e9))).first().getDouble(0)).isEqualTo(3.6e24);
        assertThat(rows.agg(ExactSum.ofNumbers(functions.lit(1e16))).first().getDouble(0)).isEqualTo(1e19);
    }

    private static Row fractions(SparkSession spark, Double... values) {
        return spark.createDataset(Arrays.asList(values), Encoders.DOUBLE()).toDF("x")
            .agg(ExactSum.ofFractions(functions.col("x"))).first();
    }
}
