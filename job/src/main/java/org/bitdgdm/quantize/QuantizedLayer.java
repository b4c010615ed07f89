package org.bitdgdm.quantize;

import org.bitdgdm.kernels.PackedLinear;

/**
 * What a method has made of one layer.
 *
 * @param packed     the layer as backends run it; the given one where the method leaves it alone
 * @param iterations steps of the method's search; 0 if it has none
 * @param objective  value that the search ended at; NaN if there is none
 * @param tails      tails of the values that became codes
 * @param note       what a reader of the report should know; empty if nothing
 */
record QuantizedLayer(PackedLinear packed, int iterations, double objective, Tails tails, String note) {

    /** A layer left in full precision. */
    static QuantizedLayer untouched(PackedLinear layer) {
        return new QuantizedLayer(layer, 0, Double.NaN, new Tails(), "");
    }
}
