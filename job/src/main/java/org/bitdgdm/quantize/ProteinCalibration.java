package org.bitdgdm.quantize;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.SequenceSampler;

/**
 * Calibration of a model of proteins: it designs sequences for given backbones with the noise that it was trained with, and
 * the inputs of every layer of its blocks are recorded at every evaluation. Native sequences play no part in it.
 */
final class ProteinCalibration {
    /** Runs where a recipe asks for no number: a run of 150 residues shows 1,500 messages at each evaluation. */
    private static final int RUNS = 4;

    private final ProteinDenoiser denoiser;
    private final List<ProteinGraph> backbones;
    private final int runs;
    private final SequenceSampler sampler;
    private final long seed;

    /**
     * @param backbones taken in turn, one for each run
     * @throws InputException if the steps are more than the model has
     */
    ProteinCalibration(ProteinDenoiser denoiser, List<ProteinGraph> backbones, QuantizeConf conf, long runSeed) {
        int most = denoiser.diffusion().steps();
        if (conf.calibrationSteps() > most) {
            throw new InputException("--calibration-steps must be at most " + most
                + ", the diffusion steps of the model, found " + conf.calibrationSteps());
        }
        // Strides are equal: as many evaluations as are asked for, or the next lower number that divides T.
        int evaluations = conf.calibrationSteps();
        while (most % evaluations != 0) {
            evaluations--;
        }
        this.denoiser = denoiser;
        this.backbones = List.copyOf(backbones);
        this.runs = conf.calibrationGraphs() > 0 ? conf.calibrationGraphs() : RUNS;
        this.seed = Calibration.seed(runSeed);
        this.sampler = new SequenceSampler(denoiser.diffusion(), denoiser.diffusion().trained(), evaluations, true, seed);
    }

    /** The inputs of every layer, see {@link Calibration#of}. */
    List<RecordedInputs> recorded(PackedProteinModel model, int[] rows, int ranges) {
        return Calibration.of(model, runs, seed, rows, ranges, (from, end, inputs) -> {
            for (int run = from; run < end; run++) {
                record(run, inputs);
            }
        });
    }

    private void record(int run, Calibration.Inputs inputs) {
        ProteinGraph protein = backbones.get(run % backbones.size());
        try (ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            byte[] start = sampler.start(protein.residues(), run, 0, 1);
            sampler.sample(network, run, 0, start, new boolean[protein.residues()], (sequence, t) ->
                network.record(sequence, t, (layer, input, rows) -> inputs.accept(layer, input, rows, t)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException("calibration was stopped", e);
        }
    }
}
