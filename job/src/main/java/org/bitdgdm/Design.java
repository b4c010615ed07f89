package org.bitdgdm;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.Option;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.metrics.DesignReport;
import org.bitdgdm.metrics.DesignTally;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.output.DesignPage;
import org.bitdgdm.output.DesignPlan;
import org.bitdgdm.output.DesignRows;
import org.bitdgdm.output.DesignTask;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.ShardContent;
import org.bitdgdm.output.Versions;
import org.bitdgdm.protein.FeatureScales;
import org.bitdgdm.protein.SurveyedChain;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizationCsv;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedProteins;
import org.bitdgdm.run.GenerateRun;
import org.bitdgdm.run.Session;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ProteinBroadcast;

/** {@code generate} of a model of proteins: structures → chains → sequences → metrics → report. */
final class Design {
    private static final String METRICS_JSON = "metrics.json";
    private static final String FASTA = "sequences.fasta";
    private static final String REPORT = "report.html";
    private static final String RUN_JSON = "run.json";
    private static final String LAYERS_CSV = "quantization.csv";
    /** Where a run keeps its quantized model. */
    private static final String KEPT = RunFiles.KEPT_MODEL + "/" + QuantizedBundle.PACKED_FILE;
    /** Scales come from the same runs whatever the seed. */
    private static final long CALIBRATION_SEED = 0;
    /** Backbones of a calibration where no number is asked for. */
    private static final int CALIBRATING = 5;
    /** Residues of a chain that is too long to calibrate on where there are shorter ones. */
    private static final int LONG = 400;
    private static final int SHOWN = 6;
    private static final double NANOS = 1e-9;

    private final JobConf conf;
    private final ProteinBundle bundle;
    private final PrintStream console;
    private final BackendOpener opener;
    private final ResidueDiffusion.Transition transition;
    private final int steps;

    private Design(JobConf conf, PrintStream console) {
        this.conf = conf;
        this.console = console;
        this.bundle = ProteinBundle.load(conf.modelFolder());
        this.opener = opener(conf);
        FoldConf fold = conf.fold();
        transition = fold.transition().isEmpty() ? bundle.trained() : ResidueDiffusion.Transition.of(fold.transition());
        steps = fold.evaluations() > 0 ? fold.evaluations() : Math.max(1, bundle.diffusion().steps() / FoldConf.STRIDE);
        try {
            bundle.diffusion().times(steps);
        } catch (IllegalArgumentException e) {
            throw new InputException("--steps " + steps + ": " + e.getMessage(), e);
        }
        DesignReport.check(conf.output().require());
        requireOwn(conf);
    }

    /** What is not defined for sequences, or not there yet, is refused before anything is read. */
    private static void requireOwn(JobConf conf) {
        Map<Option, Boolean> asked = new LinkedHashMap<>();
        asked.put(Option.RECIPE, conf.recipe().auto());
        asked.put(Option.SAVE_MODEL, !conf.saveModel().isEmpty());
        asked.put(Option.FIDELITY, conf.fidelity().on());
        asked.put(Option.SENSITIVITY, conf.scan().on());
        asked.put(Option.LIKELIHOOD, conf.likelihood().on());
        asked.forEach((option, given) -> {
            if (given) {
                throw new InputException(option.flag() + " must be left out for a model of proteins, which has none yet");
            }
        });
    }

    private static BackendOpener opener(JobConf conf) {
        if (conf.sample().backend().equals(Backend.CUDA.label())) {
            throw new InputException("--backend cuda has no network of proteins yet: it lacks kernels for messages along the edges"
                + " of a sparse graph, for their sums at the receivers, for normalisation over a whole protein and for SiLU;"
                + " leave it out, or give cpu or reference");
        }
        return new BackendOpener(conf.sample().backend().equals(Backend.REFERENCE.label()) ? Backend.REFERENCE : Backend.CPU,
            conf.sample().cpuIsa(), conf.sample().nativeDirectory());
    }

