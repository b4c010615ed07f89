package org.bitdgdm.recipe;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.quantize.QuantizedModel;

/**
 * What runs of one model on one backend have found out about single layers, each thing once: divergences of layers by the
 * quantized model, candidates of recipes by their settings. Of several
 * threads one computes, and the others wait for it.
 *
 * @param <M> form of the model
 */
public final class LayerScans<M extends PackedNetwork> implements LayerStudy<M> {
    /** Graphs of the scan where {@code --sensitivity} does not say. */
    private static final int SCANNED = 8;
    private static final double MILLI = 1e3;

    private final StudiedModel<M> studied;
    private final LayerDivergences<M> divergences;
    private final Map<List<Object>, Candidates<M>> candidates = new HashMap<>();
    private final Map<List<Object>, FidelityProbe<M, ?>> probes = new HashMap<>();

    /** Nothing is done yet. */
    public LayerScans(StudiedModel<M> studied) {
        this.studied = studied;
        this.divergences = new LayerDivergences<>(studied::scan);
    }

    StudiedModel<M> studied() {
        return studied;
    }

    @Override
    public List<SensitivityScan.OfLayer> measure(FidelityConf conf, M quantized) {
        return divergences.measure(conf, quantized);
    }

    @Override
    public Found<M> search(JobConf conf, PrintStream console) {
        RecipeSearch.Chosen<M> chosen = new RecipeSearch<>(this, conf, console).find();
        return new Found<>(chosen.recipe(), chosen.model(), chosen.alone(), chosen.text());
    }

    /** What compares whole models along full-precision trajectories; closed with this. */
    synchronized FidelityProbe<M, ?> probe(FidelityConf conf, long seed) {
        return probes.computeIfAbsent(List.of(conf, seed), absent -> studied.probe(conf, seed));
    }

    /**
     * What {@code --recipe auto} chooses from.
     *
     * @throws InputException if no rates of the backend were measured
     */
    synchronized Candidates<M> candidates(JobConf conf, LayerRates rates, PrintStream console) {
        FidelityConf scan = conf.scan().with(conf.scan().on() ? conf.scan().graphs() : SCANNED, conf.scan().steps());
        List<Object> key = List.of(conf.quantize(), conf.recipe().candidates(), scan);
        Candidates<M> known = candidates.get(key);
        if (known == null) {
            known = scanned(conf, scan, rates, console);
            candidates.put(key, known);
        }
        return known;
    }

    private Candidates<M> scanned(JobConf conf, FidelityConf scan, LayerRates rates, PrintStream console) {
        Candidates<M> found = new Candidates<>(studied.full(), studied.costs(rates));
        console.printf("recipe: %d candidates, each of %d layers alone along %d %s of %d %s%n",
            conf.recipe().candidates().size(), found.layers(), scan.graphs(), studied.words().things(), scan.steps(),
            studied.words().steps());
        for (Map<String, String> settings : conf.recipe().candidates()) {
            QuantizedModel<M> quantized = studied.quantize(conf.quantize().withSettings(settings));
            Candidates.Candidate<M> added = found.add(settings, quantized, measure(scan, quantized.model()));
            console.printf(Locale.ROOT, "  %s: sum of divergences %.3g, layers %.3f ms, %,d bytes%n",
                RecipeConf.text(settings), Arrays.stream(added.divergence()).sum(),
                MILLI * Arrays.stream(added.seconds()).sum(), (long) Arrays.stream(added.bytes()).sum());
        }
        return found;
    }

    /** Takes models and trajectories back from the executors. */
    @Override
    public synchronized void close() {
        divergences.close();
        probes.values().forEach(FidelityProbe::close);
        probes.clear();
    }
}
