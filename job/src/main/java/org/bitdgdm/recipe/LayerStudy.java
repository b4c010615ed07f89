package org.bitdgdm.recipe;

import java.io.PrintStream;
import java.util.List;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.quantize.QuantizedModel;

/**
 * Study of the single layers of a model: what each costs in divergence, and which settings each should have.
 *
 * @param <M> form of the model
 */
public interface LayerStudy<M extends PackedNetwork> extends AutoCloseable {

    /**
     * A recipe that was searched for.
     *
     * @param recipe settings of every layer
     * @param model  quantized with it
     * @param alone  divergence of its layers, each alone
     * @param text   the recipe as a file
     */
    record Found<M extends PackedNetwork>(QuantizeConf recipe, QuantizedModel<M> model, List<SensitivityScan.OfLayer> alone,
                                          String text) {
    }

    /**
     * The divergence of every layer that a model does not have in full precision, each alone.
     *
     * @param conf graphs and steps
     */
    List<SensitivityScan.OfLayer> measure(FidelityConf conf, M quantized);

    /**
     * Searches for the cheapest recipe within a budget of divergence.
     *
     * @throws org.bitdgdm.conf.InputException if no choice tried is within the budget when verified
     */
    Found<M> search(JobConf conf, PrintStream console);

    @Override
    void close();
}
