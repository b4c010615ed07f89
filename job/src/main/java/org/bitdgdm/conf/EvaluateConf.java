package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.Map;

/**
 * All that {@code evaluate} is asked to do.
 *
 * @param input   file or folder of graphs to score, a path or a Hadoop URI
 * @param against folder of another run, whose graphs of the same ids are compared with; empty: none
 * @param model   folder of the bundle whose vocabulary and reference set hold; see {@link #modelFolder()}
 * @param output  where results go and how they are judged
 * @param verbose whether errors show their stack trace
 */
public record EvaluateConf(String input, String against, String model, OutputConf output, boolean verbose) {

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
            settings.text(Option.AGAINST).strip(), settings.text(Option.MODEL),
            OutputConf.of(settings), settings.on(Option.VERBOSE)));
    }

    /**
     * The existing folder of the model bundle.
     *
     * @throws InputException if there is none, naming the places looked at
     */
    public Path modelFolder() {
        return Home.folder("model", model);
    }

    /** Every option of {@code evaluate} as key → value in the order of {@link Option}, for {@code run.json}. */
    public Map<String, Object> values() {
        Values values = new Values();
        values.put(Option.MODEL, model);
        values.put(Option.VERBOSE, verbose);
        values.put(output);
        values.put(Option.INPUT, input);
        values.put(Option.AGAINST, against);
        return values.map();
    }
}
