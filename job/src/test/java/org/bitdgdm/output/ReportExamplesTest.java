package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReportExamplesTest {

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    private static Row row(long id, boolean valid, String smiles, String reason) {
        return MoleculeRows.of(id, new byte[] {0}, new byte[0],
            new ScoredMolecule(valid, smiles != null, true, 1, smiles, reason, null, null, null));
    }

    @Test
    void lowestIdsDifferentMolecules() {
        List<Row> rows = new ArrayList<>();
        for (long id = 59; id >= 0; id--) {
            rows.add(id % 5 == 0 ? row(id, false, id % 10 == 0 ? null : "C", "reason " + id)
                : row(id, true, "C".repeat(1 + (int) id / 2), null));
        }
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        ReportExamples examples = ReportExamples.of(spark.createDataFrame(rows, MoleculeRows.SCHEMA).repartition(3));
        assertThat(examples.molecules()).hasSize(24).startsWith(new ReportExamples.Molecule(1, "C"),
            new ReportExamples.Molecule(2, "CC"), new ReportExamples.Molecule(4, "CCC"));
        assertThat(examples.molecules()).extracting(ReportExamples.Molecule::smiles).doesNotHaveDuplicates();
        assertThat(examples.refused()).hasSize(8).startsWith(new ReportExamples.Refused(0, "reason 0", null),
            new ReportExamples.Refused(5, "reason 5", "C"));
    }

    @Test
    void noRowsNoExamples() {
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        assertThat(ReportExamples.of(spark.createDataFrame(List.<Row>of(), MoleculeRows.SCHEMA)))
            .isEqualTo(new ReportExamples(List.of(), List.of()));
    }
}
