package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.PretrainedModel;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.recipe.LayerRates;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.recipe.LayerStudy;
import org.bitdgdm.recipe.StudiedGraphs;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.ShardSampler;

/**
 * A model of graphs made ready for runs.
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
public record ReadyModel(ModelBundle bundle, GraphFamily family, Optional<QuantizedBundle<PackedModel>> saved,
                         BackendOpener opener, String backend, Protocol protocol, Optional<ReferenceSet> reference,
                         Optional<String> noDrawings, Calibrations calibrations) implements RunModel<PackedModel> {
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
        Optional<QuantizedBundle<PackedModel>> saved = saved(folder, bundle, PackedModelFormat::fromBytes);
        BackendOpener opener = BackendOpener.of(conf.sample(), spark);
        int threads = Runtime.getRuntime().availableProcessors();
        String backend = opener.probe(threads, spark);
        Optional<ReferenceSet> reference = References.of(conf.output(), folder, bundle.vocabulary(), console);
        // Files that nothing can be compared with are told before anything is sampled.
        References.checked(conf.output(), bundle.vocabulary());
        Optional<String> noDrawings = family.noDrawings();
        noDrawings.ifPresent(console::println);
        ReadyModel ready = new ReadyModel(bundle, family, saved, opener, backend, protocol, reference, noDrawings,
            calibrations(bundle, opener, threads));
        ready.checkSteps(conf);
        return ready;
    }

    /** The quantized model in a folder of the one that it was made from. */
    static <M extends PackedNetwork> Optional<QuantizedBundle<M>> saved(Path folder, PretrainedModel bundle,
                                                                        Function<byte[], M> unpack) {
        if (!QuantizedBundle.isIn(folder)) {
            return Optional.empty();
        }
        QuantizedBundle<M> saved = QuantizedBundle.load(folder, unpack);
        if (!saved.sourceSha256().equals(bundle.sha256())) {
            throw new InputException("--model " + folder + " holds a quantized model of other tensors (SHA-256 "
                + saved.sourceSha256() + ") than those beside it (" + bundle.sha256() + "); remove "
                + QuantizedBundle.PACKED_FILE + ", or save the quantized model again");
        }
        return Optional.of(saved);
    }

    @Override
    public ReadyModel within(SparkSession spark, boolean several, PrintStream console) {
        BackendOpener known = opener.onDevices(JavaSparkContext.fromSparkContext(spark.sparkContext()));
        return new ReadyModel(bundle, family, saved, known, backend, protocol, reference, noDrawings,
            several ? calibrations : calibrations.ofOneRecipe());
    }

    @Override
    public void checkSteps(JobConf conf) {
        ShardSampler.steps(conf.sample(), bundle.diffusion());
        ShardSampler.sizes(conf.sample(), bundle.diffusion(), fixed(conf));
        Measures.checkSteps(conf.fidelity().along(conf.sample().steps()), conf.likelihood(), bundle.diffusion());
        if (conf.recipe().auto() || conf.scan().on()) {
            FidelityProbe.checkSteps("--sensitivity-steps", conf.scan(), bundle.diffusion());
        }
        if (conf.recipe().auto()) {
            LayerRates.of(opener.backend().label());
        }
    }

    /** What every graph of a run holds. */
    private Optional<FixedPart> fixed(JobConf conf) {
        String asked = conf.sample().sampler().scaffold();
        return asked.isEmpty() ? Optional.empty() : Optional.of(family.part(asked));
    }

    @Override
    public void rehearse() {
        family.scorer().row(0, new byte[2], new byte[] {1});
    }

    @Override
    public MetricRegistry registry() {
        return family.registry(protocol);
    }

    @Override
    public Fingerprint fingerprint(JobConf conf, SparkSession spark) {
        Fingerprint made = Fingerprint.ofGenerate(conf, bundle, opener.identity(),
            reference.map(ReferenceSet::sha256).orElse(""), spark.sparkContext());
        return saved.map(model -> made.with("model.quantized", PackedModelFormat.sha256(model.quantized().model())))
            .orElse(made);
    }

    @Override
    public boolean onProcessors() {
        return opener.backend() != Backend.CUDA;
    }

    @Override
    public PackedModel full() {
        return calibrations.full();
    }

    @Override
    public PackedModel unpack(byte[] packed) {
        return PackedModelFormat.fromBytes(packed);
    }

    @Override
    public void checkRequired(JobConf conf) {
        registry().check(conf.output().require(), Measures.given(reference.isPresent(), conf.output(), conf.fidelity(),
            conf.likelihood(), false));
    }

    @Override
    public String calibratedOn(QuantizeConf recipe) {
        return opener.forCalibration().identity();
    }

    @Override
    public QuantizedModel<PackedModel> quantize(QuantizeConf recipe, PrintStream console) {
        int graphs = calibrations.graphs(recipe);
        if (!recipe.nothing() && recipe.calibrationGraphs() == 0 && graphs < Calibrations.MOST_GRAPHS) {
            console.printf("calibrating with %d graphs, fewer than %d since they are large; --calibration-graphs N asks for"
                + " more%n", graphs, Calibrations.MOST_GRAPHS);
        }
        return Quantization.quantize(calibrations, recipe);
    }

    @Override
    public LayerStudy<PackedModel> study(JobConf conf, SparkSession spark) {
        return new LayerScans<>(new StudiedGraphs(JavaSparkContext.fromSparkContext(spark.sparkContext()), calibrations,
            opener));
    }

    @Override
    public Comparer<PackedModel> comparer(JobConf conf, SparkSession spark, boolean keep, PrintStream console) {
        Measures measures = new Measures(calibrations.full(), bundle.vocabulary(), opener);
        Optional<LikelihoodProbe> likelihood = measures.likelihood(conf.likelihood(), spark);
        if (!keep || !conf.fidelity().on()) {
            return model -> measures.compare(model, conf.fidelity(), likelihood, spark, console);
        }
        FidelityProbe<PackedModel, Denoiser> probe = measures.probe(conf.fidelity(), spark, true);
        return new Comparer<>() {
            @Override
            public Measures.Found of(PackedModel model) {
                return new Measures.Found(Optional.of(probe.measure(model)), likelihood.map(asked -> asked.measure(model)));
            }

            @Override
            public void close() {
                probe.close();
            }
        };
    }

    @Override
    public Written write(PackedModel model, JobConf conf, SparkSession spark, OutputFolder folder, PrintStream console)
        throws IOException, InterruptedException {
        Optional<FixedPart> fixed = fixed(conf);
        try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), model, conf.sample(), fixed,
            opener)) {
            GraphFamily rows = fixed.map(part -> family.around(part.n())).orElse(family);
            RunTimings.Sampled run = MoleculeWriter.write(spark, job, folder, rows, console);
            return new Written(run, job.model().hash(), job.model().bytes());
        }
    }

    @Override
    public long count(JobConf conf) {
        return conf.sample().count();
    }

    @Override
    public long rows(JobConf conf) {
        return conf.sample().count();
    }

    @Override
    public String manner(JobConf conf) {
        return bundle.architecture().variant().label() + ", " + GenerateRun.recipe(conf);
    }

    @Override
    public String subtitle(JobConf conf) {
        SampleConf sample = conf.sample();
        String scaffold = sample.sampler().scaffold();
        return Stream.of(Amount.of(sample.count(), "graph"), Amount.of(sample.steps(), "step"),
                sample.schedule().equals(Schedule.UNIFORM.label()) ? "" : sample.schedule() + " schedule",
                sample.sampler().text(), "seed " + Long.toUnsignedString(sample.seed()),
                scaffold.isEmpty() ? "" : "around " + scaffold, backend)
            .filter(part -> !part.isEmpty()).collect(Collectors.joining(", "));
    }

    @Override
    public Results results(JobConf conf, SparkSession spark, OutputFolder folder, Measures.Found comparison) {
        return new Results(spark, folder, family, reference, References.benchmark(conf.output()), protocol, comparison);
    }

    @Override
    public void saveBeside(Path source, Path staging) throws IOException {
        if (ReferenceSet.isIn(source)) {
            ReferenceSet.load(source).save(staging);
        }
    }

    /** What runs of one model calibrate with: the backend of the runs, or the cpu where that is a GPU. */
    static Calibrations calibrations(ModelBundle bundle, BackendOpener opener, int threads) {
        return new Calibrations(bundle.packed(), CALIBRATION_SEED, model -> recorder(opener.forCalibration(), model, threads));
    }

    private static ActivationRecorder recorder(BackendOpener opener, PackedModel model, int threads) {
        Denoiser denoiser = opener.open(model, threads);
        if (!(denoiser instanceof ActivationRecorder recorder)) {
            String found = denoiser.describe();
            denoiser.close();
            throw new IllegalStateException("backend " + found + " cannot record activations");
        }
        return recorder;
    }
}
