package org.bitdgdm.recipe;

import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.BackendOpener;

/**
 * A model of graphs.
 *
 * @param calibrations of it
 * @param opener       of the backend
 */
public record StudiedGraphs(JavaSparkContext spark, Calibrations calibrations, BackendOpener opener)
    implements StudiedModel<PackedModel> {
    private static final Words WORDS = new Words("graphs", "steps", "graph-steps/s", "graph and step");

    @Override
    public PackedModel full() {
        return calibrations.full();
    }

    @Override
    public QuantizedModel<PackedModel> quantize(QuantizeConf recipe) {
        return Quantization.quantize(calibrations, recipe);
    }

    @Override
    public SensitivityScan<PackedModel, Denoiser> scan(FidelityConf conf) {
        return SensitivityScan.ofGraphs(spark, full(), conf, opener);
    }

    @Override
    public FidelityProbe<PackedModel, Denoiser> probe(FidelityConf conf, long seed) {
        return FidelityProbe.ofGraphs(spark, full(), conf, opener, true, seed);
    }

    @Override
    public FidelityConf within(FidelityConf asked) {
        return asked.with(asked.graphs(),
            Math.min(asked.steps(), FidelityProbe.sampler(asked, full().diffusion()).mostSteps(full().diffusion())));
    }

    @Override
    public LayerRates.Cost costs(LayerRates rates) {
        return LayerRates.Cost.ofGraphs(rates, full());
    }

    @Override
    public double[] speeds(List<PackedModel> models, int batch) {
        return StepRates.measure(spark, opener, models, batch);
    }

    @Override
    public String backend() {
        return opener.backend().label();
    }

    @Override
    public Words words() {
        return WORDS;
    }
}
