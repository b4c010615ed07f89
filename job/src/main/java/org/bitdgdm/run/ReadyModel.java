package org.bitdgdm.run;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.recipe.LayerRates;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ShardSampler;

/**
 * A model made ready for runs: all that runs of one model share. {@code generate} makes one run of it, a sweep one for each
 * cell.
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
public record ReadyModel(ModelBundle bundle, GraphFamily family, Optional<QuantizedBundle> saved, BackendOpener opener,
                   String backend, Protocol protocol, Optional<ReferenceSet> reference, Optional<String> noDrawings,
                   Calibrations calibrations) {
    /**
     * Loads and checks all that needs no Spark.
     *
     * @param spark settings of the application
     * @throws InputException for what does not fit
     */
    public static ReadyModel prepare(JobConf conf, SparkConf spark, PrintStream console) {
        Path folder = conf.modelFolder();
        ModelBundle bundle = ModelBundle.load(folder);
        GraphFamily family = GraphFamily.of(bundle.vocabulary());
        Protocol protocol = family.protocol(conf.output().protocol());
        Optional<QuantizedBundle> saved = saved(folder, bundle);
        BackendOpener opener = BackendOpener.of(conf.sample(), spark);
        int threads = Runtime.getRuntime().availableProcessors();
        String backend = opener.probe(threads, spark);
        Optional<ReferenceSet> reference = References.of(conf.output(), folder, bundle.vocabulary(), console);
        // Files that are not there are told before anything is sampled.
        References.benchmark(conf.output());
        Optional<String> noDrawings = family.noDrawings();
        noDrawings.ifPresent(console::println);
        ReadyModel ready = new ReadyModel(bundle, family, saved, opener, backend, protocol, reference, noDrawings,
            QuantizedRun.calibrations(bundle, opener, threads));
        ready.checkSteps(conf);
        return ready;
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
    public JobConf settled(JobConf asked) {
        return saved.map(model -> asked.quantizedAs(model.recipe())).orElse(asked);
    }

    /** The same on the kind of GPU that the executors have, where they have any. */
    public ReadyModel onDevices(SparkSession spark) {
        BackendOpener known = opener.onDevices(JavaSparkContext.fromSparkContext(spark.sparkContext()));
        return new ReadyModel(bundle, family, saved, known, backend, protocol, reference, noDrawings, calibrations);
    }

    /** The steps are an option, but only the model knows their limit. */
    public void checkSteps(JobConf conf) {
        boolean flow = ShardSampler.steps(conf.sample(), bundle.diffusion()).get(0).rule() != Sampler.Rule.POSTERIOR;
        if (opener.backend() == Backend.CUDA && (flow || bundle.diffusion().schedule().linear())) {
            throw new InputException("--backend cuda has neither the sampler flow nor the features of models of DeFoG; set"
                + " --backend cpu");
        }
        if (flow && conf.likelihood().on()) {
            throw new InputException("--likelihood is a bound of the sampler posterior, and this run has the sampler flow,"
                + " which defines none; leave it out");
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
    public MetricRegistry registry() {
        return family.registry(protocol);
    }

    /** What a run of this model is. */
    public Fingerprint fingerprint(JobConf conf, SparkSession spark) {
        Fingerprint made = Fingerprint.ofGenerate(conf, bundle, opener.identity(),
            reference.map(ReferenceSet::sha256).orElse(""), spark.sparkContext());
        return saved.map(model -> made.with("model.quantized", PackedModelFormat.sha256(model.quantized().model())))
            .orElse(made);
    }

    /** What finds out about single layers of this model. */
    public LayerScans scans(SparkSession spark) {
        return new LayerScans(JavaSparkContext.fromSparkContext(spark.sparkContext()), calibrations, opener);
    }

    /** What compares quantized models with this one. */
    public Measures measures() {
        return new Measures(calibrations.full(), bundle.vocabulary(), opener);
    }
}
