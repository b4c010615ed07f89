package org.bitdgdm.recipe;

import java.util.List;
import java.util.function.IntFunction;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.quantize.ProteinCalibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.ProteinOpener;

/**
 * A model of proteins.
 *
 * @param calibrations of it
 * @param backbones    that sequences are made for, at most so many, at least one
 * @param evaluations  of the network for all samples of a chain
 * @param opener       of the backend
 */
public record StudiedProteins(JavaSparkContext spark, ProteinCalibrations calibrations,
                              IntFunction<List<FidelityProbe.Backbone>> backbones, long evaluations, ProteinOpener opener)
    implements StudiedModel<PackedProteinModel> {
    private static final Words WORDS = new Words("sequences", "evaluations", "evaluations/s", "sequence and evaluation");

    @Override
    public PackedProteinModel full() {
        return calibrations.full();
    }

    @Override
    public QuantizedModel<PackedProteinModel> quantize(QuantizeConf recipe) {
        return Quantization.quantize(calibrations, recipe);
    }

    @Override
    public SensitivityScan<PackedProteinModel, ProteinDenoiser> scan(FidelityConf conf) {
        return SensitivityScan.ofProteins(spark, full(), backbones.apply(conf.graphs()), conf, opener);
    }

    @Override
    public FidelityProbe<PackedProteinModel, ProteinDenoiser> probe(FidelityConf conf, long seed) {
        return FidelityProbe.ofProteins(spark, full(), backbones.apply(conf.graphs()), conf, opener, true, seed);
    }

    /** Evaluations must divide T. */
    @Override
    public FidelityConf within(FidelityConf asked) {
        int most = full().diffusionSteps();
        int evaluations = Math.min(asked.steps(), most);
        while (most % evaluations != 0) {
            evaluations--;
        }
        return asked.with(asked.graphs(), evaluations);
    }

    @Override
    public LayerRates.Cost costs(LayerRates rates) {
        return LayerRates.Cost.ofProtein(rates, full(), backbones.apply(1).get(0).read(), evaluations);
    }

    @Override
    public double[] speeds(List<PackedProteinModel> models, int batch) {
        return StepRates.measure(spark, opener, models, new StepRates.OfSequences(backbones.apply(1).get(0), batch));
    }

    @Override
    public String backend() {
        return opener.backend().backend().label();
    }

    @Override
    public Words words() {
        return WORDS;
    }
}
