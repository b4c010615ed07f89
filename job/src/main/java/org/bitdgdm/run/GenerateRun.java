package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.output.Versions;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.sample.SampleJob;

/**
 * One run of {@code generate}, or of a cell of a sweep, into one folder: {@link #tell} is its story, each stage made of what
 * the stage before has left, whose hash it knows, and none made again that the folder holds already.
 */
public final class GenerateRun {
    private static final double NANOS = 1e-9;

    private final ReadyModel model;
    private final JobConf conf;
    private final SparkSession spark;
    private final OutputFolder folder;
    private final PrintStream console;
    private final Fingerprint fingerprint;

    /**
     * A run that has done nothing yet.
     *
     * @param model  that it samples
     * @param conf   what it is
     * @param folder that it leaves its results in
     */
    public GenerateRun(ReadyModel model, JobConf conf, SparkSession spark, OutputFolder folder, PrintStream console) {
        this.model = model;
        this.conf = conf;
        this.spark = spark;
        this.folder = folder;
        this.console = console;
        this.fingerprint = model.fingerprint(conf, spark);
    }

    /** Whether there is nothing left to do. */
    public boolean isFinished() {
        return folder.state(fingerprint) == OutputFolder.State.FINISHED;
    }

    /**
     * The rows of all graphs, in the folder, scored.
     *
     * @param of        what they were sampled from
     * @param sha256    of its packed form, as it was broadcast
     * @param broadcast bytes of that
     * @param timings   of all starts
     */
    private record Sampled(QuantizedRun of, String sha256, long broadcast, RunTimings timings) {
    }

    /**
     * What the model was asked besides.
     *
     * @param of      its graphs
     * @param seconds taken
     */
    private record Compared(Sampled of, Comparison found, double seconds) {
    }

    /**
     * Makes what the folder lacks of the run: conf and model → quantize → broadcast, sample and score → compare → report.
     *
     * @param scans      of the model
     * @param atOnce     runs that this application works on at the same time, with which this one may share its slots
     * @param comparison with full precision, as far as it is asked for
     */
    public MetricReport tell(LayerScans scans, int atOnce, Function<PackedModel, Comparison> comparison)
        throws IOException, InterruptedException {
        long start = System.nanoTime();
        MetricReport report = report(compare(sample(quantize(scans)), comparison), atOnce, start);
        folder.finish(fingerprint);
        return report;
    }

    private QuantizedRun quantize(LayerScans scans) throws IOException {
        boolean isNew = folder.state(fingerprint) == OutputFolder.State.NEW;
        folder.begin(fingerprint);
        try {
            QuantizedRun quantized = QuantizedRun.of(folder, model, conf, spark.sparkContext(), scans, console);
            save();
            return quantized;
        } catch (InputException e) {
            // Settings that do not fit the model.
            if (isNew) {
                folder.discard();
            }
            throw e;
        }
    }

    /** Broadcasts the model, and samples and scores what is missing of its graphs. */
    private Sampled sample(QuantizedRun quantized) throws IOException, InterruptedException {
        RunTimings timings = RunTimings.of(folder, console);
        if (!Double.isNaN(quantized.seconds())) {
            timings = timings.withQuantization(quantized.seconds());
            timings.save(folder);
        }
        try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), quantized.model(),
            conf.sample(), model.opener())) {
            timings = timings.with(MoleculeWriter.write(spark, job, folder, model.family(), console));
            timings.save(folder);
            return new Sampled(quantized, job.model().hash(), job.model().bytes(), timings);
        }
    }

    private Compared compare(Sampled sampled, Function<PackedModel, Comparison> comparison) {
        long before = System.nanoTime();
        Comparison found = comparison.apply(sampled.of().model());
        return new Compared(sampled, found, (System.nanoTime() - before) * NANOS);
    }

    private MetricReport report(Compared compared, int atOnce, long start) throws IOException {
        Sampled sampled = compared.of();
        QuantizedRun quantized = sampled.of();
        RunTimings timings = sampled.timings();
        RunRecord record = new RunRecord("generate")
            .configuration(conf.values()).fingerprint(fingerprint)
            .versions(Versions.all(spark.sparkContext()))
            .hash("model", model.bundle().sha256())
            .hash("packed_model", sampled.sha256())
            .fact("model", model.bundle().name()).fact("backend", model.backend())
            .fact("master", spark.sparkContext().master()).fact("runs_at_once", Integer.toString(atOnce));
        if (timings.quantizationSeconds() != null) {
            record.timing("quantization", timings.quantizationSeconds());
        }
        record.modelBytes(model.calibrations().full().bytes(), quantized.model().bytes(), sampled.broadcast());
        record.sampling(conf.sample().count(), timings.total(conf.sample().count()));
        if (compared.found().fidelity().isPresent() || compared.found().likelihood().isPresent()) {
            record.timing("comparison", compared.seconds());
        }
        String title = model.bundle().name() + ", " + recipe(conf);
        String subtitle = String.format(Locale.ROOT, "%,d graphs, %d steps, seed %s, %s", conf.sample().count(),
            conf.sample().steps(), Long.toUnsignedString(conf.sample().seed()), model.backend());
        return new Results(spark, folder, model.family(), model.reference(), References.benchmark(conf.output()), model.protocol(),
            compared.found())
            .publish(conf.sample().count(), record, start, title, subtitle, quantized.layers(), model.noDrawings());
    }

    /** Writes the quantized model of the run, with all of the full-precision one's bundle, where that is asked for. */
    public void save() throws IOException {
        if (conf.saveModel().isEmpty()) {
            return;
        }
        QuantizedBundle kept = QuantizedRun.kept(folder).orElseThrow(() ->
            new InputException("--save-model must be left out where nothing is quantized, found " + conf.saveModel()));
        Path source = conf.modelFolder();
        kept.save(LocalPath.of(conf.saveModel()), model.bundle(), staging -> {
            if (ReferenceSet.isIn(source)) {
                ReferenceSet.load(source).save(staging);
            }
        });
        console.println("quantized model saved in " + conf.saveModel());
    }

    /** The recipe in a few words, for titles. */
    public static String recipe(JobConf conf) {
        if (conf.recipe().auto()) {
            return "a recipe within " + conf.recipe().budget() + " nats";
        }
        if (!conf.recipe().recipe().isEmpty()) {
            return "recipe " + Path.of(conf.recipe().recipe()).getFileName();
        }
        return conf.quantize().title();
    }
}
