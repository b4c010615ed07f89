package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.output.Versions;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.recipe.LayerRates;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.SampleJob;

/**
 * One run of {@code generate} into one folder, and what runs of the same model share: {@code generate} makes one, a sweep
 * one for each cell.
 *
 * @param bundle       the full-precision model
 * @param family       of its graphs
 * @param saved        the quantized one that lies in the same folder; then nothing is quantized
 * @param opener       the backend
 * @param backend      what the backend is here, for people
 * @param protocol     what the ratios divide by
 * @param reference    what novelty is measured against
 * @param noDrawings   why there are no drawings, if there are none
 * @param calibrations of the model
 */
record GenerateRun(ModelBundle bundle, GraphFamily family, Optional<QuantizedBundle> saved, BackendOpener opener,
                   String backend, Protocol protocol, Optional<ReferenceSet> reference, Optional<String> noDrawings,
                   Calibrations calibrations) {
    private static final double NANOS = 1e-9;

    /**
     * Loads and checks all that needs no Spark.
     *
     * @param spark settings of the application
     */
    static GenerateRun prepare(JobConf conf, SparkConf spark, PrintStream console) {
        Path folder = conf.modelFolder();
        ModelBundle bundle = ModelBundle.load(folder);
        GraphFamily family = GraphFamily.of(bundle.vocabulary());
        Protocol protocol = family.protocol(conf.output().protocol());
        Optional<QuantizedBundle> saved = saved(folder, bundle);
        BackendOpener opener = BackendOpener.of(conf.sample(), spark);
        int threads = Runtime.getRuntime().availableProcessors();
        String backend = opener.probe(threads, spark);
        Optional<ReferenceSet> reference = References.of(conf.output(), folder, bundle.vocabulary(), console);
        Optional<String> noDrawings = family.noDrawings();
        noDrawings.ifPresent(console::println);
        GenerateRun run = new GenerateRun(bundle, family, saved, opener, backend, protocol, reference, noDrawings,
            QuantizedRun.calibrations(bundle, opener, threads));
        run.checkSteps(conf);
        return run;
    }

    private static Optional<QuantizedBundle> saved(Path folder, ModelBundle bundle) {
        if (!QuantizedBundle.isIn(folder)) {
            return Optional.empty();
        }
        QuantizedBundle saved = QuantizedBundle.load(folder);
        if (!saved.sourceSha256().equals(bundle.sha256())) {
            throw new InputException("--model " + folder + " holds a quantized model of other tensors (SHA-256 "
                + saved.sourceSha256() + ") than those beside it (" + bundle.sha256() + "); remove "
                + QuantizedBundle.PACKED_FILE + ", or save the quantized model again");
        }
        return Optional.of(saved);
    }

    /**
     * What is run in fact: with the recipe of the saved model, where the user gives one.
     *
     * @throws InputException if the user asks for another quantization of it
     */
    JobConf settled(JobConf asked) {
        return saved.map(model -> asked.quantizedAs(model.recipe())).orElse(asked);
    }

    /** This run on the kind of GPU that the executors have, where they have any. */
    GenerateRun onDevices(SparkSession spark) {
        BackendOpener known = opener.onDevices(JavaSparkContext.fromSparkContext(spark.sparkContext()));
        return new GenerateRun(bundle, family, saved, known, backend, protocol, reference, noDrawings, calibrations);
    }

    /** The steps are an option, but only the model knows their limit. */
    void checkSteps(JobConf conf) {
        try {
            bundle.diffusion().times(conf.sample().steps());
        } catch (IllegalArgumentException e) {
            throw new InputException("--" + e.getMessage(), e);
        }
        Measures.checkSteps(conf.fidelity(), conf.likelihood(), bundle.diffusion());
        if (conf.recipe().auto() || conf.scan().on()) {
            FidelityProbe.checkSteps("--sensitivity-steps", conf.scan().steps(), bundle.diffusion());
        }
        if (conf.recipe().auto()) {
            LayerRates.of(opener.backend().label());
        }
    }

    /** Every metric that a run of this model can have. */
    MetricRegistry registry() {
        return family.registry(protocol);
    }

    /** What a run of this model is. */
    Fingerprint fingerprint(JobConf conf, SparkSession spark) {
        Fingerprint made = Fingerprint.ofGenerate(conf, bundle, opener.identity(),
            reference.map(ReferenceSet::sha256).orElse(""), spark.sparkContext());
        return saved.map(model -> made.with("model.quantized", hash(model.quantized().model()))).orElse(made);
    }

    private static String hash(PackedModel model) {
        return Sha256.of(PackedModelFormat.toBytes(model));
    }

    /** Writes the quantized model of a run, with all of the full-precision one's bundle, where that is asked for. */
    void save(JobConf conf, OutputFolder folder, PrintStream console) throws IOException {
        if (conf.saveModel().isEmpty()) {
            return;
        }
        QuantizedBundle kept = QuantizedRun.kept(folder).orElseThrow(() ->
            new InputException("--save-model must be left out where nothing is quantized, found " + conf.saveModel()));
        Path source = conf.modelFolder();
        kept.save(LocalPath.of(conf.saveModel()), bundle, staging -> {
            if (ReferenceSet.isIn(source)) {
                ReferenceSet.load(source).save(staging);
            }
        });
        console.println("quantized model saved in " + conf.saveModel());
    }

    /** What finds out about single layers of this model. */
    LayerScans scans(SparkSession spark) {
        return new LayerScans(JavaSparkContext.fromSparkContext(spark.sparkContext()), calibrations, opener);
    }

    /** What compares quantized models with this one. */
    Measures measures() {
        return new Measures(calibrations.full(), bundle.vocabulary(), opener);
    }

    /**
     * Makes what the folder lacks of a run.
     *
     * @param scans       of this model
     * @param folder      of the run, not finished
     * @param atOnce      runs that this application works on at the same time, with which this one may share its slots
     * @param comparison  with full precision, as far as it is asked for
     */
    MetricReport make(JobConf conf, SparkSession spark, LayerScans scans, OutputFolder folder, PrintStream console, int atOnce,
                      Function<PackedModel, Comparison> comparison) throws IOException, InterruptedException {
        Fingerprint fingerprint = fingerprint(conf, spark);
        boolean isNew = folder.state(fingerprint) == OutputFolder.State.NEW;
        folder.begin(fingerprint);
        long start = System.nanoTime();
        QuantizedRun quantized;
        try {
            quantized = QuantizedRun.of(folder, this, conf, scans, console);
            save(conf, folder, console);
        } catch (InputException e) {
            // Settings that do not fit the model.
            if (isNew) {
                folder.discard();
            }
            throw e;
        }
        RunRecord record = new RunRecord("generate")
            .configuration(conf.values()).fingerprint(fingerprint)
            .versions(Versions.all(spark.sparkContext()))
            .hash("model", bundle.sha256())
            .hash("packed_model", hash(quantized.model()))
            .fact("model", bundle.name()).fact("backend", backend)
            .fact("master", spark.sparkContext().master()).fact("runs_at_once", Integer.toString(atOnce));
        RunTimings timings = RunTimings.of(folder, console);
        if (!Double.isNaN(quantized.seconds())) {
            timings = timings.withQuantization(quantized.seconds());
            timings.save(folder);
        }
        if (timings.quantizationSeconds() != null) {
            record.timing("quantization", timings.quantizationSeconds());
        }

        PackedModel model = quantized.model();
        try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), model, conf.sample(),
            opener)) {
            record.modelBytes(calibrations.full().bytes(), model.bytes(), job.model().bytes());
            timings = timings.with(MoleculeWriter.write(spark, job, folder, family, console));
        }
        timings.save(folder);
        record.sampling(conf.sample().count(), timings.total(conf.sample().count()));

        long before = System.nanoTime();
        Comparison compared = comparison.apply(model);
        if (compared.fidelity().isPresent() || compared.likelihood().isPresent()) {
            record.timing("comparison", (System.nanoTime() - before) * NANOS);
        }
        String title = bundle.name() + ", " + recipe(conf);
        String subtitle = String.format(Locale.ROOT, "%,d graphs, %d steps, seed %s, %s", conf.sample().count(),
            conf.sample().steps(), Long.toUnsignedString(conf.sample().seed()), backend);
        MetricReport report = new Results(spark, folder, family, reference, protocol, compared)
            .publish(conf.sample().count(), record, start, title, subtitle, quantized.layers(), noDrawings);
        folder.finish(fingerprint);
        return report;
    }

    /** The recipe in a few words, for titles. */
    static String recipe(JobConf conf) {
        if (conf.recipe().auto()) {
            return "a recipe within " + conf.recipe().budget() + " nats";
        }
        if (!conf.recipe().recipe().isEmpty()) {
            return "recipe " + Path.of(conf.recipe().recipe()).getFileName();
        }
        return conf.quantize().title();
    }
}
