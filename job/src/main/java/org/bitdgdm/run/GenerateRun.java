package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.output.Versions;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.recipe.LayerStudy;

/**
 * One run of {@code generate}, or of a cell of a sweep, into one folder: {@link #tell} is its story, each stage made of what
 * the stage before has left, whose hash it knows, and none made again that the folder holds already.
 *
 * @param <M> form of its model
 */
public final class GenerateRun<M extends PackedNetwork> {
    private static final double NANOS = 1e-9;

    private final RunModel<M> model;
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
    public GenerateRun(RunModel<M> model, JobConf conf, SparkSession spark, OutputFolder folder, PrintStream console) {
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
     * The rows of the run, in the folder.
     *
     * @param of      what they were sampled from
     * @param written of this start
     * @param timings of all starts
     */
    private record Sampled<M extends PackedNetwork>(QuantizedRun<M> of, RunModel.Written written, RunTimings timings) {
    }

    /**
     * What the model was asked besides.
     *
     * @param of      its rows
     * @param seconds taken
     */
    private record Compared<M extends PackedNetwork>(Sampled<M> of, Measures.Found found, double seconds) {
    }

    /**
     * Makes what the folder lacks of the run: conf and model → quantize → broadcast, sample and score → compare → report.
     *
     * @param study      of the model's layers
     * @param atOnce     runs that this application works on at the same time, with which this one may share its slots
     * @param comparison with full precision, as far as it is asked for
     */
    public MetricReport tell(LayerStudy<M> study, int atOnce, Comparer<M> comparison)
        throws IOException, InterruptedException {
        long start = System.nanoTime();
        MetricReport report = report(compare(sample(quantize(study)), comparison), atOnce, start);
        folder.finish(fingerprint);
        return report;
    }

    private QuantizedRun<M> quantize(LayerStudy<M> study) throws IOException {
        boolean isNew = folder.state(fingerprint) == OutputFolder.State.NEW;
        folder.begin(fingerprint);
        try {
            QuantizedRun<M> quantized = QuantizedRun.of(folder, model, conf, spark.sparkContext(), study, console);
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

    /** Broadcasts the model, and samples what is missing of the rows. */
    private Sampled<M> sample(QuantizedRun<M> quantized) throws IOException, InterruptedException {
        RunTimings timings = RunTimings.of(folder, console);
        if (quantized.from().isPresent()) {
            timings = timings.withQuantization(quantized.seconds(), quantized.from().get());
            timings.save(folder);
        }
        RunModel.Written written = model.write(quantized.model(), conf, spark, folder, console);
        timings = timings.with(written.run());
        timings.save(folder);
        return new Sampled<>(quantized, written, timings);
    }

    private Compared<M> compare(Sampled<M> sampled, Comparer<M> comparison) {
        long before = System.nanoTime();
        Measures.Found found = comparison.of(sampled.of().model());
        return new Compared<>(sampled, found, (System.nanoTime() - before) * NANOS);
    }

    private MetricReport report(Compared<M> compared, int atOnce, long start) throws IOException {
        Sampled<M> sampled = compared.of();
        QuantizedRun<M> quantized = sampled.of();
        RunTimings timings = sampled.timings();
        RunRecord record = new RunRecord("generate")
            .configuration(conf.values()).fingerprint(fingerprint)
            .versions(Versions.all(spark.sparkContext()))
            .hash("model", model.bundle().sha256())
            .hash("packed_model", sampled.written().sha256())
            .fact("model", model.bundle().name()).fact("backend", model.backend())
            .fact("master", spark.sparkContext().master()).fact("runs_at_once", Integer.toString(atOnce));
        model.facts(conf).forEach(record::fact);
        if (timings.quantizedModel() != null) {
            record.fact("quantized_model", timings.quantizedModel());
        }
        if (timings.quantizationSeconds() != null) {
            record.timing("quantization", timings.quantizationSeconds());
        }
        record.modelBytes(model.full().bytes(), quantized.model().bytes(), sampled.written().broadcast());
        RunTimings.Sampled total = timings.total(model.count(conf));
        record.sampling(model.count(conf), atOnce == 1 && model.onProcessors() ? total : total.withoutJoules());
        if (compared.found().fidelity().isPresent() || compared.found().likelihood().isPresent()) {
            record.timing("comparison", compared.seconds());
        }
        String title = model.bundle().name() + ", " + recipe(conf);
        return model.results(conf, spark, folder, compared.found())
            .publish(model.rows(conf), record, start, title, model.subtitle(conf), quantized.layers(), model.noDrawings());
    }

    /** Writes the quantized model of the run, with all of the full-precision one's bundle, where that is asked for. */
    public void save() throws IOException {
        if (conf.saveModel().isEmpty()) {
            return;
        }
        QuantizedBundle<M> kept = QuantizedRun.kept(folder, model::unpack).orElseThrow(() ->
            new InputException("--save-model must be left out where nothing is quantized, found " + conf.saveModel()));
        Path source = conf.modelFolder();
        kept.save(LocalPath.of(conf.saveModel()), model.bundle(), staging -> model.saveBeside(source, staging));
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
