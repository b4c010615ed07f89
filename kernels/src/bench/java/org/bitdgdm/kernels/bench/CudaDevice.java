package org.bitdgdm.kernels.bench;

import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CudaDenoiser;
import org.bitdgdm.kernels.CudaForms;
import org.bitdgdm.kernels.PackedModel;

/** Opens models on what is measured: the first GPU, or, in tests of the benchmark, an emulated one. */
@FunctionalInterface
interface CudaDevice {

    /** Which products a model is opened with. */
    enum Products {
        /** What the device is best given, layers in full precision in FP32. */
        FP32,
        /** The same with layers in full precision in BF16. */
        BF16,
        /** Codes are multiplied as bytes. */
        BYTES,
        /** Codes of at most 4 bits are multiplied as such. */
        NIBBLES
    }

    CudaDenoiser open(PackedModel model, Products products);

    /** The first GPU. */
    static CudaDenoiser first(PackedModel model, Products products) {
        return switch (products) {
            case FP32, BF16 -> new CudaDenoiser(model,
                new BackendOptions(1, "auto", null, 0, products == Products.BF16 ? "bf16" : "fp32"));
            case BYTES, NIBBLES -> CudaForms.open(model, products == Products.NIBBLES);
        };
    }
}
