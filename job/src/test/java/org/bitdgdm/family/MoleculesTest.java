package org.bitdgdm.family;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.metrics.MetricFixture;
import org.bitdgdm.metrics.MoleculeRows;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MoleculesTest {
    private static final GraphFamily FAMILY = new Molecules(Graphs.QM9);

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    private static Row row(long id, boolean valid, String smiles, String reason) {
        return MoleculeRows.of(id, new byte[] {0}, new byte[0],
            new ScoredMolecule(valid, smiles != null, true, 1, smiles, reason,
                MetricFixture.properties(null, null, null)), Optional.empty());
    }

    @Test
    void lowestIdsDifferentMolecules() {
        List<Row> rows = new ArrayList<>();
        for (long id = 59; id >= 0; id--) {
            rows.add(id % 5 == 0 ? row(id, false, id % 10 == 0 ? null : "C", "reason " + id)
                : row(id, true, "C".repeat(1 + (int) id / 2), null));
        }
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        GraphFamily.Examples examples = FAMILY.examples(spark.createDataFrame(rows, MoleculeRows.SCHEMA).repartition(3));
        assertThat(examples.shown()).hasSize(24).startsWith(new GraphFamily.Examples.Example(1, "C", "C"),
            new GraphFamily.Examples.Example(2, "CC", "CC"), new GraphFamily.Examples.Example(4, "CCC", "CCC"));
        assertThat(examples.shown()).extracting(GraphFamily.Examples.Example::caption).doesNotHaveDuplicates();
        assertThat(examples.refused()).hasSize(8).startsWith(new GraphFamily.Examples.Refused(0, "reason 0", null),
            new GraphFamily.Examples.Refused(5, "reason 5", "C"));
    }

    @Test
    void noRowsNoExamples() {
        SparkSession spark = TestSpark.on("local[1]").getOrCreate();
        assertThat(FAMILY.examples(spark.createDataFrame(List.<Row>of(), MoleculeRows.SCHEMA)))
            .isEqualTo(new GraphFamily.Examples(List.of(), List.of()));
    }
}
