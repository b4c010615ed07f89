package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.molecule.MoleculeProperty;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredGraph;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.molecule.Stability;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Metrics of hand-made graphs on Spark, with hand-counted fractions. */
class MoleculeMetricsTest {
    /** Ethanol twice, cyclopropane, ethane beside water, tetramethylammonium (relaxed only), Texas carbon (refused). */
    private static final List<Graph> SIX = List.of(
        Graphs.of(Graphs.QM9, "C C O", "0-1 1-2"),
        Graphs.of(Graphs.QM9, "O C C", "0-1 1-2"),
        Graphs.of(Graphs.QM9, "C C C", "0-1 1-2 0-2"),
        Graphs.of(Graphs.QM9, "O C C", "1-2"),
        Graphs.of(Graphs.QM9, "N C C C C", "0-1 0-2 0-3 0-4"),
        Graphs.of(Graphs.QM9, "C C C C C C", "0-1 0-2 0-3 0-4 0-5"));

    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = TestSpark.on("local[2]").getOrCreate();
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    @Test
    void countsSixGraphs() throws IOException {
        MetricReport report = MoleculeMetrics.compute(rows(SIX), 6, Graphs.QM9, training("CCO\nCCC\n"), BenchmarkFiles.NONE,
            Protocol.DIGRESS);

        // Valid: all but the last two. Molecules: ethanol ×2, cyclopropane, ethane, tetramethylammonium. Known: ethanol.
        assertThat(report.counts()).isEqualTo(new Counts.OfMolecules(6, 4, 5, 5, 7, 4, 3, 3L, 3L, new TreeMap<>()));
        assertThat(report.metric("validity").orElseThrow().value()).isEqualTo(4 / 6.0);
        assertThat(report.metric("relaxed_validity").orElseThrow().value()).isEqualTo(5 / 6.0);
        assertThat(report.metric("uniqueness").orElseThrow().value()).isEqualTo(4 / 5.0);
        assertThat(report.metric("novelty").orElseThrow().value()).isEqualTo(3 / 4.0);
        assertThat(report.metric("vun").orElseThrow().value()).isEqualTo(3 / 6.0);
        assertThat(report.metric("connected").orElseThrow().value()).isEqualTo(5 / 6.0);
        assertThat(report.metric("mean_fragments").orElseThrow().value()).isEqualTo(7 / 6.0);
    }

    @Test
    void countsDistributions() {
        Distributions found = MoleculeMetrics.compute(rows(SIX), 6, Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE,
            Protocol.DIGRESS)
            .distributions();

        assertThat(found.of("atoms").counts()).containsExactly(Map.entry("C", 19L), Map.entry("N", 1L), Map.entry("O", 3L));
        assertThat(found.of("bonds").counts()).containsExactly(Map.entry("single", 17L));
        assertThat(found.of("sizes").counts()).containsExactly(Map.entry("3", 4L), Map.entry("5", 1L), Map.entry("6", 1L));
        // Ethane 30.07, cyclopropane 42.08, ethanol 46.07 twice, tetramethylammonium 74.15.
        assertThat(found.of("weight").counts())
            .containsExactly(Map.entry("30", 1L), Map.entry("42", 1L), Map.entry("46", 2L), Map.entry("74", 1L));
        assertThat(found.of("rings").counts()).containsExactly(Map.entry("0", 4L), Map.entry("1", 1L));
        assertThat(found.of("logp").total()).isEqualTo(5);
    }

