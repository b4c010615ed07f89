package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * All that {@code generate} is asked to do.
 *
 * @param model      folder of the model bundle as the user wrote it; see {@link #modelFolder()}
 * @param given      flags of the quantization that the user has set, also in a file; a model that is quantized already
 *                   has no place for them
 * @param quantize   the recipe of the quantization
 * @param recipe     whether that recipe is to be chosen by the job, or has come from a file
 * @param sample     what to sample and with which backend
 * @param fold       backbones, for a model of proteins
 * @param fidelity   how closely the quantized model is compared with the full-precision one
 * @param scan       graphs and steps along which each layer is quantized alone; 0 graphs: not measured
 * @param likelihood molecules that the model is asked the likelihood of
 * @param cache      folder of quantized models that runs share; empty: that of the user, {@code none}: no such folder
 * @param saveModel  folder that gets the quantized model as a bundle; empty: none
 * @param output     where results go and how they are judged
 * @param verbose    whether errors show their stack trace
 */
public record JobConf(String model, List<String> given, QuantizeConf quantize, RecipeConf recipe, SampleConf sample,
                      FoldConf fold, FidelityConf fidelity, FidelityConf scan, LikelihoodConf likelihood, String cache,
                      String saveModel, OutputConf output, boolean verbose) {

    /**
     * Validates the merged options for {@code generate}.
     *
     * @throws InputException naming the option, its value and, if a file set it, file and line
     */
    public static JobConf of(Settings given) {
        return of(given, false);
    }

    /** The same for a cell of a sweep, which leaves out what it does not look at. */
    static JobConf ofCell(Settings given) {
        return of(given, true);
    }

    private static JobConf of(Settings given, boolean cell) {
        Settings settings = RecipeFile.over(given);
        return settings.blamed(() -> {
            QuantizeConf quantize = QuantizeConf.of(settings);
            RecipeConf asked = RecipeConf.of(settings);
            Check.that(cell || asked.auto() || asked.budget() == 0, "budget", "must be left out without --recipe auto, which"
                + " alone has one", asked.budget());
            RecipeConf recipe = asked.auto() ? asked : asked.withoutBudget();
            Check.that(!recipe.auto() || quantize.overrides().isEmpty(), "override",
                "must be left out with --recipe auto, which chooses the settings of every layer", quantize.overrides());
            recipe.candidates().forEach(candidate -> Overrides.check("candidate", "'" + Overrides.text(candidate) + "'",
                quantize, candidate));
            FidelityConf fidelity = FidelityConf.of(settings);
            Check.that(!recipe.auto() || fidelity.graphs() != 1, "fidelity", "must be at least 2 with --recipe auto, which"
                + " goes by the interval of the divergence", fidelity.graphs());
            String saveModel = settings.text(Option.SAVE_MODEL).strip();
            Check.that(saveModel.isEmpty() || recipe.auto() || !quantize.nothing(), "save-model",
                "must be left out where nothing is quantized", saveModel);
            // Before anything is computed that could not be kept.
            LocalPath.of(saveModel);
            List<String> set = Arrays.stream(Option.values())
                .filter(option -> option.key().startsWith("quantize.") && settings.isGiven(option)).map(Option::flag)
                .toList();
            return new JobConf(settings.text(Option.MODEL), set, quantize, recipe, SampleConf.of(settings),
                FoldConf.of(settings), fidelity, FidelityConf.ofScan(settings), LikelihoodConf.of(settings),
                settings.text(Option.CACHE).strip(), saveModel, OutputConf.of(settings), settings.on(Option.VERBOSE));
        });
    }

    /** The same with a comparison whose number of steps is known. */
    public JobConf compared() {
        return new JobConf(model, given, quantize, recipe, sample, fold, fidelity.along(sample.steps()), scan, likelihood,
            cache, saveModel, output, verbose);
    }

    /** The same with steps that are evaluations of a network of proteins. */
    public JobConf withEvaluations(int evaluations) {
        return new JobConf(model, given, quantize, recipe, sample.withSteps(evaluations), fold, fidelity, scan, likelihood,
            cache, saveModel, output, verbose);
    }

    /**
     * The same for a model that is quantized already.
     *
     * @param saved how it was quantized
     * @throws InputException if the user asks for another quantization
     */
    public JobConf quantizedAs(QuantizeConf saved) {
        if (!given.isEmpty()) {
            throw new InputException("--model " + model + " is quantized already; leave out " + String.join(", ", given)
                + ", or give the model in full precision");
        }
        return new JobConf(model, given, saved, recipe.none(), sample, fold, fidelity, scan,
            likelihood, cache, saveModel, output, verbose);
    }

    /**
     * The existing folder of the model bundle.
     *
     * @throws InputException if there is none, naming the places looked at
     */
    public Path modelFolder() {
        return Home.folder("model", model);
    }

    /** Every option of {@code generate} as key → value in the order of {@link Option}, for {@code run.json}. */
    public Map<String, Object> values() {
        Values values = new Values();
        values.put(Option.MODEL, model);
        values.put(Option.VERBOSE, verbose);
        values.put(Option.CACHE, cache);
        values.put(quantize);
        values.put(recipe);
        values.put(sample);
        values.put(fold);
        values.put(fidelity);
        values.putScan(scan);
        values.put(likelihood);
        values.put(output);
        values.put(Option.SAVE_MODEL, saveModel);
        return values.map();
    }
}
