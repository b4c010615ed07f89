package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.family.ResultFamily;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.model.PretrainedModel;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunTimings;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.recipe.LayerStudy;

/**
 * A model made ready for runs, and all that differs between kinds of models in the story of a run. {@code generate} makes one
 * run of it, a sweep one for each cell.
 *
 * @param <M> its packed form
 */
public sealed interface RunModel<M extends PackedNetwork> permits ReadyModel, ReadyProteins {
    /** Thresholds come from the same samples whatever a run's seed, so that nightly runs share one quantized model. */
    long CALIBRATION_SEED = 0;

    /**
     * Loads and checks all that needs no Spark.
     *
     * @param spark settings of the application
     * @throws InputException for what does not fit
     */
    static RunModel<?> prepare(JobConf conf, SparkConf spark, PrintStream console) {
        if (ProteinBundle.isIn(conf.modelFolder())) {
            return ReadyProteins.prepare(conf, spark);
        }
        if (!conf.fold().own().isEmpty()) {
            throw new InputException(conf.fold().own().get(0) + " must be left out with --model " + conf.model()
                + ", which is no model of proteins");
        }
        return ReadyModel.prepare(conf, spark, console);
    }

    /** Does once, in no time, what tasks will do, so that its classes are loaded while Spark starts. */
    default void rehearse() {
    }

    /** The full-precision model. */
    PretrainedModel bundle();

    /** Of what it makes. */
    ResultFamily family();

    /** What the backend is here, for people. */
    String backend();

    /** Whether processors alone compute, so that what they use is what a run uses. */
    default boolean onProcessors() {
        return true;
    }

    /** The model in full precision. */
    M full();

    /** The quantized one that lies in the same folder; then nothing is quantized. */
    Optional<QuantizedBundle<M>> saved();

    /**
     * The packed model that bytes hold.
     *
     * @throws IllegalArgumentException if they hold none of this form
     */
    M unpack(byte[] packed);

    /**
     * What is run in fact: with the recipe of the saved model, where the user gives one, and compared along a known number of
     * steps.
     *
     * @throws InputException if the user asks for another quantization of it
     */
    default JobConf settled(JobConf asked) {
        return saved().map(model -> asked.quantizedAs(model.recipe())).orElse(asked).compared();
    }

    /**
     * The same within an application: on the kind of GPU that its executors have, with the input that is given to it looked
     * at.
     *
     * @param several whether it may be quantized by more than one recipe, so that what is recorded for one is kept for the next
     */
    RunModel<M> within(SparkSession spark, boolean several, PrintStream console) throws IOException;

    /** The steps are an option, but only the model knows their limit. */
    void checkSteps(JobConf conf);

    /** Every metric that a run of this model can have. */
    MetricRegistry registry();

    /**
     * Refuses bounds on metrics that the run cannot have.
     *
     * @throws InputException naming the metric
     */
    void checkRequired(JobConf conf);

    /** What a run of this model is. */
    Fingerprint fingerprint(JobConf conf, SparkSession spark);

    /** What a quantized model depends on besides model and recipe: where it is calibrated, and on what that is given. */
    String calibratedOn(QuantizeConf recipe);

    /** Quantizes by a recipe that is no search. */
    QuantizedModel<M> quantize(QuantizeConf recipe, PrintStream console);

    /**
     * What finds out about single layers of this model.
     *
     * @param conf of the run, or one of a sweep's cells
     */
    LayerStudy<M> study(JobConf conf, SparkSession spark);

    /**
     * What compares quantized models with this one, as far as that is asked for.
     *
     * @param keep whether what it has computed of this model stays with the executors, for several models
     */
    Comparer<M> comparer(JobConf conf, SparkSession spark, boolean keep, PrintStream console);

    /**
     * What a run has sampled, and from which bytes.
     *
     * @param run       of this start
     * @param sha256    of the packed model, as it was broadcast
     * @param broadcast bytes of that
     */
    record Written(RunTimings.Sampled run, String sha256, long broadcast) {
    }

    /** Broadcasts a model, and samples what is missing of the rows of a run. */
    Written write(M model, JobConf conf, SparkSession spark, OutputFolder folder, PrintStream console)
        throws IOException, InterruptedException;

    /** What a run samples, in units of its family. */
    long count(JobConf conf);

    /** Rows of a run. */
    long rows(JobConf conf);

    /** How a run samples in a few words, for consoles. */
    String manner(JobConf conf);

    /** What a run samples and how, for titles. */
    String subtitle(JobConf conf);

    /** What else {@code run.json} says of a run, by name. */
    default Map<String, String> facts(JobConf conf) {
        return new LinkedHashMap<>();
    }

    /** From finished rows to numbers and pages. */
    Results results(JobConf conf, SparkSession spark, OutputFolder folder, Measures.Found comparison);

    /** Why there are no drawings, if there are none. */
    default Optional<String> noDrawings() {
        return Optional.empty();
    }

    /** Writes what belongs to the bundle of this model besides its own files. */
    default void saveBeside(Path source, Path staging) throws IOException {
    }
}
