package org.bitdgdm.conf;

/**
 * How closely a quantized model is compared with its full-precision original.
 *
 * @param graphs graphs of the comparison, ids 0…graphs−1; 0: it is not made
 * @param steps  denoising steps of each graph, at most T of the model
 */
public record FidelityConf(int graphs, int steps) {
    public FidelityConf {
        Check.that(graphs >= 0, "fidelity", "must be at least 1, or 0 to leave it out", graphs);
        Check.that(steps >= 1, "fidelity-steps", "must be at least 1", steps);
    }

    static FidelityConf of(Settings settings) {
        return new FidelityConf(settings.whole(Option.FIDELITY), settings.whole(Option.FIDELITY_STEPS));
    }

    /** The graphs and steps along which layers are quantized alone. */
    static FidelityConf ofScan(Settings settings) {
        int graphs = settings.whole(Option.SENSITIVITY);
        int steps = settings.whole(Option.SENSITIVITY_STEPS);
        Check.that(graphs >= 0, "sensitivity", "must be at least 1, or 0 to leave it out", graphs);
        Check.that(steps >= 1, "sensitivity-steps", "must be at least 1", steps);
        return new FidelityConf(graphs, steps);
    }

    /** Whether the comparison is made. */
    public boolean on() {
        return graphs > 0;
    }
}