    /**
     * Runs the job; a finished run of the same fingerprint does nothing but say its numbers again.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(JobConf conf, PrintStream console) throws IOException, InterruptedException {
        Design design = new Design(conf, console);
        String backend = design.opener.probe(Runtime.getRuntime().availableProcessors(), Session.settings());
        try (Session session = Session.open("bitdgdm generate " + design.bundle.name(), console)) {
            design.run(session.spark(), backend);
        }
    }

    private void run(SparkSession spark, String backend) throws IOException, InterruptedException {
        Structures structures = Structures.survey(conf.fold(), spark, console);
        OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration(),
            DesignRows.FOLDER);
        Fingerprint fingerprint = fingerprint(structures, spark);
        DesignReport report;
        if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
            console.println("finished before, nothing to do: " + folder);
            report = recorded(folder);
        } else {
            try (RunLock lock = folder.lock()) {
                console.printf("model %s (%s), %s noise, %d evaluations, backend %s%n", bundle.name(), GenerateRun.recipe(conf),
                    transition.label(), steps, backend);
                report = make(spark, structures, folder, fingerprint, backend);
            }
        }
        print(report, folder);
        report.judge(conf.output().require());
    }

    /** What is broadcast: in full precision, or quantized, which an earlier start of the same run may have done already. */
    private PackedProteinModel model(Structures structures, OutputFolder folder, DesignTask task, RunRecord record)
        throws IOException {
        PackedProteinModel full = bundle.packed();
        if (conf.quantize().nothing()) {
            return full;
        }
        Optional<PackedProteinModel> kept = kept(folder);
        if (kept.isPresent()) {
            console.println("quantized before: the model of " + folder);
            return kept.get();
        }
        console.println("quantizing with " + (conf.quantize().overrides().isEmpty() ? conf.quantize().method().toString()
            : "settings of each layer") + " …");
        List<ProteinGraph> backbones = new ArrayList<>();
        for (SurveyedChain chain : calibrating(structures.chains())) {
            backbones.add(task.protein(chain));
        }
        QuantizedProteins quantized;
        try (ProteinDenoiser denoiser = ProteinBroadcast.open(full, opener, Runtime.getRuntime().availableProcessors())) {
            quantized = Quantization.quantize(full, denoiser, backbones, conf.quantize(), CALIBRATION_SEED);
        }
        console.printf(Locale.ROOT, "quantized in %.1f s: %,d → %,d bytes%n", quantized.seconds(), full.bytes(),
            quantized.model().bytes());
        record.timing("quantization", quantized.seconds());
        folder.publish(LAYERS_CSV, QuantizationCsv.toCsv(quantized.layers(), Map.of()).getBytes(StandardCharsets.UTF_8));
        folder.publish(KEPT, PackedModelFormat.toBytes(quantized.model()));
        return quantized.model();
    }

    /** Chains whose backbones the model is calibrated on: a few, from all over the run, long ones left out where others are. */
    private List<SurveyedChain> calibrating(List<SurveyedChain> chains) {
        List<SurveyedChain> usable = chains.stream().filter(chain -> !chain.refused()).toList();
        List<SurveyedChain> modest = usable.stream().filter(chain -> chain.length() <= LONG).toList();
        List<SurveyedChain> from = modest.isEmpty() ? usable : modest;
        int wanted = Math.min(from.size(), Math.max(CALIBRATING, conf.quantize().calibrationGraphs()));
        return IntStream.range(0, wanted).mapToObj(at -> from.get((int) ((long) at * from.size() / wanted))).toList();
    }

    private static Optional<PackedProteinModel> kept(OutputFolder folder) throws IOException {
        if (!folder.exists(KEPT)) {
            return Optional.empty();
        }
        try {
            return Optional.of(PackedModelFormat.proteinOf(folder.read(KEPT)));
        } catch (IllegalArgumentException e) {
            throw new InputException("the quantized model in " + folder + "/" + KEPT + " is damaged: " + e.getMessage()
                + "; give another --out", e);
        }
    }

