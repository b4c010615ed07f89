package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.family.Proteins;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.Versions;
import org.bitdgdm.run.InputGraphs;
import org.bitdgdm.run.Measures;
import org.bitdgdm.run.RecordedRun;
import org.bitdgdm.run.References;
import org.bitdgdm.run.Results;
import org.bitdgdm.run.Scoring;
import org.bitdgdm.run.Session;
import org.bitdgdm.sample.BackendOpener;

/** Existing graphs → molecules → metrics → report; nothing is sampled. */
final class Evaluate {
    private static final String GRAPH_ID = "graph_id";
    private static final String NODES = "nodes";
    private static final String EDGES = "edges";

    private Evaluate() {
    }

    /**
     * Scores a text file of graphs, or a folder of our Parquet; the folder of a run can have its model compared too.
     *
     * @throws org.bitdgdm.conf.Requirement.Unmet if a {@code --require} does not hold at the end
     */
    static void run(EvaluateConf given, PrintStream console) throws IOException, InterruptedException {
        if (SequenceScoring.isAsked(given)) {
            SequenceScoring.run(given, console);
            return;
        }
        if (!given.fold().own().isEmpty()) {
            throw new InputException(given.fold().own().get(0) + " must be left out without --structures, which sequences are"
                + " scored against");
        }
        if (given.smilesColumn().isEmpty()) {
            InputGraphs.localText(given.input()).ifPresent(GraphReader::format);
        }
        try (Session session = Session.open("bitdgdm evaluate " + given.input(), console)) {
            SparkSession spark = session.spark();
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            InputGraphs input = InputGraphs.of("--input", given.input(), hadoop);
            boolean isText = input.isText();
            Optional<RecordedRun> run = isText ? Optional.empty() : RecordedRun.of(given.input(), hadoop);
            if (given.asksModel() && run.isEmpty()) {
                throw new InputException((given.fidelity().on() ? "--fidelity" : "--likelihood")
                    + " asks the model that has made the graphs: --input must be the folder of a run of generate, found "
                    + given.input());
            }
            Path modelFolder = given.modelFolder(run.map(RecordedRun::model));
            if (ProteinBundle.isIn(modelFolder)) {
                throw new InputException(run.isPresent() ? "--input " + given.input() + " is a run of a model of proteins,"
                    + " whose numbers stand in its " + RunFiles.METRICS_JSON + "; to score its sequences again, give --input "
                    + given.input() + "/" + Proteins.FASTA + " and --structures"
                    : "--model " + modelFolder + " is a model of proteins; to score sequences, give --structures in its place");
            }
            EvaluateConf conf = given.asksModel() ? given.with(run.get().compared(given.fidelity())) : given;
            ModelBundle bundle = ModelBundle.load(modelFolder);
            GraphFamily family = GraphFamily.of(bundle.vocabulary());
            Protocol protocol = family.protocol(conf.output().protocol());
            Measures.checkSteps(conf.fidelity(), conf.likelihood(), bundle.diffusion());
            Optional<ReferenceSet> reference = References.of(conf.output(), modelFolder, bundle.vocabulary(), console,
                JavaSparkContext.fromSparkContext(spark.sparkContext()));
            MetricRegistry registry = family.registry(protocol);
            BenchmarkFiles files = References.checked(conf.output(), bundle.vocabulary());
            registry.check(conf.output().require(), Measures.given(reference.isPresent(), conf.output(), conf.fidelity(),
                conf.likelihood(), !conf.against().isEmpty()));
            Optional<String> noDrawings = family.noDrawings();
            noDrawings.ifPresent(console::println);
            Optional<AskedModel> asked = conf.asksModel() ? Optional.of(AskedModel.of(run.get(), bundle, conf, spark))
                : Optional.empty();
            OutputFolder folder = OutputFolder.of(conf.output().out(), hadoop, family.folder());
            Optional<InputGraphs> against = conf.against().isEmpty() ? Optional.empty()
                : Optional.of(InputGraphs.of("--against", conf.against(), hadoop));
            Fingerprint fingerprint = fingerprint(conf, input, against, bundle, reference, asked, spark);
            if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                Results.print(folder, family, console).judge(conf.output().require());
                return;
            }
            Optional<Dataset<Row>> other = against.map(found -> finished(spark, found, family, registry));
            Optional<Dataset<Row>> table = isText ? Optional.empty() : Optional.of(parquet(Scoring.cutting(spark), input, family));
            if (table.isPresent()) {
                requireWhole(table.get(), input, family);
            }
            MetricReport report;
            try (RunLock lock = folder.lock()) {
                folder.begin(fingerprint);
                long start = System.nanoTime();
                long graphs;
                Scoring scoring = new Scoring(spark, family, folder, console);
                try {
                    graphs = table.isPresent() ? scoring.parquet(table.get())
                        : scoring.text(input.text(), conf.smilesColumn());
                    if (graphs == 0) {
                        throw new InputException("--input " + conf.input() + " holds no graphs; there is nothing to evaluate");
                    }
                } catch (InputException e) {
                    // Text that is no graph: what came before it is no result.
                    folder.discard();
                    throw e;
                }
                scoring.complete();
                RunRecord record = new RunRecord("evaluate").configuration(conf.values(modelFolder)).fingerprint(fingerprint)
                    .versions(Versions.all(spark.sparkContext())).fact("model", bundle.name())
                    .fact("master", spark.sparkContext().master()).timing("scoring", (System.nanoTime() - start) * 1e-9);
                Measures.Found compared = Measures.Found.NONE;
                if (asked.isPresent()) {
                    record.fact("backend", asked.get().backend()).hash("model", bundle.sha256());
                    long before = System.nanoTime();
                    compared = asked.get().compare(conf, spark, console);
                    record.timing("comparison", (System.nanoTime() - before) * 1e-9);
                }
                report = new Results(spark, folder, family, reference, files, protocol, compared.against(other))
                    .publish(graphs, record, start, "Evaluation of " + input.path().getName(),
                        Amount.of(graphs, "graph"), List.of(), noDrawings);
                folder.finish(fingerprint);
            }
            Results.print(folder, family, console);
            report.judge(conf.output().require());
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
            BackendOpener opener = BackendOpener.of(conf.backend(), Session.settings());
            String backend = opener.probe(Runtime.getRuntime().availableProcessors(), Session.settings());
            Measures measures = new Measures(bundle.packed(), bundle.vocabulary(),
                opener.onDevices(JavaSparkContext.fromSparkContext(spark.sparkContext())));
            return new AskedModel(model, measures, measures.likelihood(conf.likelihood(), spark), backend);
        }