    /** Aromatic as MOSES and GuacaMol have it, with hydrogens as nodes, and with elements that the vocabulary lacks. */
    @ParameterizedTest
    @CsvSource({"C N O F, false, false", "C N S O F Cl Br H, false, true", "C N O F B Br Cl I P S Se Si, false, true",
        "H C N O F, true, false"})
    void listIsAtNoDistanceFromItself(String atoms, boolean hydrogens, boolean aromatic) throws IOException {
        Vocabulary vocabulary = new Vocabulary(Family.MOLECULES, List.of(atoms.split(" ")), Vocabulary.MOLECULE_BONDS,
            hydrogens, aromatic);
        MoleculeScorer scorer = new MoleculeScorer(vocabulary);
        List<String> list = molecules();
        List<Row> rows = new ArrayList<>();
        for (String smiles : list) {
            ScoredGraph scored = scorer.score(smiles);
            assertThat(scored.molecule().valid()).as(smiles).isTrue();
            rows.add(MoleculeRows.of(rows.size(), scored.nodes(), scored.bonds(), scored.molecule(),
                hydrogens ? Optional.of(Stability.of(vocabulary, scored.nodes(), scored.bonds())) : Optional.empty()));
        }
        ReferenceSet itself = ReferenceSet.of(Files.write(folder.resolve("list.smi"), list), vocabulary);
        MetricReport report = MoleculeMetrics.compute(spark.createDataFrame(rows,
            hydrogens ? MoleculeRows.WITH_HYDROGENS : MoleculeRows.SCHEMA).repartition(3), rows.size(), vocabulary,
            Optional.of(itself), BenchmarkFiles.NONE, Protocol.DIGRESS);

        assertThat(list).hasSizeGreaterThan(500);
        assertThat(report.metric("novelty").orElseThrow().value()).isZero();
        for (Distribution kind : MoleculeMetrics.DISTRIBUTIONS) {
            String distance = kind.distance().prefix() + kind.name();
            assertThat(report.metric(distance).orElseThrow().value()).as(distance).isZero();
        }
        assertThat(List.copyOf(report.distributions().of("scaffolds").counts().keySet())).as("the order of the training set")
            .isEqualTo(List.copyOf(itself.distributions().of("scaffolds").counts().keySet()));
        assertThat(report.distributions().of("bonds").counts().containsKey("aromatic")).isEqualTo(aromatic);
        assertThat(report.distributions().of("atoms").counts()).containsKey("other");
    }

    /** Molecules of other tests: charged, hypervalent, with metals, of several fragments. */
    private static List<String> molecules() throws IOException {
        try (InputStream bytes = Graphs.class.getResourceAsStream("mutated-smiles.txt")) {
            return new String(bytes.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.startsWith("# ") && !line.startsWith("-")).map(line -> line.split("\t")[1])
                .filter(smiles -> new MoleculeScorer(Graphs.QM9).score(smiles).molecule().valid()).toList();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7})
    void doesNotDependOnPartitions(int partitions) throws IOException {
        Optional<ReferenceSet> training = training("CCO\n");

        assertThat(MoleculeMetrics.compute(rows(SIX).repartition(partitions), 6, Graphs.QM9, training, BenchmarkFiles.NONE,
            Protocol.DIGRESS))
            .isEqualTo(MoleculeMetrics.compute(rows(SIX), 6, Graphs.QM9, training, BenchmarkFiles.NONE, Protocol.DIGRESS));
    }

    @Test
    void leavesOutWhatIsNotDefined() {
        MetricReport unknown = MoleculeMetrics.compute(rows(SIX), 6, Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE,
            Protocol.DIGRESS);
        MetricReport empty = MoleculeMetrics.compute(rows(List.of()), 0, Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE,
            Protocol.MOSES);
        MetricReport refused =
            MoleculeMetrics.compute(rows(SIX.subList(5, 6)), 1, Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE,
                Protocol.DIGRESS);

        assertThat(unknown.absent().keySet()).containsExactlyInAnyOrderElementsOf(MetricDefinition.names(
            MoleculeMetrics.registry(Protocol.DIGRESS, Graphs.QM9).all().stream()
                .filter(MetricDefinition::needsReference).toList()));
        assertThat(empty.metrics()).allMatch(metric -> metric.value() == null);
        assertThat(empty.counts().graphs()).isZero();
        assertThat(refused.metric("validity").orElseThrow().value()).isZero();
        assertThat(refused.absent()).containsEntry("uniqueness", "no valid molecule");
    }

