package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.family.Proteins;
import org.bitdgdm.family.ResultFamily;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.Versions;
import org.bitdgdm.protein.FeatureScales;
import org.bitdgdm.protein.SurveyedChain;
import org.bitdgdm.quantize.ProteinCalibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.recipe.LayerRates;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.recipe.LayerStudy;
import org.bitdgdm.recipe.StudiedProteins;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ProteinOpener;

/**
 * A model of sequences for given backbones made ready for runs.
 *
 * @param bundle       the full-precision model
 * @param saved        the quantized one that lies in the same folder; then nothing is quantized
 * @param opener       the backend
 * @param backend      what the backend is here, for people
 * @param full         the model in full precision
 * @param fold         backbones that are asked for
 * @param structures   what was found of them; null before {@link #within}
 * @param hadoop       of the application; null before {@link #within}
 * @param calibrations of the model; null before {@link #within}
 */
public record ReadyProteins(ProteinBundle bundle, Optional<QuantizedBundle<PackedProteinModel>> saved, BackendOpener opener,
                            String backend, PackedProteinModel full, FoldConf fold, Structures structures,
                            SerializableConfiguration hadoop, ProteinCalibrations calibrations)
    implements RunModel<PackedProteinModel> {
    /** Backbones of a calibration where no number is asked for. */
    private static final int CALIBRATING = 5;
    /** Residues of a chain that is too long to calibrate on where there are shorter ones. */
    private static final int LONG = 400;
    /** Options of the fingerprint, besides those of the quantization. */
    private static final Set<Option> DECIDE = Set.of(Option.SAMPLES, Option.DIVERSE, Option.FIX, Option.LOG_PROBABILITIES,
        Option.CHAINS);

    /**
     * Loads and checks all that needs no Spark.
     *
     * @param spark settings of the application
     * @throws InputException for what does not fit
     */
    static ReadyProteins prepare(JobConf conf, SparkConf spark) {
        ProteinBundle bundle = ProteinBundle.load(conf.modelFolder());
        BackendOpener opener = opener(conf);
        Optional<QuantizedBundle<PackedProteinModel>> saved = ReadyModel.saved(conf.modelFolder(), bundle,
            PackedModelFormat::proteinOf);
        ReadyProteins ready = new ReadyProteins(bundle, saved, opener, opener.probe(Runtime.getRuntime().availableProcessors(),
            spark), bundle.packed(), conf.fold(), null, null, null);
        ready.checkSteps(ready.settled(conf));
        return ready;
    }

    private static BackendOpener opener(JobConf conf) {
        if (conf.sample().backend().equals(Backend.CUDA.label())) {
            throw new InputException("--backend cuda has no network of proteins yet: it lacks kernels for messages along the"
                + " edges of a sparse graph, for their sums at the receivers, for normalisation over a whole protein and for SiLU;"
                + " leave it out, or give cpu or reference");
        }
        return new BackendOpener(conf.sample().backend().equals(Backend.REFERENCE.label()) ? Backend.REFERENCE : Backend.CPU,
            conf.sample().cpuIsa(), conf.sample().nativeDirectory());
    }

    @Override
    public ResultFamily family() {
        return new Proteins();
    }

    @Override
    public PackedProteinModel unpack(byte[] packed) {
        return PackedModelFormat.proteinOf(packed);
    }

    /** With the number of evaluations that it comes to. */
    @Override
    public JobConf settled(JobConf asked) {
        int asWell = asked.fold().evaluations();
        return RunModel.super.settled(asked.withEvaluations(asWell > 0 ? asWell
            : Math.max(1, bundle.diffusion().steps() / FoldConf.STRIDE)));
    }

    @Override
    public void checkSteps(JobConf conf) {
        conf.fold().requireOwn(Map.of());
        family().protocol(conf.output().protocol());
        checkSteps(Option.STEPS, conf.sample().steps());
        if (conf.fidelity().on()) {
            checkSteps(Option.FIDELITY_STEPS, conf.fidelity().steps());
        }
        if (conf.scan().on() || conf.recipe().auto()) {
            checkSteps(Option.SENSITIVITY_STEPS, conf.scan().steps());
        }
        if (conf.recipe().auto()) {
            LayerRates.of(opener.backend().label());
        }
    }

    private void checkSteps(Option option, int evaluations) {
        try {
            bundle.diffusion().times(evaluations);
        } catch (IllegalArgumentException e) {
            throw new InputException(option.flag() + " " + evaluations + ": " + e.getMessage(), e);
        }
    }

    @Override
    public ReadyProteins within(SparkSession spark, boolean several, PrintStream console) throws IOException {
        Structures found = Structures.survey(fold, spark, console);
        SerializableConfiguration files = new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
        FeatureScales scales = FeatureScales.of(bundle.tables());
        ProteinCalibrations own = new ProteinCalibrations(full,
            CALIBRATION_SEED, () -> new ProteinOpener(opener).open(full, Runtime.getRuntime().availableProcessors()),
            recipe -> calibrating(found, recipe).stream().map(chain -> backbone(chain, scales, files)).toList());
        return new ReadyProteins(bundle, saved, opener, backend, full, fold, found, files,
            several ? own : own.ofOneRecipe());
    }

    @Override
    public MetricRegistry registry() {
        return family().registry(Protocol.DIGRESS);
    }

    @Override
    public void checkRequired(JobConf conf) {
        registry().check(conf.output().require(), conf.fidelity().on() ? Set.of(Need.FIDELITY) : Set.of());
    }

    private ResidueDiffusion.Transition transition(JobConf conf) {
        String asked = conf.fold().transition();
        return asked.isEmpty() ? bundle.trained() : ResidueDiffusion.Transition.of(asked);
    }

    private DesignTask task(JobConf conf) {
        return new DesignTask(conf.fold(), transition(conf), conf.sample().steps(), conf.sample().seed(),
            conf.sample().batchSize(), FeatureScales.of(bundle.tables()), hadoop);
    }

    private DesignPlan plan(JobConf conf) {
        return DesignPlan.of(structures.chains(), conf.fold().samples());
    }

    @Override
    public Fingerprint fingerprint(JobConf conf, SparkSession spark) {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("command", "generate proteins");
        rows.put("structures", structures.identity());
        rows.put("model", PackedModelFormat.sha256(full));
        saved.ifPresent(model -> rows.put("model.quantized", PackedModelFormat.sha256(model.quantized().model())));
        rows.put(Option.STEPS.key(), Integer.toString(conf.sample().steps()));
        rows.put(Option.TRANSITION.key(), transition(conf).label());
        rows.put(Option.SEED.key(), Long.toUnsignedString(conf.sample().seed()));
        rows.put(Option.BACKEND.key(), opener.identity());
        Map<String, Object> values = conf.values();
        for (Option option : Option.values()) {
            if (option.key().startsWith("quantize.") || DECIDE.contains(option)) {
                rows.put(option.key(), String.valueOf(values.get(option.key())));
            }
        }
        if (conf.recipe().auto()) {
            rows.putAll(Fingerprint.ofSearch(conf));
        }
        rows.putAll(Versions.ofRows(spark.sparkContext()));
        return new Fingerprint(rows, Map.of());
    }

    /** Chains whose backbones the model is calibrated on: a few, from all over the run, long ones left out where others are. */
    private static List<SurveyedChain> calibrating(Structures structures, QuantizeConf recipe) {
        return some(structures.chains(), Math.max(CALIBRATING, recipe.calibrationGraphs()));
    }

    /** So many of the chains that can be used, from all over the run, long ones left out where others are. */
    private static List<SurveyedChain> some(List<SurveyedChain> chains, int most) {
        List<SurveyedChain> usable = chains.stream().filter(chain -> !chain.refused()).toList();
        List<SurveyedChain> modest = usable.stream().filter(chain -> chain.length() <= LONG).toList();
        List<SurveyedChain> from = modest.isEmpty() ? usable : modest;
        int wanted = Math.min(from.size(), most);
        return IntStream.range(0, wanted).mapToObj(at -> from.get((int) ((long) at * from.size() / wanted))).toList();
    }

    /** Backbones along which models are compared: none that quantization has seen, where the run has others. */
    private List<FidelityProbe.Backbone> held(QuantizeConf recipe, int most) {
        List<SurveyedChain> seen = calibrating(structures, recipe);
        List<SurveyedChain> others = structures.chains().stream().filter(chain -> !chain.refused() && !seen.contains(chain))
            .toList();
        FeatureScales scales = FeatureScales.of(bundle.tables());
        return some(others.isEmpty() ? seen : others, most).stream()
            .<FidelityProbe.Backbone>map(chain -> new Held(chain, scales, hadoop)).toList();
    }

    /** A chain of the run, read where a model is compared along its backbone. */
    private record Held(SurveyedChain chain, FeatureScales scales, SerializableConfiguration hadoop)
        implements FidelityProbe.Backbone {
        @Override
        public long key() {
            return DesignTask.key(chain);
        }

        @Override
        public ProteinGraph read() {
            return backbone(chain, scales, hadoop);
        }
    }

    @Override
    public String calibratedOn(QuantizeConf recipe) {
        StringBuilder all = new StringBuilder(opener.identity());
        calibrating(structures, recipe).forEach(chain -> all.append(' ').append(chain.sha256()).append(' ').append(chain.place()));
        return all.toString();
    }

    @Override
    public QuantizedModel<PackedProteinModel> quantize(QuantizeConf recipe, PrintStream console) {
        if (recipe.nothing()) {
            return new QuantizedModel<>(full, List.of(), 0);
        }
        return Quantization.quantize(calibrations, recipe);
    }

    private static ProteinGraph backbone(SurveyedChain chain, FeatureScales scales, SerializableConfiguration hadoop) {
        try {
            return DesignTask.protein(chain, scales, hadoop);
        } catch (IOException e) {
            throw new StoppedException(chain.file() + " cannot be read any more: " + e.getMessage(), e);
        }
    }

    @Override
    public LayerStudy<PackedProteinModel> study(JobConf conf, SparkSession spark) {
        return new LayerScans<>(new StudiedProteins(JavaSparkContext.fromSparkContext(spark.sparkContext()), calibrations,
            most -> held(conf.quantize(), most), (long) conf.fold().samples() * conf.sample().steps(),
            new ProteinOpener(opener)));
    }

    @Override
    public Comparer<PackedProteinModel> comparer(JobConf conf, SparkSession spark, boolean keep, PrintStream console) {
        if (!conf.fidelity().on()) {
            return model -> Measures.Found.NONE;
        }
        FidelityProbe<PackedProteinModel, ProteinDenoiser> probe = FidelityProbe.ofProteins(
            JavaSparkContext.fromSparkContext(spark.sparkContext()), full, held(conf.quantize(), conf.fidelity().graphs()),
            conf.fidelity(), new ProteinOpener(opener), keep);
        return new Comparer<>() {
            @Override
            public Measures.Found of(PackedProteinModel model) {
                console.printf("comparing with full precision: %s, %s each …%n",
                    Amount.of(conf.fidelity().graphs(), "sequence"), Amount.of(conf.fidelity().steps(), "evaluation"));
                return new Measures.Found(Optional.of(probe.measure(model)), Optional.empty());
            }

            @Override
            public void close() {
                probe.close();
            }
        };
    }

    @Override
    public Written write(PackedProteinModel model, JobConf conf, SparkSession spark, OutputFolder folder, PrintStream console)
        throws IOException, InterruptedException {
        try (DesignJob job = new DesignJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), plan(conf), task(conf),
            model, opener)) {
            return new Written(MoleculeWriter.write(spark, job, job.contents(), job::rows, family().schema(), folder, console),
                job.model().hash(), job.model().bytes());
        }
    }

    @Override
    public long count(JobConf conf) {
        return structures.usable() * conf.fold().samples();
    }

    @Override
    public long rows(JobConf conf) {
        return plan(conf).rows();
    }

    @Override
    public String manner(JobConf conf) {
        return GenerateRun.recipe(conf) + ", " + transition(conf).label() + " noise, "
            + Amount.of(conf.sample().steps(), "evaluation");
    }

    @Override
    public String subtitle(JobConf conf) {
        return String.join(", ", Amount.of(structures.usable(), "chain"),
            Amount.of(conf.fold().samples(), "sample") + " each", Amount.of(conf.sample().steps(), "evaluation"),
            transition(conf).label() + " noise", "seed " + Long.toUnsignedString(conf.sample().seed()), backend);
    }

    @Override
    public Map<String, String> facts(JobConf conf) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("steps", Integer.toString(conf.sample().steps()));
        facts.put("transition", transition(conf).label());
        return facts;
    }

    @Override
    public Results results(JobConf conf, SparkSession spark, OutputFolder folder, Measures.Found comparison) {
        return results(spark, folder, comparison);
    }

    /** From finished rows of sequences to numbers and pages. */
    public static Results results(SparkSession spark, OutputFolder folder, Measures.Found comparison) {
        return new Results(spark, folder, new Proteins(), Optional.empty(),
            new BenchmarkFiles(Optional.empty(), Optional.empty(), Optional.empty()), Protocol.DIGRESS, comparison);
    }
}
