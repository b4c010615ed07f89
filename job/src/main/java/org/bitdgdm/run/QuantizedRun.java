package org.bitdgdm.run;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.spark.SparkContext;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.output.ModelCache;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.quantize.LayerReport;
import org.bitdgdm.quantize.QuantizationCsv;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.recipe.LayerStudy;

/**
 * The packed model of a run. It is made once and kept in the run's folder: a start that resumes takes the same bytes,
 * wherever it runs, instead of quantizing again. Other runs with the same recipe take it from the {@link ModelCache}.
 *
 * @param model   what is broadcast
 * @param layers  a report for every linear layer; empty where nothing was quantized
 * @param seconds time taken; NaN where this start has taken none
 * @param from    where the quantized model is from, for {@code run.json}; empty where an earlier start knows it, or nothing is
 *                quantized
 * @param <M>     form of the model
 */
record QuantizedRun<M extends PackedNetwork>(M model, List<LayerReport> layers, double seconds, Optional<String> from) {
    private static final String MADE = "made by this run";
    private static final String CACHED = "from the cache";
    private static final String SAVED = "saved before, in the folder of the model";
    private static final String KEPT = RunFiles.KEPT_MODEL + "/";
    private static final double NANOS = 1e-9;

    /** Chooses a recipe where that is asked for and quantizes, or takes what an earlier start of the same run has left. */
    static <M extends PackedNetwork> QuantizedRun<M> of(OutputFolder folder, RunModel<M> run, JobConf conf, SparkContext spark,
                                                        LayerStudy<M> study, PrintStream console) throws IOException {
        Optional<QuantizedBundle<M>> earlier = earlier(folder, run, console);
        if (earlier.isPresent()) {
            QuantizedModel<M> kept = earlier.get().quantized();
            if (conf.scan().on() || !folder.exists(RunFiles.QUANTIZATION_CSV)) {
                publish(folder, kept, conf.scan().on() ? alone(study, conf, kept.model(), console) : List.of());
            }
            return new QuantizedRun<>(kept.model(), kept.layers(), Double.NaN, Optional.empty());
        }
        if (run.saved().isPresent()) {
            console.println("quantized before: the model of " + conf.model());
            return taken(run.saved().get(), SAVED, folder, conf, study, console);
        }
        QuantizeConf recipe = conf.quantize();
        // What a recipe that is searched for comes to is known after the search only.
        Optional<ModelCache> cache = conf.recipe().auto() || recipe.nothing() ? Optional.empty()
            : ModelCache.of(conf.cache(), spark.hadoopConfiguration(), console);
        String key = cache.isEmpty() ? "" : ModelCache.key(run.bundle(), recipe, RunModel.CALIBRATION_SEED,
            run.calibratedOn(recipe), spark);
        Optional<QuantizedBundle<M>> known = cache.flatMap(models -> models.find(key, run.bundle().sha256(), run::unpack));
        if (known.isPresent()) {
            return taken(known.get(), CACHED, folder, conf, study, console);
        }
        QuantizedModel<M> quantized;
        List<SensitivityScan.OfLayer> alone;
        long start = System.nanoTime();
        if (conf.recipe().auto()) {
            LayerStudy.Found<M> chosen = study.search(conf, console);
            recipe = chosen.recipe();
            quantized = chosen.model();
            alone = chosen.alone();
            folder.publish(RunFiles.RECIPE, chosen.text().getBytes(StandardCharsets.UTF_8));
        } else {
            if (!recipe.nothing()) {
                console.println("quantizing with " + (recipe.overrides().isEmpty() ? recipe.method().toString()
                    : "settings of each layer") + " …");
            }
            quantized = run.quantize(recipe, console);
            alone = conf.scan().on() ? alone(study, conf, quantized.model(), console) : List.of();
        }
        publish(folder, quantized, alone);
        if (recipe.nothing()) {
            return new QuantizedRun<>(run.full(), List.of(), Double.NaN, Optional.empty());
        }
        double seconds = conf.recipe().auto() ? (System.nanoTime() - start) * NANOS : quantized.seconds();
        console.printf(Locale.ROOT, "quantized in %.1f s: %,d → %,d bytes%n", seconds, run.full().bytes(),
            quantized.model().bytes());
        QuantizedBundle<M> made = new QuantizedBundle<>(quantized, recipe, RunModel.CALIBRATION_SEED, run.bundle().sha256());
        keep(folder, made, console);
        cache.ifPresent(models -> models.keep(key, made));
        return new QuantizedRun<>(quantized.model(), quantized.layers(), seconds, Optional.of(MADE));
    }

