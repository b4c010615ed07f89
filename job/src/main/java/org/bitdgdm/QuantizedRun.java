package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.LayerReport;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizationCsv;
import org.bitdgdm.quantize.QuantizedBundle;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.BackendOpener;

/**
 * The packed model of a run. It is made once and kept in the run's folder: a start that resumes takes the same bytes,
 * wherever it runs, instead of quantizing again.
 *
 * @param model   what is broadcast
 * @param layers  a report for every linear layer; empty where nothing was quantized
 * @param seconds time taken; NaN where an earlier start has taken it
 */
record QuantizedRun(PackedModel model, List<LayerReport> layers, double seconds) {
    /** Where a run keeps the files of {@link QuantizedBundle}. */
    private static final String KEPT = "_run/model/";
    private static final String CSV = "quantization.csv";
    /** Thresholds come from the same graphs whatever a run's seed, so that nightly runs share one quantized model. */
    private static final long CALIBRATION_SEED = 0;

    /** What runs of one model calibrate with: the backend of the runs, or the cpu where that is a GPU. */
    static Calibrations calibrations(ModelBundle bundle, BackendOpener opener, int threads) {
        return new Calibrations(bundle.packed(), CALIBRATION_SEED, model -> recorder(opener.forCalibration(), model, threads));
    }

    /** Quantizes, or takes what an earlier start of the same run has left. */
    static QuantizedRun of(OutputFolder folder, ModelBundle bundle, QuantizeConf conf, Calibrations calibrations,
                           PrintStream console) throws IOException {
        PackedModel full = calibrations.full();
        // The packed model is written last: its presence says that the others are there.
        if (folder.exists(KEPT + QuantizedBundle.PACKED_FILE)) {
            QuantizedModel kept = QuantizedBundle.read(folder.read(KEPT + QuantizedBundle.RECIPE_FILE),
                folder.read(KEPT + QuantizedBundle.PACKED_FILE), folder + "/" + KEPT).quantized();
            return new QuantizedRun(kept.model(), kept.layers(), Double.NaN);
        }
        boolean nothing = conf.method().equals("fp32") && conf.overrides().isEmpty();
        if (!nothing) {
            console.println("quantizing with " + conf.method() + " …");
        }
        QuantizedModel quantized = Quantization.quantize(calibrations, conf);
        folder.publish(CSV, QuantizationCsv.toCsv(quantized.layers()).getBytes(StandardCharsets.UTF_8));
        if (nothing) {
            return new QuantizedRun(full, List.of(), Double.NaN);
        }
        console.printf(Locale.ROOT, "quantized in %.1f s: %,d → %,d bytes%n", quantized.seconds(), full.bytes(),
            quantized.model().bytes());
        Map<String, byte[]> files = new QuantizedBundle(quantized, conf, CALIBRATION_SEED, bundle.sha256()).files();
        folder.publish(KEPT + QuantizedBundle.RECIPE_FILE, files.get(QuantizedBundle.RECIPE_FILE));
        folder.publish(KEPT + QuantizedBundle.PACKED_FILE, files.get(QuantizedBundle.PACKED_FILE));
        return new QuantizedRun(quantized.model(), quantized.layers(), quantized.seconds());
    }

    @SuppressWarnings("unchecked")
    private static <D extends Denoiser & ActivationRecorder> D recorder(BackendOpener opener, PackedModel model, int threads) {
        Denoiser denoiser = opener.open(model, threads);
        if (!(denoiser instanceof ActivationRecorder)) {
            String found = denoiser.describe();
            denoiser.close();
            throw new IllegalStateException("backend " + found + " cannot record activations");
        }
        return (D) denoiser;
    }
}
