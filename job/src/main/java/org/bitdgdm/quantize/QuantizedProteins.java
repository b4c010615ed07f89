package org.bitdgdm.quantize;

import java.util.List;
import org.bitdgdm.kernels.PackedProteinModel;

/**
 * A quantized model of proteins and how it came out.
 *
 * @param model   what is broadcast
 * @param layers  a report for every linear layer, in the order of {@link PackedProteinModel#linears()}
 * @param seconds time taken, calibration included
 */
public record QuantizedProteins(PackedProteinModel model, List<LayerReport> layers, double seconds) {

    public QuantizedProteins {
        layers = List.copyOf(layers);
    }
}
