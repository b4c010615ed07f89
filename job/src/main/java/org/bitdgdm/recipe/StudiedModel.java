package org.bitdgdm.recipe;

import java.util.List;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.quantize.QuantizedModel;

/**
 * A model whose layers are studied on one backend, and all that differs between kinds of models in that.
 *
 * @param <M> form of the model
 */
public interface StudiedModel<M extends PackedNetwork> {

    /**
     * What the model makes, and how, for people.
     *
     * @param things what is made, several of them
     * @param steps  steps of one, several of them
     * @param rate   unit of speeds
     * @param each   of what divergences and times are
     */
    record Words(String things, String steps, String rate, String each) {
    }

    /** The model in full precision. */
    M full();

    /** Quantizes it. */
    QuantizedModel<M> quantize(QuantizeConf recipe);

    /** Computes trajectories along which layers are quantized alone. */
    SensitivityScan<M, ?> scan(FidelityConf conf);

    /**
     * Plans trajectories along which whole models are compared; executors keep them.
     *
     * @param seed key of their random draws
     */
    FidelityProbe<M, ?> probe(FidelityConf conf, long seed);

    /** The same of no more steps than the model can take. */
    FidelityConf within(FidelityConf asked);

    /** Times of its layers by measured rates. */
    LayerRates.Cost costs(LayerRates rates);

    /**
     * Speeds in steps of a thing per second of one task, see {@link StepRates}.
     *
     * @param batch things that a run advances at once
     * @return (models)
     */
    double[] speeds(List<M> models, int batch);

    /** Label of the backend. */
    String backend();

    /** What the model makes. */
    Words words();
}