    private Fingerprint fingerprint(Structures structures, SparkSession spark) {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", "generate proteins");
        rows.put("structures", structures.identity());
        rows.put("model", Sha256.of(PackedModelFormat.toBytes(bundle.packed())));
        rows.put("steps", Integer.toString(steps));
        rows.put("transition", transition.label());
        rows.put("seed", Long.toUnsignedString(conf.sample().seed()));
        rows.put("backend", opener.identity());
        Map<String, Object> values = conf.values();
        for (Option option : Option.values()) {
            if (option.key().startsWith("quantize.") || option == Option.SAMPLES || option == Option.DIVERSE
                || option == Option.FIX
                || option == Option.LOG_PROBABILITIES || option == Option.CHAINS) {
                rows.put(option.key(), String.valueOf(values.get(option.key())));
            }
        }
        rows.putAll(Versions.ofRows(spark.sparkContext()));
        return new Fingerprint(rows, Map.of());
    }

    private DesignReport make(SparkSession spark, Structures structures, OutputFolder folder, Fingerprint fingerprint,
                              String backend) throws IOException {
        long start = System.nanoTime();
        boolean isNew = folder.state(fingerprint) == OutputFolder.State.NEW;
        folder.begin(fingerprint);
        RunRecord record = new RunRecord("generate").configuration(conf.values()).fingerprint(fingerprint)
            .versions(Versions.all(spark.sparkContext())).hash("model", bundle.sha256())
            .fact("model", bundle.name()).fact("backend", backend).fact("steps", Integer.toString(steps))
            .fact("transition", transition.label()).fact("master", spark.sparkContext().master());
        DesignTask task = new DesignTask(conf.fold(), transition, steps, conf.sample().seed(), conf.sample().batchSize(),
            FeatureScales.of(bundle.tables()), new SerializableConfiguration(spark.sparkContext().hadoopConfiguration()));
        PackedProteinModel model;
        try {
            model = model(structures, folder, task, record);
        } catch (InputException e) {
            // Settings that do not fit the model.
            if (isNew) {
                folder.discard();
            }
            throw e;
        }
        long before = System.nanoTime();
        long sampled = sample(spark, structures, folder, model, task, record);
        double seconds = (System.nanoTime() - before) * NANOS;
        if (sampled > 0) {
            record.timing("sampling", seconds);
            console.printf(Locale.ROOT, "%,d rows in %.1f s%n", sampled, seconds);
        }
        DesignReport report = publish(spark, folder, record, title(), String.format(Locale.ROOT,
            "%,d chains, %,d samples each, %d evaluations, %s noise, seed %s, %s", structures.chains().stream()
                .filter(chain -> !chain.refused()).count(), conf.fold().samples(), steps, transition.label(),
            Long.toUnsignedString(conf.sample().seed()), backend), start);
        folder.finish(fingerprint);
        return report;
    }

    private String title() {
        return bundle.name() + ", " + GenerateRun.recipe(conf);
    }

    private long sample(SparkSession spark, Structures structures, OutputFolder folder, PackedProteinModel model,
                        DesignTask task, RunRecord record) throws IOException {
        DesignPlan plan = DesignPlan.of(structures.chains(), conf.fold().samples());
        SortedMap<Integer, ShardContent> contents = new TreeMap<>();
        plan.shards().forEach(shard -> contents.put(shard.index(), ShardContent.of(shard.firstId(), shard.rows())));
        SortedMap<Integer, DesignPlan.Shard> missing = new TreeMap<>();
        plan.shards().forEach(shard -> missing.put(shard.index(), shard));
        missing.keySet().removeAll(folder.wholeShards(contents, console));
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try (ProteinBroadcast broadcast = new ProteinBroadcast(context, model, opener)) {
            record.hash("packed_model", broadcast.hash());
            record.modelBytes(bundle.packed().bytes(), model.bytes(), broadcast.bytes());
            if (missing.isEmpty()) {
                folder.completeMolecules(contents);
                return 0;
            }
            if (missing.size() < plan.shards().size()) {
                console.printf("resuming: %,d of %,d shards are already in %s%n", plan.shards().size() - missing.size(),
                    plan.shards().size(), folder);
            }
            context.setJobDescription("design sequences of " + missing.size() + " shards");
            JavaRDD<Row> rows = context.parallelize(List.copyOf(missing.values()), missing.size())
                .mapPartitions(part -> task.rows(part.next(), broadcast.lease(TaskContext.get())));
            MoleculeWriter.commit(spark, rows, DesignRows.SCHEMA, List.copyOf(missing.keySet()), folder);
            folder.completeMolecules(contents);
        } finally {
            context.setJobDescription(null);
        }
        return missing.values().stream().mapToLong(DesignPlan.Shard::rows).sum();
    }

