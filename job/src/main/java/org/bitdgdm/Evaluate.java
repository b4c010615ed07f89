package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
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
import org.bitdgdm.molecule.ScoredGraph;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeDrawings;
import org.bitdgdm.output.MoleculeRows;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.Versions;
import org.bitdgdm.sample.BackendOpener;
import scala.Function1;

/** Existing graphs → molecules → metrics → report; nothing is sampled. */
final class Evaluate {
    /** Graphs of a text file that are in memory at a time: this many for each of Spark's slots. */
    private static final int SHARD = 4096;
    /** Classes of atoms and bonds of a text file that are in memory at a time, however many slots there are. */
    private static final long MOST_CLASSES = 256L << 20;
    private static final String GRAPH_ID = "graph_id";
    private static final String ATOM_TYPES = "atom_types";
    private static final String BONDS = "bonds";

    private Evaluate() {
    }

    /**
     * Scores a text file of graphs, or a folder of our Parquet; the folder of a run can have its model compared too.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(EvaluateConf conf, PrintStream console) throws IOException {
        InputGraphs.localText(conf.input()).ifPresent(GraphReaders::format);
        Protocol protocol = Protocol.of(conf.output().protocol());
        try (Session session = Session.open("bitdgdm evaluate " + conf.input())) {
            SparkSession spark = session.spark();
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            InputGraphs input = InputGraphs.of("--input", conf.input(), hadoop);
            boolean isText = input.isText();
            Optional<RecordedRun> run = isText ? Optional.empty() : RecordedRun.of(conf.input(), hadoop);
            if (conf.asksModel() && run.isEmpty()) {
                throw new InputException((conf.fidelity().on() ? "--fidelity" : "--likelihood")
                    + " asks the model that has made the graphs: --input must be the folder of a run of generate, found "
                    + conf.input());
            }
            Path modelFolder = conf.modelFolder(run.map(RecordedRun::model));
            ModelBundle bundle = ModelBundle.load(modelFolder);
            MoleculeScorer.requireKnown(bundle.vocabulary());
            Measures.checkSteps(conf.fidelity(), conf.likelihood(), bundle.diffusion());
            Optional<ReferenceSet> reference = References.of(conf.output(), modelFolder, bundle.vocabulary(), console);
            MetricGate.check(conf.output().require(), protocol, reference.isPresent(), conf.fidelity().on(),
                conf.likelihood().on(), !conf.against().isEmpty());
            Optional<String> noDrawings = MoleculeDrawings.probe();
            noDrawings.ifPresent(console::println);
            Optional<AskedModel> asked = conf.asksModel() ? Optional.of(AskedModel.of(run.get(), bundle, conf, spark))
                : Optional.empty();
            OutputFolder folder = OutputFolder.of(conf.output().out(), hadoop);
            Optional<InputGraphs> against = conf.against().isEmpty() ? Optional.empty()
                : Optional.of(InputGraphs.of("--against", conf.against(), hadoop));
            Fingerprint fingerprint = fingerprint(conf, input, against, bundle, reference, asked, spark);
            if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                MetricGate.judge(conf.output().require(), Results.print(folder, console));
                return;
            }
            Optional<Dataset<Row>> other = against.map(found -> finished(spark, found));
            Optional<Dataset<Row>> table = isText ? Optional.empty() : Optional.of(parquet(spark, input));
            if (table.isPresent()) {
                requireWhole(table.get(), conf.input());
            }
            MetricReport report;
            try (RunLock lock = folder.lock()) {
                folder.begin(fingerprint);
                // Shards of text are cut by the number of slots, those of Parquet by Spark: an earlier start's may be others.
                folder.clearMolecules();
                long start = System.nanoTime();
                long graphs;
                try {
                    graphs = table.isPresent() ? scoreParquet(spark, table.get(), bundle.vocabulary(), folder)
                        : scoreText(spark, input.text(), bundle.vocabulary(), folder);
                } catch (InputException e) {
                    // Text that is no graph: what came before it is no result.
                    folder.discard();
                    throw e;
                }
                folder.completeMolecules();
                RunRecord record = new RunRecord("evaluate").configuration(conf.values(modelFolder)).fingerprint(fingerprint)
                    .versions(Versions.all(spark.sparkContext())).fact("model", bundle.name())
                    .fact("master", spark.sparkContext().master()).timing("scoring", (System.nanoTime() - start) * 1e-9);
                Comparison compared = Comparison.NONE;
                if (asked.isPresent()) {
                    record.fact("backend", asked.get().backend()).hash("model", bundle.sha256());
                    long before = System.nanoTime();
                    compared = asked.get().compare(conf, spark, console);
                    record.timing("comparison", (System.nanoTime() - before) * 1e-9);
                }
                report = new Results(spark, folder, bundle.vocabulary(), reference, protocol, compared.against(other))
                    .publish(record, start, "Evaluation of " + input.path().getName(),
                        String.format(Locale.ROOT, "%,d graphs", graphs), List.of(), noDrawings);
                folder.finish(fingerprint);
            }
            Results.print(folder, console);
            MetricGate.judge(conf.output().require(), report);
        }
    }

    /**
     * The model of the run in the input, and what asks it.
     *
     * @param model   that the run has sampled
     * @param backend what the backend is here, for people
     */
    private record AskedModel(PackedModel model, Measures measures, Optional<LikelihoodProbe> likelihood, String backend) {

