package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Benchmarks of runs beside the files that a user names. */
class BenchmarkFilesTest {
    private static final Vocabulary MOLECULES = new Vocabulary(Family.MOLECULES, List.of("C", "N", "O", "F"),
        List.of("none", "single", "double", "triple"), false, false);
    private static final Vocabulary PLAIN = new Vocabulary(Family.GRAPHS, List.of("node"), List.of("none", "edge"), false, false);
    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder().master("local[2]").appName("benchmark files").config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2").getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private Optional<Path> file(String name, String text) throws IOException {
        return Optional.of(Files.writeString(folder.resolve(name), text));
    }

    private static Dataset<Row> run(String... smiles) {
        return spark.createDataFrame(Arrays.stream(smiles).map(one -> RowFactory.create(one != null, one)).toList(),
            new StructType().add("relaxed_valid", DataTypes.BooleanType).add("smiles", DataTypes.StringType));
    }

    @Test
    void aRunIsComparedWithBothTestSets() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.csv", "SMILES,SPLIT\nOCC,test\nCCN,test\n"),
            file("test_scaffolds.csv", "SMILES\nCCO\nCCO\n"));
        MosesScores found = Benchmarks.of(run("CCO", null, "CCO"), MOLECULES, files, Protocol.MOSES).moses();

        assertThat(found.molecules()).isEqualTo(2);
        assertThat(found.test().orElseThrow().nearest().value()).isEqualTo(1);
        assertThat(found.test().orElseThrow().distances().get("weight").value()).isCloseTo((46.069 - 45.085) / 2, within(1e-9));
        assertThat(found.scaffolds().orElseThrow().fragments()).isCloseTo(1, within(1e-12));
        assertThat(found.scaffolds().orElseThrow().distances().get("qed").value()).isZero();
    }

    @Test
    void linesThatAreNoMoleculesAndMoleculesWithoutDescriptorsAreNoted() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.smi", "CCO\nCC=\nCCN\n"), Optional.empty());
        Benchmarks found = Benchmarks.of(run("CCO", "CCC", "C1CC", null), MOLECULES, files, Protocol.MOSES);

        assertThat(found.notes()).hasSize(3);
        assertThat(found.notes().get(0)).startsWith("molecules of the run: 1 left out as without descriptors, for example C1CC (");
        assertThat(found.notes().get(1)).contains("of 2 molecules").contains("of 30,000");
        assertThat(found.notes().get(2)).startsWith("lines of --test-set test.smi: 1 left out as no molecules, for example CC= (");
        Measured described = Benchmarks.<Benchmarks>definitions(of -> of).get(0).of(found);
        assertThat(described.numerator()).isEqualTo(2);
        assertThat(described.denominator()).isEqualTo(3);
    }

    @Test
    void withoutFilesOrMoleculesComparisonsAreAbsent() throws IOException {
        Benchmarks none = Benchmarks.of(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES);
        assertThat(none.moses().test()).isEmpty();
        assertThat(none.moses().passing()).isEqualTo(1);
        Benchmarks empty = Benchmarks.of(run((String) null), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES);
        List<MetricDefinition<Benchmarks>> definitions = Benchmarks.definitions(of -> of);
        assertThat(definitions).allSatisfy(definition -> assertThat(definition.of(empty).value()).isNull());
        assertThat(Benchmarks.of(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.GUACAMOL).guacamol()).isNull();
    }

    @Test
    void guacamolComparesWithTheTrainingSetsMolecules() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(file("train.smi", "CCO\nCCCN\nCC(=O)NC\nC1CCOC1\n"), Optional.empty(),
            Optional.empty());
        GuacamolScores same = Benchmarks.of(run("CCO", "CCCN", "CNC(C)=O", "C1CCOC1"), MOLECULES, files, Protocol.GUACAMOL)
            .guacamol();
        assertThat(same.score()).isCloseTo(1, within(1e-9));
        GuacamolScores other = Benchmarks.of(run("CCO", "CCCCCCCC", "CCF"), MOLECULES, files, Protocol.GUACAMOL).guacamol();
        assertThat(other.score()).isLessThan(0.9);
    }

    @Test
    void aTestSetWithoutMoleculesIsRefused() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.smi", "CC=\nC(\n"), Optional.empty());
        assertThatThrownBy(() -> Benchmarks.of(run("CCO"), MOLECULES, files, Protocol.MOSES)).isInstanceOf(InputException.class)
            .hasMessageContaining("must hold molecules to compare with");
    }

    @Test
    void graphsAreComparedWithTheTestSetAndTheTrainingSetToo() throws IOException {
        StructType schema = new StructType().add("graph_id", DataTypes.LongType).add("reason", DataTypes.StringType)
            .add("node_types", MoleculeRows.CLASSES).add("edges", MoleculeRows.CLASSES);
        Dataset<Row> rows = spark.createDataFrame(List.of(
            RowFactory.create(0L, null, new Byte[] {0, 0, 0}, new Byte[] {1, 0, 1}),
            RowFactory.create(1L, null, new Byte[] {0, 0, 0}, new Byte[] {1, 1, 1}),
            RowFactory.create(2L, "no nodes", new Byte[0], new Byte[0])), schema);
        BenchmarkFiles files = new BenchmarkFiles(file("train.json", "[[3, [[0, 1], [1, 2], [0, 2]]]]"),
            file("test.json", "[[3, [[0, 1], [1, 2]]]]"), Optional.empty());

        GraphDiscrepancies found = GraphDiscrepancies.of(rows, PLAIN, files).orElseThrow();
        assertThat(found.graphs()).isEqualTo(2);
        List<MetricDefinition<Optional<GraphDiscrepancies>>> definitions = GraphDiscrepancies.definitions(of -> of);
        MetricDefinition<Optional<GraphDiscrepancies>> ratio = definitions.get(definitions.size() - 1);
        assertThat(found.notes()).hasSize(3).allSatisfy(note -> assertThat(note).contains("of fewer than 256"));
        // Half of the run is the test set, the training set is none of it; the estimate is a square.
        assertThat(ratio.of(Optional.of(found)).value()).isCloseTo(0.25, within(1e-6));
        assertThat(GraphDiscrepancies.of(rows, PLAIN, BenchmarkFiles.NONE)).isEmpty();
    }
}
