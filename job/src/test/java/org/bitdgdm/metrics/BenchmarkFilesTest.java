package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import Jama.Matrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.benchmark.ChemNet;
import org.bitdgdm.benchmark.OnnxNetwork;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Canonicaliser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openscience.cdk.exception.CDKException;

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
        return spark.createDataFrame(IntStream.range(0, smiles.length)
                .mapToObj(k -> RowFactory.create((long) k, smiles[k] != null, smiles[k])).toList(),
            new StructType().add("graph_id", DataTypes.LongType).add("relaxed_valid", DataTypes.BooleanType)
                .add("smiles", DataTypes.StringType));
    }

    private static Benchmarks benchmarks(Dataset<Row> run, Vocabulary vocabulary, BenchmarkFiles files, Protocol protocol) {
        return Benchmarks.of(run, run.count(), vocabulary, files, protocol);
    }

    @Test
    void aRunIsComparedWithBothTestSets() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.csv", "SMILES,SPLIT\nOCC,test\nCCN,test\n"),
            file("test_scaffolds.csv", "SMILES\nCCO\nCCO\n"));
        MosesScores found = benchmarks(run("CCO", null, "CCO"), MOLECULES, files, Protocol.MOSES).moses();

        assertThat(found.molecules()).isEqualTo(2);
        assertThat(found.test().orElseThrow().nearest().value()).isEqualTo(1);
        assertThat(found.test().orElseThrow().nearest().standardError()).as("all alike").isNull();
        assertThat(found.scaffolds().orElseThrow().fragments().standardError()).as("all alike").isNull();
        assertThat(found.test().orElseThrow().distances().get("weight").standardError()).as("all alike").isNull();
        assertThat(found.test().orElseThrow().distances().get("weight").value()).isCloseTo((46.069 - 45.085) / 2, within(1e-9));
        assertThat(found.scaffolds().orElseThrow().fragments().value()).isCloseTo(1, within(1e-12));
        assertThat(found.scaffolds().orElseThrow().distances().get("qed").value()).isZero();
    }

    @Test
    void aPageDrawsTheRunBesideTheSetThatItIsComparedWith() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(file("train.smi", "CCCO\nc1ccccc1\nCCC\n"), file("test.smi", "CCCO\nOC\nCO\n"),
            Optional.empty());
        Benchmarks moses = benchmarks(run("CCO", null, "CCO", "c1ccccc1C"), MOLECULES, files, Protocol.MOSES);
        assertThat(moses.beside().set()).isEqualTo("test set");
        assertThat(moses.beside().nearest()).extracting(BesideSet.Neighbour::graphId).containsExactly(0L, 3L);
        // Of ethanol's six fragments and propanol's eight, five are of both.
        assertThat(moses.beside().nearest().get(0)).isEqualTo(new BesideSet.Neighbour(0, "CCO", "OCCC", 5.0 / 9));
        assertThat(moses.beside().distributions().get("qed").total()).isEqualTo(3);
        assertThat(moses.counted()).extracting(Histogram::name).containsExactly("qed", "sa");
        assertThat(moses.counted()).allSatisfy(histogram -> assertThat(histogram.total()).isEqualTo(3));
        Benchmarks guacamol = benchmarks(run("CCO", "CCN"), MOLECULES, files, Protocol.GUACAMOL);
        assertThat(guacamol.beside().set()).isEqualTo("training set");
        assertThat(benchmarks(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES).beside()).isNull();
    }

    @Test
    void linesThatAreNoMoleculesAndMoleculesWithoutDescriptorsAreNoted() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.smi", "CCO\nCC=\nCCN\n"), Optional.empty());
        Benchmarks found = benchmarks(run("CCO", "CCC", "C1CC", null), MOLECULES, files, Protocol.MOSES);

        assertThat(found.notes()).hasSize(3);
        assertThat(found.notes().get(0)).startsWith("molecules of the run: 1 left out as without descriptors, for example C1CC (");
        assertThat(found.notes().get(1)).contains("of 2 molecules of 4 generated").contains("of 30,000 generated");
        assertThat(found.notes().get(2)).startsWith("lines of --test-set test.smi: 1 left out as no molecules, for example CC= (");
        Measured described = Benchmarks.<Benchmarks>definitions(of -> of).get(0).of(found);
        assertThat(described.numerator()).isEqualTo(2);
        assertThat(described.denominator()).isEqualTo(3);
    }

    @Test
    void withoutFilesOrMoleculesComparisonsAreAbsent() throws IOException {
        Benchmarks none = benchmarks(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES);
        assertThat(none.moses().test()).isEmpty();
        assertThat(none.moses().passing()).isEqualTo(1);
        Benchmarks empty = benchmarks(run((String) null), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES);
        List<MetricDefinition<Benchmarks>> definitions = Benchmarks.definitions(of -> of);
        assertThat(definitions).allSatisfy(definition -> assertThat(definition.of(empty).value()).isNull());
        assertThat(benchmarks(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.GUACAMOL).guacamol()).isNull();
    }

    @Test
    void guacamolComparesWithTheTrainingSetsMolecules() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(file("train.smi", "CCO\nCCCN\nCC(=O)NC\nC1CCOC1\n"), Optional.empty(),
            Optional.empty());
        GuacamolScores same = benchmarks(run("CCO", "CCCN", "CNC(C)=O", "C1CCOC1"), MOLECULES, files, Protocol.GUACAMOL)
            .guacamol();
        assertThat(same.score().value()).isCloseTo(1, within(1e-9));
        GuacamolScores other = benchmarks(run("CCO", "CCCCCCCC", "CCF"), MOLECULES, files, Protocol.GUACAMOL).guacamol();
        assertThat(other.score().value()).isLessThan(0.9);
    }

    /** Of all molecules as they are repeated, beside means, covariances and eigenvalues of their product. */
    @Test
    void distancesByANetworkAreThoseOfADirectComputation() throws IOException {
        OnnxNetwork network = new OnnxNetwork(9, true);
        Path onnx = Files.write(folder.resolve("net.onnx"), network.bytes());
        String[] run = {"CCO", "CCO", "CCN", "c1ccccc1", "CC(=O)NC", "C1CCOC1", "CCCC#N", "FC(F)F", "CCOC"};
        String[] test = {"CCO", "CNC", "CC=O", "c1ccncc1", "CC(C)O", "OCCO", "C1CC1"};
        BenchmarkFiles files = new BenchmarkFiles(file("train.smi", String.join("\n", test)),
            file("test.smi", String.join("\n", test)), Optional.empty(), Optional.of(onnx));
        files.check(MOLECULES);
        Estimate found = benchmarks(run(run), MOLECULES, files, Protocol.MOSES).moses().test().orElseThrow().chemNet();

        assertThat(found.value()).isCloseTo(distance(network, run, test), within(1e-3 * found.value()));
        assertThat(found.standardError()).isPositive();
        Benchmarks guacamol = benchmarks(run(run), MOLECULES, files, Protocol.GUACAMOL);
        assertThat(guacamol.notes()).singleElement().asString().contains("of 9 molecules, 8 of them different")
            .contains("of 10,000 different");
        double ofDifferent = distance(network, Arrays.stream(run).distinct().toArray(String[]::new), test);
        List<MetricDefinition<Benchmarks>> definitions = Benchmarks.definitions(of -> of);
        assertThat(definitions.stream().filter(one -> one.name().equals("fcd_cdk_score")).findFirst().orElseThrow().of(guacamol)
            .value()).isCloseTo(Math.exp(-ofDifferent / 5), within(1e-3));
        assertThat(definitions.stream().filter(one -> one.name().equals("fcd_cdk")).findFirst().orElseThrow()
            .of(benchmarks(run("CCO"), MOLECULES, BenchmarkFiles.NONE, Protocol.MOSES)).absent()).contains("--chemnet");
        List.of(Protocol.MOSES, Protocol.GUACAMOL).forEach(protocol -> definitions.stream()
            .filter(one -> one.name().startsWith("fcd_cdk")).forEach(one ->
                assertThat(one.of(benchmarks(run("CCO"), MOLECULES, files, protocol)).absent())
                    .contains("at least two molecules").doesNotContain("--chemnet")));
    }

    private static double distance(OnnxNetwork network, String[] run, String[] test) {
        double[][] a = Arrays.stream(run).map(smiles -> network.outputs(ChemNet.symbols(smiles))).toArray(double[][]::new);
        double[][] b = Arrays.stream(test).map(smiles -> outputs(network, smiles)).toArray(double[][]::new);
        Matrix both = covariance(a).times(covariance(b));
        double sum = covariance(a).trace() + covariance(b).trace()
            - 2 * Arrays.stream(both.eig().getRealEigenvalues()).map(value -> Math.sqrt(Math.max(0, value))).sum();
        for (int k = 0; k < OnnxNetwork.OUTPUTS; k++) {
            double apart = mean(a, k) - mean(b, k);
            sum += apart * apart;
        }
        return sum;
    }

    /** Of a line of a file, which is written anew; the rows of a run are as they are. */
    private static double[] outputs(OnnxNetwork network, String smiles) {
        try {
            return network.outputs(ChemNet.symbols(Canonicaliser.written(Canonicaliser.read(smiles))));
        } catch (CDKException e) {
            throw new IllegalStateException(e);
        }
    }

    private static double mean(double[][] values, int column) {
        return Arrays.stream(values).mapToDouble(row -> row[column]).average().orElseThrow();
    }

    private static Matrix covariance(double[][] values) {
        Matrix covariance = new Matrix(OnnxNetwork.OUTPUTS, OnnxNetwork.OUTPUTS);
        for (int i = 0; i < OnnxNetwork.OUTPUTS; i++) {
            for (int j = 0; j < OnnxNetwork.OUTPUTS; j++) {
                double sum = 0;
                for (double[] row : values) {
                    sum += (row[i] - mean(values, i)) * (row[j] - mean(values, j));
                }
                covariance.set(i, j, sum / (values.length - 1));
            }
        }
        return covariance;
    }

    @Test
    void aTestSetWithoutMoleculesIsRefused() throws IOException {
        BenchmarkFiles files = new BenchmarkFiles(Optional.empty(), file("test.smi", "CC=\nC(\n"), Optional.empty());
        assertThatThrownBy(() -> benchmarks(run("CCO"), MOLECULES, files, Protocol.MOSES)).isInstanceOf(InputException.class)
            .hasMessageContaining("must hold molecules to compare with");
    }

    @Test
    void graphsAreComparedWithTheTestSetAndTheTrainingSetToo() throws IOException {
        StructType schema = new StructType().add("graph_id", DataTypes.LongType).add("reason", DataTypes.StringType)
            .add("node_types", MoleculeRows.CLASSES).add("edges", MoleculeRows.CLASSES).add("isomorphism_class", DataTypes.StringType);
        Dataset<Row> rows = spark.createDataFrame(List.of(
            RowFactory.create(0L, null, new Byte[] {0, 0, 0}, new Byte[] {1, 0, 1}, "a"),
            RowFactory.create(1L, null, new Byte[] {0, 0, 0}, new Byte[] {1, 1, 1}, "b"),
            RowFactory.create(2L, "no nodes", new Byte[0], new Byte[0], null)), schema);
        BenchmarkFiles files = new BenchmarkFiles(file("train.json", "[[3, [[0, 1], [1, 2], [0, 2]]]]"),
            file("test.json", "[[3, [[0, 1], [1, 2]]]]"), Optional.empty());

        Optional<Path> some = file("some.json", "[[0, []], [3, [[0, 1], [1, 2]]], [0, []]]");
        assertThat(GraphDiscrepancies.of(rows, PLAIN, new BenchmarkFiles(Optional.empty(), some, Optional.empty()),
            Optional.empty()).orElseThrow().notes()).contains("mmd_… leave out 2 graphs of --test-set without a node");
        BenchmarkFiles.Graphs cut = BenchmarkFiles.graphs(file("two.json", "[[2, [[0, 1]]], [3, [[0, 1]]]]").orElseThrow(), PLAIN,
            spark, 1);
        assertThat(cut.statistics()).hasSize(1);
        assertThat(cut.graphs()).isEqualTo(2);
        GraphDiscrepancies found = GraphDiscrepancies.of(rows, PLAIN, files, Optional.empty()).orElseThrow();
        assertThat(found.graphs()).isEqualTo(2);
        // A path of three nodes and a triangle, and of the test set the path: eigenvalues 0, 1, 2 and 0, 1.5, 1.5.
        assertThat(found.spectrum().total()).isEqualTo(6);
        assertThat(found.beside().distributions().get("spectrum").counts()).hasSize(3).containsEntry("0", 1L);
        assertThat(found.beside().distributions().get("degree").counts()).isEqualTo(Map.of("1", 2L, "2", 1L));
        List<MetricDefinition<Optional<GraphDiscrepancies>>> definitions = GraphDiscrepancies.definitions(of -> of);
        MetricDefinition<Optional<GraphDiscrepancies>> ratio = definitions.stream()
            .filter(definition -> definition.name().equals("mmd_ratio")).findFirst().orElseThrow();
        assertThat(found.notes()).hasSize(3).allSatisfy(note -> assertThat(note).contains("of fewer than 256"));
        // Half of the run is the test set, the training set is none of it; the estimate is a square.
        assertThat(ratio.of(Optional.of(found)).value()).isCloseTo(0.25, within(1e-6));
        assertThat(GraphDiscrepancies.of(rows, PLAIN, BenchmarkFiles.NONE, Optional.empty())).isEmpty();
    }
}
