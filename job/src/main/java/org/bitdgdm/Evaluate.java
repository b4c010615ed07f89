package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.metrics.MetricGate;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.molecule.GraphReaders;
import org.bitdgdm.molecule.MolecularGraph;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeDrawings;
import org.bitdgdm.output.MoleculeRows;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.Versions;

/** Existing graphs → molecules → metrics → report; nothing is sampled. */
final class Evaluate {
    /** Graphs of a text file that are in memory at a time: this many for each of Spark's slots. */
    private static final int SHARD = 4096;
    private static final String ATOM_TYPES = "atom_types";
    private static final String BONDS = "bonds";

    private Evaluate() {
    }

    /**
     * Scores a text file of graphs, or a folder of our Parquet.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(EvaluateConf conf, PrintStream console) throws IOException {
        ModelBundle bundle = ModelBundle.load(conf.modelFolder());
        Protocol protocol = Protocol.of(conf.output().protocol());
        Path text = Path.of(conf.input());
        boolean isText = Files.isRegularFile(text) && !conf.input().endsWith(".parquet");
        if (isText) {
            GraphReaders.format(text);
        }
        Optional<ReferenceSet> reference = References.of(conf.output(), conf.modelFolder(), bundle.vocabulary(), console);
        MetricGate.check(conf.output().require(), protocol, reference.isPresent(), false);
        Optional<String> noDrawings = MoleculeDrawings.probe();
        noDrawings.ifPresent(console::println);

        try (Session session = Session.open("bitdgdm evaluate " + conf.input())) {
            SparkSession spark = session.spark();
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration());
            Fingerprint fingerprint = fingerprint(conf, bundle, reference, spark);
            if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                MetricGate.judge(conf.output().require(), Results.print(folder, console));
                return;
            }
            Optional<Dataset<Row>> table = isText ? Optional.empty() : Optional.of(parquet(spark, conf.input()));
            folder.begin(fingerprint);
            // Shards of text are cut by the number of slots, those of Parquet by Spark: an earlier start's may be others.
            folder.clearMolecules();
            long start = System.nanoTime();
            long graphs = table.isPresent() ? scoreParquet(spark, table.get(), bundle.vocabulary(), folder)
                : scoreText(spark, text, bundle.vocabulary(), folder);
            RunRecord record = new RunRecord("evaluate").configuration(conf.values()).fingerprint(fingerprint)
                .versions(Versions.all(spark.sparkContext())).fact("model", bundle.name())
                .fact("master", spark.sparkContext().master()).timing("scoring", (System.nanoTime() - start) * 1e-9);
            MetricReport report = new Results(spark, folder, bundle.vocabulary(), reference, protocol, Optional.empty())
                .publish(record, start, "Evaluation of " + text.getFileName(), String.format("%,d graphs", graphs), List.of(),
                    noDrawings);
            folder.finish(fingerprint);
            Results.print(folder, console);
            MetricGate.judge(conf.output().require(), report);
        }
    }

    /** Reads on the driver, scores on executors, a few shards in memory at a time. */
    private static long scoreText(SparkSession spark, Path file, Vocabulary vocabulary, OutputFolder folder)
        throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        int slots = Math.max(1, context.defaultParallelism());
        int shard = 0;
        long graphs = 0;
        try (GraphReader reader = GraphReaders.open(file, vocabulary)) {
            while (reader.hasNext() || shard == 0) {
                List<MolecularGraph> chunk = new ArrayList<>();
                while (chunk.size() < SHARD * slots && reader.hasNext()) {
                    chunk.add(reader.next());
                }
                int shards = Math.max(1, (chunk.size() + SHARD - 1) / SHARD);
                context.setJobDescription("score graphs " + graphs + " to " + (graphs + chunk.size()));
                JavaRDD<Row> rows = context.parallelize(chunk, shards).mapPartitions(part -> {
                    MoleculeScorer scorer = new MoleculeScorer(vocabulary);
                    return map(part, graph -> MoleculeRows.of(graph.graphId(), graph.nodes(), graph.bonds(),
                        scorer.score(graph.nodes(), graph.bonds())));
                });
                MoleculeWriter.commit(spark, rows, range(shard, shards), folder);
                shard += shards;
                graphs += chunk.size();
            }
        }
        return graphs;
    }

    private static Dataset<Row> parquet(SparkSession spark, String input) {
        Dataset<Row> table;
        try {
            table = spark.read().parquet(input);
        } catch (Exception e) {
            // Spark declares no checked AnalysisException to Java, but throws it.
            throw new InputException("--input must be DiGress's text, a list of SMILES or a folder of our Parquet, found "
                + input + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
        List<String> columns = List.of(table.columns());
        for (String wanted : List.of(ATOM_TYPES, BONDS)) {
            if (!columns.contains(wanted)) {
                throw new InputException("--input " + input + " must have the columns " + ATOM_TYPES + " and " + BONDS
                    + ", found " + String.join(", ", columns));
            }
        }
        if (!columns.contains("graph_id")) {
            throw new InputException("--input " + input + " must have the column graph_id, found " + String.join(", ", columns));
        }
        return table.select(functions.col("graph_id").cast(DataTypes.LongType), functions.col(ATOM_TYPES).cast("array<tinyint>"),
            functions.col(BONDS).cast("array<tinyint>"));
    }

    private static long scoreParquet(SparkSession spark, Dataset<Row> table, Vocabulary vocabulary, OutputFolder folder)
        throws IOException {
        JavaSparkContext.fromSparkContext(spark.sparkContext()).setJobDescription("score graphs of Parquet");
        JavaRDD<Row> rows = table.javaRDD().mapPartitions(part -> {
            MoleculeScorer scorer = new MoleculeScorer(vocabulary);
            return map(part, row -> {
                byte[] nodes = bytes(row, 1);
                byte[] bonds = bytes(row, 2);
                return MoleculeRows.of(row.getLong(0), nodes, bonds, scorer.score(nodes, bonds));
            });
        });
        MoleculeWriter.commit(spark, rows, range(0, rows.getNumPartitions()), folder);
        return table.count();
    }

    private static byte[] bytes(Row row, int column) {
        List<Byte> values = row.getList(column);
        byte[] bytes = new byte[values.size()];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = values.get(at);
        }
        return bytes;
    }

    private static <A, B> java.util.Iterator<B> map(java.util.Iterator<A> from, java.util.function.Function<A, B> each) {
        return new java.util.Iterator<>() {
            @Override
            public boolean hasNext() {
                return from.hasNext();
            }

            @Override
            public B next() {
                return each.apply(from.next());
            }
        };
    }

    private static List<Integer> range(int from, int count) {
        return IntStream.range(from, from + count).boxed().toList();
    }

    private static Fingerprint fingerprint(EvaluateConf conf, ModelBundle bundle, Optional<ReferenceSet> reference,
                                           SparkSession spark) throws IOException {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", "evaluate");
        rows.put("input", inputs(conf.input(), spark));
        rows.put("vocabulary", String.join(" ", bundle.vocabulary().atoms()));
        rows.putAll(Versions.ofRows(spark.sparkContext()));
        return new Fingerprint(rows, References.evaluation(conf.output(), reference));
    }

    /** Path, size and time of the input, so that changed input is another run. */
    private static String inputs(String input, SparkSession spark) throws IOException {
        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(input);
        try {
            var files = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
            StringBuilder found = new StringBuilder(files.makeQualified(path).toString());
            long size = 0;
            long newest = 0;
            for (FileStatus file : files.listStatus(path)) {
                size += file.getLen();
                newest = Math.max(newest, file.getModificationTime());
            }
            return found.append(", ").append(size).append(" bytes, changed ").append(java.time.Instant.ofEpochMilli(newest))
                .toString();
        } catch (java.io.FileNotFoundException absent) {
            throw new InputException("--input must name existing graphs, found nothing at " + input, absent);
        }
    }
}
