package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import org.bitdgdm.benchmark.ChemNet;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.graph.GraphStatistics;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphEntry;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.molecule.TextLines;

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

    /** Among which the statistics of plain graphs are divided. */
    private static final int TASKS = 32;
    /** About, of a molecule in a list that is not compressed. */
    private static final int BYTES_PER_ROW = 40;
    private static final int COMPRESSION = 5;
    /** Columns of what a file holds: a line of a list, or the classes of a graph and its place in the file. */
    private static final StructType TEXTS = new StructType().add("text", DataTypes.StringType)
        .add("nodes", DataTypes.BinaryType).add("bonds", DataTypes.BinaryType).add("position", DataTypes.LongType);

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
     * Refuses files that a run could not be compared with, before it begins: one pass over their lines, of which chemistry is
     * asked up to the first molecule. The training file is not among them, a reference set is read from it first.
     *
     * @throws InputException naming the option and saying what is wrong with its file, or what is missing to read it
     */
    public void check(Vocabulary vocabulary) {
        network().ifPresent(model -> ChemNet.open(model, "--chemnet " + chemNet.orElseThrow()).close());
        tests.ifPresent(file -> check("--test-set", file, vocabulary));
        if (vocabulary.family() == Family.MOLECULES) {
            scaffolds.ifPresent(file -> check("--scaffold-test-set", file, vocabulary));
        }
    }

    private static void check(String option, Path file, Vocabulary vocabulary) {
        boolean molecules = vocabulary.family() == Family.MOLECULES;
        boolean found = false;
        try (GraphReader reader = GraphReader.open(file, vocabulary)) {
            MoleculeScorer scorer = molecules ? MoleculeScorer.ofVerdicts(vocabulary) : null;
            while (reader.hasNext()) {
                GraphEntry entry = reader.next();
                found = found || (molecules ? isMolecule(entry, scorer) : entry.graph().nodes().length > 0);
            }
        } catch (InputException e) {
            throw new InputException(option + " " + e.getMessage(), e);
        }
        if (!found) {
            throw none(option + " " + file, molecules ? "molecules" : "graphs");
        }
    }

    private static boolean isMolecule(GraphEntry entry, MoleculeScorer scorer) {
        return (entry.smiles() != null ? scorer.score(entry.smiles()).molecule()
            : scorer.score(entry.graph().nodes(), entry.graph().edges())).relaxedValid();
    }

    private static InputException none(String file, String content) {
        return new InputException(file + " must hold " + content + " to compare with, found none");
    }

    /**
     * Descriptors of the molecules of a file, which executors read, judged as those of an evaluated list are; what is none is
     * counted with a reason.
     *
     * @throws InputException where the file cannot be read, or holds no molecule
     */
    static BenchmarkSet molecules(Path file, Vocabulary vocabulary, SparkSession spark) {
        return molecules(file, vocabulary, spark, true);
    }

    /**
     * The same.
     *
     * @param complexity whether the number bertz is asked for
     */
    static BenchmarkSet molecules(Path file, Vocabulary vocabulary, SparkSession spark, boolean complexity) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try {
            // Text first: what a file repeats is judged once, and no task has more to judge than another.
            long about = rows(file);
            JavaRDD<Row> lines = spark.createDataFrame(texts(file, vocabulary, context), TEXTS)
                .repartition(BenchmarkSet.tasks(spark, about), col("text"), col("nodes"), col("bonds"))
                .groupBy("text", "nodes", "bonds").agg(count(lit(1)).as("times"), min(col("position")).as("position")).javaRDD()
                .mapPartitions(rows -> {
                    MoleculeScorer scorer = MoleculeScorer.ofVerdicts(vocabulary);
                    Iterable<Row> each = () -> rows;
                    return StreamSupport.stream(each.spliterator(), false).map(row -> judged(row, scorer)).iterator();
                });
            BenchmarkSet set = BenchmarkSet.ofLines(spark.createDataFrame(lines, BenchmarkSet.LINES), about, complexity);
            if (set.molecules() == 0) {
                set.close();
                throw none(file.toString(), "molecules");
            }
            return set;
        } catch (Exception e) {
            // What a task has found wrong with the file, rather than that a task has failed; Spark declares nothing to Java.
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof InputException found) {
                    throw found;
                }
            }
            throw e;
        }
    }

    /** About how many molecules a file holds. */
    private static long rows(Path file) {
        try {
            return Files.size(file) * (TextLines.isGzip(file) ? COMPRESSION : 1) / BYTES_PER_ROW;
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Row judged(Row row, MoleculeScorer scorer) {
        String text = row.getString(0);
        ScoredMolecule scored = text != null ? scorer.score(text).molecule()
            : scorer.score(row.<byte[]>getAs(1), row.<byte[]>getAs(2));
        return scored.relaxedValid() ? RowFactory.create(scored.smiles(), null, row.getLong(3))
            : RowFactory.create(text == null ? "graph " + row.getLong(4) : text, scored.reason(), row.getLong(3));
    }

    /** Rows of {@link #TEXTS}: of plain lists each task reads a piece, of all else one task reads all. */
    private static JavaRDD<Row> texts(Path file, Vocabulary vocabulary, JavaSparkContext spark) {
        GraphReader.Format format = GraphReader.format(file);
        GraphReader.require(format, file, vocabulary);
        if (format != GraphReader.Format.SMILES_LIST || TextLines.isGzip(file)) {
            return SharedLines.of(file, spark).whole(spark, there -> {
                GraphReader reader = GraphReader.open(there, vocabulary);
                TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> reader.close());
                Iterable<GraphEntry> each = () -> reader;
                return StreamSupport.stream(each.spliterator(), false).map(entry -> entry.smiles() != null
                    ? RowFactory.create(entry.smiles(), null, null, null)
                    : RowFactory.create(null, entry.graph().nodes(), entry.graph().edges(), entry.id())).iterator();
            });
        }
        return SharedList.of(file, "", spark).lines(spark).map(line -> RowFactory.create(line.smiles(), null, null, null));
    }

    /** What the numbers of a file's molecules leave out. */
    static List<String> notes(BenchmarkSet set, String option, Path file) {
        String lines = "lines of " + option + " " + file.getFileName();
        return Stream.concat(set.refused().note(lines, "no molecules").stream(),
            set.undescribed().note(lines, "without descriptors").stream()).toList();
    }

    /**
     * Plain graphs of a file.
     *
     * @param statistics of the first ones
     * @param graphs     that the file holds, empty ones not among them
     * @param empty      without a node, which are compared with nothing
     */
    record Graphs(List<GraphStatistics> statistics, long graphs, long empty) {
    }

    /**
     * Statistics of the plain graphs of a file, at most so many.
     *
     * @throws InputException where the file cannot be read, or holds no graph
     */
    static Graphs graphs(Path file, Vocabulary vocabulary, SparkSession spark, int most) {
        List<Graph> first = new ArrayList<>();
        long graphs = 0;
        long empty = 0;
        try (GraphReader reader = GraphReader.open(file, vocabulary)) {
            while (reader.hasNext()) {
                Graph graph = reader.next().graph();
                empty += graph.nodes().length == 0 ? 1 : 0;
                graphs += graph.nodes().length == 0 ? 0 : 1;
                if (graph.nodes().length > 0 && first.size() < most) {
                    first.add(graph);
                }
            }
        }
        if (first.isEmpty()) {
            throw none(file.toString(), "graphs");
        }
        List<GraphStatistics> statistics = JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(first, Math.min(first.size(), TASKS)).map(GraphStatistics::of).collect();
        return new Graphs(statistics, graphs, empty);
    }
}
