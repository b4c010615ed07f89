package org.bitdgdm.kernels;

/**
 * Which products of the tensor cores a device's layers use, beside those of bytes.
 *
 * @param halves  layers in full precision are multiplied in BF16
 * @param nibbles codes of at most 4 bits on both sides are multiplied as such. The sums are the same integers either way;
 *                a chip without such a product emulates it, so it is used only where there is one
 */
record DeviceProducts(boolean halves, boolean nibbles) {
    private static final int NIBBLE_BITS = 4;

    /** What a device is best given, in BF16 or not. */
    static DeviceProducts of(CudaDriver.Device device, boolean halves) {
        String capability = device.computeCapability();
        // Hopper and later have none of 4 bits.
        return new DeviceProducts(halves, capability.startsWith("8."));
    }

    /** Whether a layer in full precision is one of BF16. */
    boolean halves(PackedLinear layer) {
        return halves && layer.isFull();
    }

    /** Whether X's codes lie in 4 bits: every weight that they meet must. */
    boolean nibbles(PackedLinear layer) {
        return nibbles && layer.integerProduct() && layer.activation.bits() <= NIBBLE_BITS
            && (layer.left == null || isNarrow(layer.left)) && (layer.residual == null || isNarrow(layer.residual));
    }

    /** Whether the codes of H = X L, and those of R, lie in 4 bits. */
    boolean nibbleIntermediate(PackedLinear layer) {
        return nibbles && layer.integerProduct() && layer.rank() > 0 && layer.intermediateBits <= NIBBLE_BITS
            && isNarrow(layer.right);
    }

    /** Whether a weight's codes are stored in 4 bits. */
    static boolean isNarrow(CodeMatrix weight) {
        return weight.bits() <= NIBBLE_BITS;
    }
}