    @Test
    void notesWhereAnotherToolkitWouldSaySomethingElse() {
        List<Row> rows = new ArrayList<>();
        for (String reason : List.of("exceeds 4" + ScoredMolecule.AFTER_KEKULISATION, "exceeds 4",
            ScoredMolecule.NOT_WRITTEN + "of 600 atoms", ScoredMolecule.NOT_WRITTEN + "of 700 atoms")) {
            Graph graph = SIX.get(5);
            rows.add(MoleculeRows.of(rows.size(), graph.nodes(), graph.edges(), new ScoredMolecule(false, false, true, 1, null,
                reason, Collections.nCopies(MoleculeProperty.values().length, null)), Optional.empty()));
        }
        MetricReport report = MoleculeMetrics.compute(spark.createDataFrame(rows, MoleculeRows.SCHEMA).repartition(2), 4,
            Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE, Protocol.DIGRESS);

        assertThat(report.notes()).hasSize(2);
        assertThat(report.notes().get(0)).contains("after kekulisation, where RDKit does not look").endsWith(": 1");
        assertThat(report.notes().get(1)).contains("the toolkit cannot write them").endsWith(": 2");
    }

    @Test
    void countsTheFirstMoleculesOfMosesById() {
        // Ids descend along the rows: of 1,200 molecules, the 1,000 with the lowest ids are 100 kinds ten times each.
        Dataset<Row> molecules = SyntheticRows.of(spark, 1_200, "CASE WHEN id < 1000 THEN id % 100 ELSE id END")
            .orderBy(col("graph_id").desc());
        MetricReport report = MoleculeMetrics.compute(molecules, 1_200, Graphs.QM9, Optional.empty(), BenchmarkFiles.NONE,
            Protocol.MOSES);

        assertThat(((Counts.OfMolecules) report.counts()).prefixes()).containsOnlyKeys(1_000);
        assertThat(report.metric("unique@1000").orElseThrow().value()).isEqualTo(0.1);
        assertThat(report.metric("uniqueness").orElseThrow().value()).isEqualTo(300 / 1200.0);
        assertThat(report.absent()).containsKey("unique@10000");
    }

    @Test
    void countsManyRows() throws IOException {
        // As many as the property says: 10,000,000 pass in a JVM of 2 GiB, see SyntheticRows.
        long rows = Long.getLong("bitdgdm.synthetic.rows", 20_000);
        MetricReport report = MoleculeMetrics.compute(SyntheticRows.of(spark, rows, "id % " + rows / 2), rows,
            Graphs.QM9, training("CCO\n"), BenchmarkFiles.NONE, Protocol.DIGRESS);

        assertThat(report.counts().graphs()).isEqualTo(rows);
        assertThat(((Counts.OfMolecules) report.counts()).distinct()).isEqualTo(rows / 2);
        assertThat(((Counts.OfMolecules) report.counts()).once()).isZero();
        assertThat(((Counts.OfMolecules) report.counts()).novel()).isEqualTo(rows / 2);
        assertThat(report.distributions().of("atoms").total()).isEqualTo(9 * rows);
    }

    private Optional<ReferenceSet> training(String lines) throws IOException {
        return Optional.of(ReferenceSet.of(Files.writeString(folder.resolve("train.smi"), lines), Graphs.QM9));
    }

    private static Dataset<Row> rows(List<Graph> graphs) {
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        List<Row> rows = new ArrayList<>();
        for (Graph graph : graphs) {
            ScoredMolecule scored = scorer.score(graph.nodes(), graph.edges());
            rows.add(MoleculeRows.of(rows.size(), graph.nodes(), graph.edges(), scored, Optional.empty()));
        }
        return spark.createDataFrame(rows, MoleculeRows.SCHEMA);
    }
}
