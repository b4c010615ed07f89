package org.bitdgdm.recipe;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;

/**
 * Divergences of the single layers of quantized models from one full-precision model, each measured once: its trajectories
 * are kept by graphs and steps. Of several threads one measures, and the others wait for it.
 *
 * @param <M> form of the models
 */
public final class LayerDivergences<M extends PackedNetwork> implements AutoCloseable {
    private final Function<FidelityConf, SensitivityScan<M, ?>> opener;
    private final Map<FidelityConf, SensitivityScan<M, ?>> scans = new HashMap<>();
    private final Map<List<Object>, List<SensitivityScan.OfLayer>> alone = new HashMap<>();

    /**
     * Nothing is measured yet.
     *
     * @param opener makes the trajectories of so many graphs and steps
     */
    public LayerDivergences(Function<FidelityConf, SensitivityScan<M, ?>> opener) {
        this.opener = opener;
    }

    /** The divergence of every layer that a model does not have in full precision, each alone. */
    public synchronized List<SensitivityScan.OfLayer> measure(FidelityConf conf, M quantized) {
        List<Object> key = List.of(conf, PackedModelFormat.sha256(quantized));
        List<SensitivityScan.OfLayer> known = alone.get(key);
        if (known == null) {
            known = scans.computeIfAbsent(conf, opener).measure(quantized);
            alone.put(key, known);
        }
        return known;
    }

    /** Takes models and trajectories back from the executors. */
    @Override
    public synchronized void close() {
        scans.values().forEach(SensitivityScan::close);
        scans.clear();
    }
}
