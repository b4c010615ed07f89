package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.metrics.Counts;
import org.bitdgdm.metrics.MetricFixture;
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
        MetricReport report = MetricFixture.molecules(Protocol.DIGRESS,
            new Counts.OfMolecules(4, 3, 3, 4, 4, 2, 1, null, null, new TreeMap<>()),
            ReportFixture.distributions(1));
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        OutputFolder folder = OutputFolder.of(temporary.toString(), spark.sparkContext().hadoopConfiguration());
        folder.begin(new Fingerprint(Map.of(), Map.of()));
        folder.publishTable("metrics", report.rows(spark));
        List<Row> rows = spark.read().parquet(temporary.resolve("metrics").toString()).collectAsList();
        assertThat(rows).extracting(row -> row.getString(0))
            .containsExactlyElementsOf(ReportFixture.FAMILY.registry(Protocol.DIGRESS).own());
        assertThat(rows.get(0).toString()).startsWith("[validity,0.75,3,4,0.3").endsWith(",null,digress]");
        assertThat(rows).filteredOn(row -> row.getString(0).equals("novelty")).extracting(Row::toString)
            .containsExactly("[novelty,null,null,2,null,null,no training set is known,digress]");
        assertThat(temporary.resolve("metrics")).isDirectoryContaining("glob:**/_SUCCESS");
    }
}