    /** A model that was quantized elsewhere before. */
    private static <M extends PackedNetwork> QuantizedRun<M> taken(QuantizedBundle<M> bundle, String from, OutputFolder folder,
                                                                   JobConf conf, LayerStudy<M> study, PrintStream console)
        throws IOException {
        QuantizedModel<M> model = bundle.quantized();
        publish(folder, model, conf.scan().on() ? alone(study, conf, model.model(), console) : List.of());
        keep(folder, bundle, console);
        return new QuantizedRun<>(model.model(), model.layers(), Double.NaN, Optional.of(from));
    }

    /**
     * The quantized model that a run has kept; empty before it is made, and where nothing is quantized.
     *
     * @throws InputException if it is damaged
     */
    static <M extends PackedNetwork> Optional<QuantizedBundle<M>> kept(OutputFolder folder, Function<byte[], M> unpack)
        throws IOException {
        // The packed model is written last: its presence says that the others are there.
        if (!folder.exists(KEPT + QuantizedBundle.PACKED_FILE)) {
            return Optional.empty();
        }
        try {
            return Optional.of(QuantizedBundle.read(folder.read(KEPT + QuantizedBundle.RECIPE_FILE),
                folder.read(KEPT + QuantizedBundle.PACKED_FILE), folder + "/" + KEPT, unpack));
        } catch (ChecksumException | FileNotFoundException damaged) {
            throw new InputException("the quantized model in " + folder + "/" + KEPT + " is damaged: "
                + String.valueOf(damaged.getMessage()).lines().findFirst().orElse("") + "; quantize the model again", damaged);
        }
    }

    /** The same for a start that can quantize again what is damaged. */
    private static <M extends PackedNetwork> Optional<QuantizedBundle<M>> earlier(OutputFolder folder, RunModel<M> run,
                                                                                 PrintStream console) throws IOException {
        try {
            return kept(folder, run::unpack);
        } catch (InputException damaged) {
            console.println("quantizing again, since " + damaged.getMessage());
            return Optional.empty();
        }
    }

    /** Keeps the model for later starts; shards that are there already must have been sampled from the same. */
    private static void keep(OutputFolder folder, QuantizedBundle<?> bundle, PrintStream console) throws IOException {
        Map<String, byte[]> files = bundle.files();
        byte[] packed = files.get(QuantizedBundle.PACKED_FILE);
        if (!folder.committedShards().isEmpty() && !earlierHashes(folder).contains(Sha256.of(packed))) {
            console.println("the " + folder.molecules().getName() + " of " + folder + " are made again, since the model that"
                + " they were sampled from is lost");
            folder.clearMolecules();
        }
        folder.publish(KEPT + QuantizedBundle.RECIPE_FILE, files.get(QuantizedBundle.RECIPE_FILE));
        folder.publish(KEPT + QuantizedBundle.PACKED_FILE, packed);
    }

    /** Hashes that what is left of a kept model gives for its packed form. */
    private static Set<String> earlierHashes(OutputFolder folder) throws IOException {
        Set<String> hashes = new HashSet<>();
        try {
            QuantizedBundle.packedSha256(folder.read(KEPT + QuantizedBundle.RECIPE_FILE)).ifPresent(hashes::add);
        } catch (ChecksumException | FileNotFoundException damaged) {
            // The packed model may still be whole.
        }
        try {
            hashes.add(Sha256.of(folder.read(KEPT + QuantizedBundle.PACKED_FILE)));
        } catch (ChecksumException | FileNotFoundException damaged) {
            // Its recipe may still be whole, and names its hash.
        }
        return hashes;
    }

    private static void publish(OutputFolder folder, QuantizedModel<?> quantized, List<SensitivityScan.OfLayer> alone)
        throws IOException {
        Map<String, QuantizationCsv.Alone> byName = new LinkedHashMap<>();
        alone.forEach(layer -> byName.put(layer.layer(), new QuantizationCsv.Alone(known(layer.node().value()),
            known(layer.edge().value()), known(layer.graph().value()), known(layer.graph().standardError()))));
        folder.publish(RunFiles.QUANTIZATION_CSV, QuantizationCsv.toCsv(quantized.layers(), byName).getBytes(StandardCharsets.UTF_8));
    }

    private static double known(Double value) {
        return value == null ? Double.NaN : value;
    }

    private static <M extends PackedNetwork> List<SensitivityScan.OfLayer> alone(LayerStudy<M> study, JobConf conf, M model,
                                                                         PrintStream console) {
        long start = System.nanoTime();
        List<SensitivityScan.OfLayer> found = study.measure(conf.scan(), model);
        console.printf(Locale.ROOT, "each of %d layers alone, %d graphs of %d steps: %.1f s; divergences add up to %.3g%n",
            found.size(), conf.scan().graphs(), conf.scan().steps(), (System.nanoTime() - start) * NANOS,
            found.stream().mapToDouble(layer -> layer.graph().value()).sum());
        return found;
    }
}