        static AskedModel of(RecordedRun run, ModelBundle bundle, EvaluateConf conf, SparkSession spark) throws IOException {
            PackedModel model = run.sampled(bundle);
            BackendOpener opener = BackendOpener.of(conf.backend());
            String backend = opener.probe(Runtime.getRuntime().availableProcessors());
            Measures measures = new Measures(bundle.packed(), bundle.vocabulary(),
                opener.onDevices(JavaSparkContext.fromSparkContext(spark.sparkContext())));
            return new AskedModel(model, measures, measures.likelihood(conf.likelihood(), spark), backend);
        }

        Comparison compare(EvaluateConf conf, SparkSession spark, PrintStream console) {
            return measures.compare(model, conf.fidelity(), likelihood, spark, console);
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
                for (long classes = 0; chunk.size() < (long) SHARD * slots && classes < MOST_CLASSES && reader.hasNext();) {
                    MolecularGraph graph = reader.next();
                    chunk.add(graph);
                    classes += graph.smiles() == null ? graph.nodes().length + graph.bonds().length : graph.smiles().length();
                }
                int shards = Math.max(1, (chunk.size() + SHARD - 1) / SHARD);
                context.setJobDescription("score graphs " + graphs + " to " + (graphs + chunk.size()));
                JavaRDD<Row> rows = context.parallelize(chunk, shards).mapPartitions(part -> {
                    MoleculeScorer scorer = new MoleculeScorer(vocabulary);
                    return map(part, graph -> {
                        ScoredGraph scored = scorer.score(graph);
                        return MoleculeRows.of(graph.graphId(), scored.nodes(), scored.bonds(), scored.molecule());
                    });
                });
                MoleculeWriter.commit(spark, rows, range(shard, shards), folder);
                shard += shards;
                graphs += chunk.size();
            }
        } finally {
            context.setJobDescription(null);
        }
        return graphs;
    }

    /** The scored rows of another run. */
    private static Dataset<Row> finished(SparkSession spark, InputGraphs run) {
        try {
            Dataset<Row> rows = ParquetFolder.read(spark, run.molecules());
            List<String> columns = List.of(rows.columns());
            for (String wanted : List.of(GRAPH_ID, "valid", "relaxed_valid", "connected", "logp", "weight", "rings")) {
                if (!columns.contains(wanted)) {
                    throw new InputException("--against " + run.named() + " must be the folder of a finished run, found no"
                        + " column " + wanted + " in its molecules");
                }
            }
            return rows;
        } catch (InputException e) {
            throw e;
        } catch (Exception e) {
            // Spark declares no checked AnalysisException to Java, but throws it.
            throw new InputException("--against must be the folder of a finished run, found " + run.named() + ": "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    /** Columns graph_id, atom_types and bonds; null where a value does not fit its type. */
    private static Dataset<Row> parquet(SparkSession spark, InputGraphs input) {
        try {
            Dataset<Row> table = ParquetFolder.read(spark, input.molecules());
            List<String> columns = List.of(table.columns());
            for (String wanted : List.of(GRAPH_ID, ATOM_TYPES, BONDS)) {
                if (!columns.contains(wanted)) {
                    throw new InputException("--input " + input.named() + " must have the columns " + GRAPH_ID + ", "
                        + ATOM_TYPES + " and " + BONDS + ", found " + String.join(", ", columns));
                }
            }
            return table.select(functions.col(GRAPH_ID).try_cast("bigint").as(GRAPH_ID),
                functions.col(ATOM_TYPES).try_cast("array<tinyint>").as(ATOM_TYPES),
                functions.col(BONDS).try_cast("array<tinyint>").as(BONDS));
        } catch (InputException e) {
            throw e;
        } catch (Exception e) {
            // Spark declares no checked AnalysisException to Java, but throws it.
            throw new InputException("--input must be DiGress's text, a list of SMILES or a folder of our Parquet, found "
                + input.named() + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    /** Reads the three columns once, little beside the chemistry, so that a bad row is told before any is scored. */
    private static void requireWhole(Dataset<Row> graphs, String input) {
        graphs.sparkSession().sparkContext().setJobDescription("check graphs of Parquet");
        List<Row> broken = graphs.filter("graph_id is null or atom_types is null or bonds is null"
            + " or exists(atom_types, type -> type is null) or exists(bonds, type -> type is null)").limit(1)
            .collectAsList();
        graphs.sparkSession().sparkContext().setJobDescription(null);
        if (!broken.isEmpty()) {
            throw new InputException("--input " + input + " must have an id and small whole numbers as classes of atoms and"
                + " bonds in every row, found " + broken.get(0));
        }
    }

    private static long scoreParquet(SparkSession spark, Dataset<Row> table, Vocabulary vocabulary, OutputFolder folder)
        throws IOException {
        spark.sparkContext().setJobDescription("score graphs of Parquet");
        try {
            JavaRDD<Row> graphs = filled(table.javaRDD());
            JavaRDD<Row> rows = graphs.mapPartitions(part -> {
                MoleculeScorer scorer = new MoleculeScorer(vocabulary);
                return map(part, row -> {
                    byte[] nodes = bytes(row, 1);
                    byte[] bonds = bytes(row, 2);
                    return MoleculeRows.of(row.getLong(0), nodes, bonds, scorer.score(nodes, bonds));
                });
            });
            // Without rows, Spark still writes the one file that tells the columns.
            MoleculeWriter.commit(spark, rows, range(0, Math.max(1, rows.getNumPartitions())), folder);
            return table.count();
        } finally {
            spark.sparkContext().setJobDescription(null);
        }
    }

    /** The partitions that have rows: Spark cuts files by bytes, Parquet by groups of rows, and a shard is never empty. */
    private static JavaRDD<Row> filled(JavaRDD<Row> rows) {
        Set<Integer> filled = new HashSet<>(rows.mapPartitionsWithIndex((index, part) ->
            part.hasNext() ? List.of(index).iterator() : Collections.<Integer>emptyIterator(), true).collect());
        return JavaRDD.fromRDD(PartitionPruningRDD.create(rows.rdd(),
            (Function1<Object, Object> & Serializable) index -> filled.contains(index)), rows.classTag());
    }

    private static byte[] bytes(Row row, int column) {
        List<Byte> values = row.getList(column);
        byte[] bytes = new byte[values.size()];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = values.get(at);
        }
        return bytes;
    }

    private static <A, B> Iterator<B> map(Iterator<A> from, Function<A, B> each) {
        return new Iterator<>() {
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

    private static Fingerprint fingerprint(EvaluateConf conf, InputGraphs input, Optional<InputGraphs> against,
                                           ModelBundle bundle, Optional<ReferenceSet> reference,
                                           Optional<AskedModel> asked, SparkSession spark) {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", "evaluate");
        rows.put("input", input.identity());
        rows.put("vocabulary", String.join(" ", bundle.vocabulary().nodes()) + " / "
            + String.join(" ", bundle.vocabulary().edges()));
        rows.putAll(Versions.ofRows(spark.sparkContext()));
        Map<String, String> evaluation = new LinkedHashMap<>(References.evaluation(conf.output(), reference));
        against.ifPresent(run -> evaluation.put("against", run.identity()));
        asked.ifPresent(model -> {
            evaluation.putAll(Fingerprint.ofMeasures(conf.fidelity(), conf.likelihood()));
            evaluation.put("model", PackedModelFormat.sha256(PackedModelFormat.toBytes(model.model())));
            evaluation.put("backend", model.measures().opener().identity());
        });
        return new Fingerprint(rows, evaluation);
    }
}
