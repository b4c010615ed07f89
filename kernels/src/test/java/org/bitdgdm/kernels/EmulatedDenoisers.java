package org.bitdgdm.kernels;

/** Opens models on the emulated device, for tests of other packages. */
public final class EmulatedDenoisers {

    private EmulatedDenoisers() {
    }

    /**
     * @param halves  layers in full precision are multiplied in BF16
     * @param nibbles codes of at most 4 bits are multiplied as such
     */
    public static CudaDenoiser open(PackedModel model, boolean halves, boolean nibbles) {
        return new CudaDenoiser(model, new EmulatedDriver(EmulatedDriver.Order.FORWARD), new DeviceProducts(halves, nibbles));
    }
}
