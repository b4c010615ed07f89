package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricRowsTest {

    @TempDir
    private Path temporary;

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void absentMetricsHaveARowThatSaysWhy() throws Exception {
        MetricReport report = new MetricReport(Protocol.of("digress"), null, List.of(
            new Metric("validity", 0.75, 3L, 4L, 0.3, 0.95), new Metric("novelty", null, null, 3L, null, null)),
            Map.of("novelty", "no training set is known"), null);
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        OutputFolder folder = OutputFolder.of(temporary.toString(), spark.sparkContext().hadoopConfiguration());
        folder.begin(new Fingerprint(Map.of(), Map.of()));
        folder.publishTable("metrics", MetricRows.of(spark, report));
        List<Row> rows = spark.read().parquet(temporary.resolve("metrics").toString()).collectAsList();
        assertThat(rows).extracting(Row::toString).containsExactly("[validity,0.75,3,4,0.3,0.95,null,digress]",
            "[novelty,null,null,3,null,null,no training set is known,digress]");
        assertThat(temporary.resolve("metrics")).isDirectoryContaining("glob:**/_SUCCESS");
    }
}
