package org.bitdgdm.recipe;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.BackendOpener;

/**
 * What runs of one model on one backend have found out about single layers, each thing once: divergences of layers by the
 * quantized model, candidates of recipes by their settings. Of several
 * threads one computes, and the others wait for it.
 */
public final class LayerScans implements LayerStudy<PackedModel> {
    /** Graphs of the scan where {@code --sensitivity} does not say. */
    private static final int SCANNED = 8;
    private static final double MILLI = 1e3;

    private final JavaSparkContext spark;
    private final Calibrations calibrations;
    private final BackendOpener opener;
    private final LayerDivergences<PackedModel> divergences;
    private final Map<List<Object>, Candidates> candidates = new HashMap<>();
    private final Map<List<Object>, FidelityProbe<PackedModel, Denoiser>> probes = new HashMap<>();

    /** Nothing is done yet. */
    public LayerScans(JavaSparkContext spark, Calibrations calibrations, BackendOpener opener) {
        this.spark = spark;
        this.calibrations = calibrations;
        this.opener = opener;
        this.divergences = new LayerDivergences<>(conf -> SensitivityScan.ofGraphs(spark, calibrations.full(), conf, opener));
    }

    JavaSparkContext spark() {
        return spark;
    }

    Calibrations calibrations() {
        return calibrations;
    }

    BackendOpener opener() {
        return opener;
    }

    @Override
    public List<SensitivityScan.OfLayer> measure(FidelityConf conf, PackedModel quantized) {
        return divergences.measure(conf, quantized);
    }

    @Override
    public Found<PackedModel> search(JobConf conf, PrintStream console) {
        RecipeSearch.Chosen chosen = new RecipeSearch(this, conf, console).find();
        return new Found<>(chosen.recipe(), chosen.model(), chosen.alone(), chosen.text());
    }

    /** What compares whole models along full-precision trajectories; closed with this. */
    synchronized FidelityProbe<PackedModel, Denoiser> probe(FidelityConf conf, long seed) {
        return probes.computeIfAbsent(List.of(conf, seed), absent ->
            FidelityProbe.ofGraphs(spark, calibrations.full(), conf, opener, true, seed));
    }

    /**
     * What {@code --recipe auto} chooses from.
     *
     * @throws InputException if no rates of the backend were measured
     */
    synchronized Candidates candidates(JobConf conf, LayerRates rates, PrintStream console) {
        FidelityConf scan = new FidelityConf(conf.scan().on() ? conf.scan().graphs() : SCANNED, conf.scan().steps());
        List<Object> key = List.of(conf.quantize(), conf.recipe().candidates(), scan);
        Candidates known = candidates.get(key);
        if (known == null) {
            known = scanned(conf, scan, rates, console);
            candidates.put(key, known);
        }
        return known;
    }

    private Candidates scanned(JobConf conf, FidelityConf scan, LayerRates rates, PrintStream console) {
        Candidates found = new Candidates(calibrations.full(), rates);
        console.printf("recipe: %d candidates, each of %d layers alone along %d graphs of %d steps%n",
            conf.recipe().candidates().size(), found.layers(), scan.graphs(), scan.steps());
        for (Map<String, String> settings : conf.recipe().candidates()) {
            QuantizedModel<PackedModel> quantized = Quantization.quantize(calibrations, conf.quantize().withSettings(settings));
            Candidates.Candidate added = found.add(settings, quantized, measure(scan, quantized.model()));
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
