package org.bitdgdm;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.quantize.LayerReport;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizationCsv;
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
    private static final String PACKED = "_run/model.packed";
    private static final String LAYERS = "_run/layers.json";
    private static final String CSV = "quantization.csv";
    /** Thresholds come from the same graphs whatever a run's seed, so that nightly runs share one quantized model. */
    private static final long CALIBRATION_SEED = 0;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Quantizes, or takes what an earlier start of the same run has left. */
    static QuantizedRun of(OutputFolder folder, PackedModel full, QuantizeConf conf, BackendOpener opener, int threads,
                           PrintStream console) throws IOException {
        if (folder.exists(PACKED)) {
            try {
                PackedModel model = PackedModelFormat.fromBytes(folder.read(PACKED));
                return new QuantizedRun(model, JSON.readValue(folder.read(LAYERS), new TypeReference<>() { }), Double.NaN);
            } catch (IllegalArgumentException broken) {
                throw new InputException("--out " + folder + " has a broken " + PACKED + " (" + broken.getMessage()
                    + "); delete that file to quantize again, or give another folder", broken);
            }
        }
        console.println("quantizing with " + conf.method() + " …");
        QuantizedModel quantized = Quantization.quantize(full, conf, CALIBRATION_SEED,
            model -> recorder(opener, model, threads));
        List<LayerReport> layers = conf.method().equals("fp32") && conf.overrides().isEmpty() ? List.of() : quantized.layers();
        console.printf("quantized in %.1f s: %,d → %,d bytes%n", quantized.seconds(), full.bytes(), quantized.model().bytes());
        folder.publish(CSV, QuantizationCsv.toCsv(quantized.layers()).getBytes(StandardCharsets.UTF_8));
        folder.publish(LAYERS, JSON.writeValueAsBytes(layers));
        // Last: its presence says that the others are there.
        folder.publish(PACKED, PackedModelFormat.toBytes(quantized.model()));
        return new QuantizedRun(quantized.model(), layers, quantized.seconds());
    }

    /** Calibration runs on the backend of the run. */
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
