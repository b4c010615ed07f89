package org.bitdgdm.quantize;

import java.util.List;
import org.bitdgdm.kernels.PackedNetwork;

/**
 * A quantized model and how it came out.
 *
 * @param model   what is broadcast
 * @param layers  a report for every linear layer, in the order of {@link PackedNetwork#linears()}
 * @param seconds time taken, calibration included
 * @param <M>     form of the model
 */
public record QuantizedModel<M extends PackedNetwork>(M model, List<LayerReport> layers, double seconds) {

    public QuantizedModel {
        layers = List.copyOf(layers);
    }

    /** Bytes of all parameters of the full-precision model. */
    public long bytesBefore() {
        long saved = 0;
        for (LayerReport layer : layers) {
            saved += layer.bytesBefore() - layer.bytesAfter();
        }
        return model.bytes() + saved;
    }

    /** Bytes of all parameters as broadcast. */
    public long bytesAfter() {
        return model.bytes();
    }
}
