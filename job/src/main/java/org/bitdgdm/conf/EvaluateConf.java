package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * All that {@code evaluate} is asked to do.
 *
 * @param input      file or folder of graphs to score, a path or a Hadoop URI
 * @param smilesColumn of a list in it, by its name in the first line; empty: found
 * @param against    folder of another run, whose graphs of the same ids are compared with; empty: none
 * @param model      folder of the bundle whose vocabulary and reference set hold; see {@link #modelFolder}
 * @param named      whether the user has named that folder, which then wins over what a run in the input has recorded
 * @param backend    what compares models; nothing is sampled
 * @param fold       structures that sequences in the input are scored against; none where there are no sequences
 * @param fidelity   how closely the quantized model of a run is compared with the full-precision one
 * @param likelihood molecules that the model of a run is asked the likelihood of
 * @param output     where results go and how they are judged
 * @param verbose    whether errors show their stack trace
 */
public record EvaluateConf(String input, String smilesColumn, String against, String model, boolean named, SampleConf backend,
                           FoldConf fold, FidelityConf fidelity, LikelihoodConf likelihood, OutputConf output,
                           boolean verbose) {

    public EvaluateConf {
        Check.that(!input.isBlank(), "input", "must name the graphs to score", "");
    }

    /**
     * Validates the merged options for {@code evaluate}.
     *
     * @throws InputException naming the option, its value and, if a file set it, file and line
     */
    public static EvaluateConf of(Settings settings) {
        return settings.blamed(() -> new EvaluateConf(settings.text(Option.INPUT),
            settings.text(Option.SMILES_COLUMN).strip(), settings.text(Option.AGAINST).strip(), settings.text(Option.MODEL),
            settings.isGiven(Option.MODEL),
            SampleConf.of(settings), FoldConf.of(settings), FidelityConf.of(settings), LikelihoodConf.of(settings),
            OutputConf.of(settings),
            settings.on(Option.VERBOSE)));
    }

    /** The same with a comparison along the run in the input. */
    public EvaluateConf with(FidelityConf compared) {
        return new EvaluateConf(input, smilesColumn, against, model, named, backend, fold, compared, likelihood, output,
            verbose);
    }

    /** Whether the model of a run is asked anything. */
    public boolean asksModel() {
        return fidelity.on() || likelihood.on();
    }

    /**
     * The existing folder of the model bundle.
     *
     * @param recorded the folder that a run in the input was made from, as its user named it
     * @throws InputException if there is none, naming the places looked at
     */
    public Path modelFolder(Optional<String> recorded) {
        return Home.folder("model", named ? model : recorded.orElse(model));
    }

    /**
     * Every option of {@code evaluate} as key → value in the order of {@link Option}, for {@code run.json}.
     *
     * @param modelFolder the bundle that was used
     */
    public Map<String, Object> values(Path modelFolder) {
        Values values = new Values();
        values.put(Option.MODEL, modelFolder.toString());
        values.put(Option.VERBOSE, verbose);
        values.putBackend(backend);
        values.put(Option.STRUCTURES, fold.structures());
        values.put(Option.CHAINS, String.join(",", fold.chains()));
        values.put(fidelity);
        values.put(likelihood);
        values.put(output);
        values.put(Option.INPUT, input);
        values.put(Option.SMILES_COLUMN, smilesColumn);
        values.put(Option.AGAINST, against);
        return values.map();
    }

    /** The options that scoring of sequences looks at, likewise; it asks no model. */
    public Map<String, Object> valuesOfSequences() {
        Values values = new Values();
        values.put(Option.VERBOSE, verbose);
        values.put(Option.STRUCTURES, fold.structures());
        values.put(Option.CHAINS, String.join(",", fold.chains()));
        values.put(Option.OUT, output.out());
        values.put(Option.REQUIRE, output.require().stream().map(Requirement::toString).toList());
        values.put(Option.INPUT, input);
        return values.map();
    }
}
