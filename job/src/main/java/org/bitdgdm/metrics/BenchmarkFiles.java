package org.bitdgdm.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.benchmark.ChemNet;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.graph.GraphStatistics;
import org.bitdgdm.graph.PlainGraph;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.molecule.MolecularGraph;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredMolecule;

/**
 * Files of graphs that benchmarks compare a run with.
 *
 * @param training  what the model was trained with
 * @param tests     a sample of the same distribution
 * @param scaffolds molecules with scaffolds that the training set lacks
 * @param chemNet   a network in ONNX that says what molecules are compared by, see {@link org.bitdgdm.benchmark.ChemNet}
 */
public record BenchmarkFiles(Optional<Path> training, Optional<Path> tests, Optional<Path> scaffolds, Optional<Path> chemNet) {
    /** None of them. */
    public static final BenchmarkFiles NONE = new BenchmarkFiles(Optional.empty(), Optional.empty(), Optional.empty());

    private static final int GRAPHS_PER_TASK = 4096;

    /** Files without a network. */
    public BenchmarkFiles(Optional<Path> training, Optional<Path> tests, Optional<Path> scaffolds) {
        this(training, tests, scaffolds, Optional.empty());
    }

    /**
     * Content of the network's file; empty where none is given.
     *
     * @throws InputException where it cannot be read
     */
    Optional<byte[]> network() {
        return chemNet.map(file -> {
            try {
                return Files.readAllBytes(file);
            } catch (IOException e) {
                throw new InputException("--chemnet " + file + " cannot be read: " + e.getMessage(), e);
            }
        });
    }

    /**
     * Refuses a file that is no network, before a run begins.
     *
     * @throws InputException saying what it is instead, or what is missing to read it
     */
    public void check() {
        network().ifPresent(model -> ChemNet.open(model, "--chemnet " + chemNet.orElseThrow()).close());
    }

    /**
     * Descriptors of the molecules of a file, judged as those of an evaluated list are; what is none is counted with a reason.
     *
     * @throws InputException where the file cannot be read, or holds no molecule
     */
    static BenchmarkSet molecules(Path file, Vocabulary vocabulary, SparkSession spark) {
        JavaRDD<Row> lines = chunks(file, vocabulary, spark).mapPartitions(parts -> {
            MoleculeScorer scorer = new MoleculeScorer(vocabulary);
            List<Row> found = new ArrayList<>();
            parts.forEachRemaining(part -> part.forEach(graph -> {
                ScoredMolecule scored = scorer.score(graph).molecule();
                found.add(scored.relaxedValid() ? RowFactory.create(scored.smiles(), null)
                    : RowFactory.create(graph.smiles() == null ? "graph " + graph.graphId() : graph.smiles(), scored.reason()));
            }));
            return found.iterator();
        });
        BenchmarkSet set = BenchmarkSet.ofLines(spark.createDataFrame(lines, BenchmarkSet.LINES));
        if (set.molecules() == 0) {
            set.close();
            throw new InputException(file + " must hold molecules to compare with, found none");
        }
        return set;
    }

    /** What the numbers of a file's molecules leave out. */
    static List<String> notes(BenchmarkSet set, String option, Path file) {
        String lines = "lines of " + option + " " + file.getFileName();
        return Stream.concat(set.refused().note(lines, "no molecules").stream(),
            set.undescribed().note(lines, "without descriptors").stream()).toList();
    }

    /**
     * Statistics of the plain graphs of a file, at most so many.
     *
     * @throws InputException where the file cannot be read, or holds no graph
     */
    static List<GraphStatistics> graphs(Path file, Vocabulary vocabulary, SparkSession spark, int most) {
        List<GraphStatistics> statistics = new ArrayList<>(chunks(file, vocabulary, spark).flatMap(part -> part.stream()
            .filter(graph -> graph.nodes().length > 0)
            .map(graph -> GraphStatistics.of(new PlainGraph(graph.graphId(), graph.nodes(), graph.bonds()))).iterator())
            .take(most));
        if (statistics.isEmpty()) {
            throw new InputException(file + " must hold graphs to compare with, found none");
        }
        return statistics;
    }

    private static JavaRDD<ArrayList<MolecularGraph>> chunks(Path file, Vocabulary vocabulary, SparkSession spark) {
        List<ArrayList<MolecularGraph>> chunks = new ArrayList<>();
        try (GraphReader reader = GraphReader.open(file, vocabulary)) {
            while (reader.hasNext()) {
                if (chunks.isEmpty() || chunks.get(chunks.size() - 1).size() == GRAPHS_PER_TASK) {
                    chunks.add(new ArrayList<>());
                }
                chunks.get(chunks.size() - 1).add(reader.next());
            }
        }
        return JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(chunks, Math.max(1, chunks.size()));
    }
}