    /** Metrics, FASTA and report of finished rows. */
    static DesignReport publish(SparkSession spark, OutputFolder folder, RunRecord record, String title, String subtitle,
                                long startNanos) throws IOException {
        Dataset<Row> rows = ParquetFolder.read(spark, folder.molecules().toString());
        DesignReport report = rows.javaRDD().mapPartitions(part -> {
            DesignTally tally = new DesignTally();
            part.forEachRemaining(tally::add);
            return List.of(tally).iterator();
        }).treeAggregate(new DesignTally(), DesignTally::merge, DesignTally::merge).report();
        folder.publish(METRICS_JSON, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(report.toJson()));
        Iterator<Row> sequences = rows.filter(col("sequence").isNotNull())
            .select("structure", "chain", "sample", "sequence", "recovery").orderBy("graph_id").toLocalIterator();
        folder.publishText(FASTA, lines(sequences));
        record.timing("total", (System.nanoTime() - startNanos) * NANOS);
        List<Row> shown = rows.filter(col("sequence").isNotNull().and(col("sample").isNull())).orderBy("graph_id").limit(SHOWN)
            .collectAsList();
        folder.publish(REPORT, DesignPage.render(title, subtitle, report, record.json(), shown)
            .getBytes(StandardCharsets.UTF_8));
        folder.publish(RUN_JSON, record.toBytes());
        return report;
    }

    private static Iterator<String> lines(Iterator<Row> rows) {
        Iterable<Row> all = () -> rows;
        return StreamSupport.stream(all.spliterator(), false).flatMap(row -> {
            String recovery = row.isNullAt(4) ? "" : String.format(Locale.ROOT, " recovery=%.4f", row.getDouble(4));
            return Stream.of(">" + row.getString(0).replaceAll("\\s", "_") + ":" + row.getString(1)
                + (row.isNullAt(2) ? " ensemble" : " sample=" + row.getInt(2)) + recovery, row.getString(3));
        }).iterator();
    }

    /** The numbers of a finished run. */
    static DesignReport recorded(OutputFolder folder) throws IOException {
        return DesignReport.parse(new String(folder.read(METRICS_JSON), StandardCharsets.UTF_8));
    }

    static void print(DesignReport report, OutputFolder folder, PrintStream console) {
        for (Metric metric : report.metrics()) {
            String name = metric.name().replace('_', ' ');
            if (metric.value() == null) {
                console.printf("%-27s not available (%s)%n", name, report.absent().get(metric.name()));
            } else {
                boolean share = name.endsWith("recovery");
                double unit = share ? 100 : 1;
                console.printf(Locale.ROOT, "%-27s %.2f%s%s%n", name, unit * metric.value(), share ? "%" : "",
                    metric.low() == null ? "" : String.format(Locale.ROOT, " (95%% interval %.2f to %.2f)", unit * metric.low(),
                        unit * metric.high()));
            }
        }
        Stream.of(DesignRows.FOLDER, FASTA, METRICS_JSON, REPORT).forEach(name ->
            console.printf("%-27s %s%n", name, folder.path(name)));
    }

    private void print(DesignReport report, OutputFolder folder) {
        print(report, folder, console);
    }

    /** Whether a folder holds a model of proteins. */
    static boolean isOf(Path folder) {
        return ProteinBundle.isIn(folder);
    }
}
