package org.bitdgdm.kernels;

/**
 * Parameters of a layer normalisation over the last axis, eps 1e-5.
 *
 * @param name   DiGress's own name of the module, for example {@code tf_layers.0.normX1}
 * @param weight (width) γ
 * @param bias   (width) β
 */
public record LayerNorm(String name, float[] weight, float[] bias) {
    /** Added to the variance before the square root, PyTorch's default. */
    public static final float EPSILON = 1e-5f;

    public LayerNorm {
        if (weight.length != bias.length) {
            throw new IllegalArgumentException(name + ": weight has " + weight.length + " entries, bias " + bias.length);
        }
    }
}
