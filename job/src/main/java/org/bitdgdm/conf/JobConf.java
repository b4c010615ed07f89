package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.Map;

/**
 * All that {@code generate} is asked to do.
 *
 * @param model    folder of the model bundle as the user wrote it; see {@link #modelFolder()}
 * @param quantize the recipe of the quantization
 * @param sample   what to sample and with which backend
 * @param fidelity how closely the quantized model is compared with the full-precision one
 * @param output   where results go and how they are judged
 * @param verbose  whether errors show their stack trace
 */
public record JobConf(String model, QuantizeConf quantize, SampleConf sample, FidelityConf fidelity, OutputConf output,
                      boolean verbose) {

    /**
     * Validates the merged options for {@code generate}.
     *
     * @throws InputException naming the option, its value and, if a file set it, file and line
     */
    public static JobConf of(Settings settings) {
        return settings.blamed(() -> new JobConf(settings.text(Option.MODEL), QuantizeConf.of(settings),
            SampleConf.of(settings), FidelityConf.of(settings), OutputConf.of(settings), settings.on(Option.VERBOSE)));
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
        values.put(quantize);
        values.put(sample);
        values.put(fidelity);
        values.put(output);
        return values.map();
    }
}