        Measures.Found compare(EvaluateConf conf, SparkSession spark, PrintStream console) {
            return measures.compare(model, conf.fidelity(), likelihood, spark, console);
        }
    }

    /** The scored rows of another run. */
    private static Dataset<Row> finished(SparkSession spark, InputGraphs run, GraphFamily family,
                                         MetricRegistry registry) {
        try {
            String found = run.rows(family.folder());
            run.requireParquet(found, false);
            Dataset<Row> rows = ParquetFolder.read(spark, found);
            List<String> columns = List.of(rows.columns());
            for (String wanted : registry.comparedColumns()) {
                if (!columns.contains(wanted) || !columns.contains(GRAPH_ID)) {
                    throw new InputException("--against " + run.named() + " must be the folder of a finished run, found no"
                        + " column " + wanted + " in its " + family.folder());
                }
            }
            return rows;
        } catch (InputException e) {
            throw e;
        } catch (Exception e) {
            // Spark declares no checked AnalysisException to Java, but throws it.
            throw damaged(run, e).orElseGet(() -> new InputException("--against must be the folder of a finished run, found "
                + run.named() + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e));
        }
    }

    /** Ids and classes; null where a value does not fit its type. */
    private static Dataset<Row> parquet(SparkSession spark, InputGraphs input, GraphFamily family) {
        String nodes = family.nodesColumn();
        String edges = family.edgesColumn();
        try {
            String rows = input.rows(family.folder());
            input.requireParquet(rows, true);
            Dataset<Row> table = ParquetFolder.read(spark, rows);
            List<String> columns = List.of(table.columns());
            for (String wanted : List.of(GRAPH_ID, nodes, edges)) {
                if (!columns.contains(wanted)) {
                    throw new InputException("--input " + input.named() + " must have the columns " + GRAPH_ID + ", "
                        + nodes + " and " + edges + ", found " + String.join(", ", columns));
                }
            }
            return table.select(functions.col(GRAPH_ID).try_cast("bigint").as(GRAPH_ID),
                functions.col(nodes).try_cast("array<tinyint>").as(NODES),
                functions.col(edges).try_cast("array<tinyint>").as(EDGES));
        } catch (InputException e) {
            throw e;
        } catch (Exception e) {
            // Spark declares no checked AnalysisException to Java, but throws it.
            throw damaged(input, e).orElseGet(() -> new InputException("--input must be DiGress's text, a list of SMILES, JSON of"
                + " plain graphs or a folder of our Parquet, found " + input.named() + ": "
                + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e));
        }
    }

    private static Optional<InputException> damaged(InputGraphs graphs, Exception e) {
        return Session.unreadableFile(e).map(file -> new InputException(graphs.option() + " " + graphs.named()
            + " has a file that cannot be read as Parquet, " + file + "; make or copy it again, or take it out", e));
    }

    /** Reads the three columns once, little beside the chemistry, so that a bad row is told before any is scored. */
    private static void requireWhole(Dataset<Row> graphs, InputGraphs input, GraphFamily family) {
        graphs.sparkSession().sparkContext().setJobDescription("check graphs of Parquet");
        List<Row> broken;
        try {
            broken = graphs.filter("graph_id is null or nodes is null or edges is null"
                + " or exists(nodes, type -> type is null) or exists(edges, type -> type is null)").limit(1)
                .collectAsList();
        } catch (Exception e) {
            // Spark declares nothing to Java.
            Optional<InputException> told = damaged(input, e);
            if (told.isPresent()) {
                throw told.get();
            }
            throw e;
        } finally {
            graphs.sparkSession().sparkContext().setJobDescription(null);
        }
        if (!broken.isEmpty()) {
            throw new InputException("--input " + input.named() + " must have an id and small whole numbers in "
                + family.nodesColumn() + " and " + family.edgesColumn() + " in every row, found " + broken.get(0));
        }
    }

    private static Fingerprint fingerprint(EvaluateConf conf, InputGraphs input, Optional<InputGraphs> against,
                                           ModelBundle bundle, Optional<ReferenceSet> reference,
                                           Optional<AskedModel> asked, SparkSession spark) {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", "evaluate");
        rows.put("input", input.identity());
        if (!conf.smilesColumn().isEmpty()) {
            rows.put("evaluate.smiles-column", conf.smilesColumn());
        }
        rows.put("vocabulary", String.join(" ", bundle.vocabulary().nodes()) + " / "
            + String.join(" ", bundle.vocabulary().edges()));
        rows.putAll(Versions.ofRows(spark.sparkContext()));
        Map<String, String> evaluation = new LinkedHashMap<>(References.evaluation(conf.output(), reference));
        against.ifPresent(run -> evaluation.put("against", run.identity()));
        asked.ifPresent(model -> {
            evaluation.putAll(Fingerprint.ofMeasures(conf.fidelity(), conf.likelihood()));
            evaluation.put("model", PackedModelFormat.sha256(model.model()));
            evaluation.put("backend", model.measures().opener().identity());
        });
        return new Fingerprint(rows, evaluation);
    }
}
