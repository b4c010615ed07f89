package org.bitdgdm.kernels;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the benchmark of the cuda backend needs of this package and no user does: products of choice, and small models. */
public final class CudaForms {

    private CudaForms() {
    }

    /**
     * Opens a model on the first GPU with products of choice.
     *
     * @param nibbles codes of at most 4 bits are multiplied as such, also where the chip only emulates that
     */
    public static CudaDenoiser open(PackedModel model, boolean nibbles) {
        return new CudaDenoiser(model, JcudaDriver.open(BackendOptions.defaults()), new DeviceProducts(false, nibbles));
    }

    /** Whether a product of 4 bits has any use in a model. */
    public static boolean hasNibbles(PackedModel model) {
        DeviceProducts products = new DeviceProducts(false, true);
        return model.linears().stream().anyMatch(products::nibbles);
    }

    /** Models of two narrow layers that reach every kind of kernel code: for checks where each access is watched. */
    public static Map<String, PackedModel> small() {
        PackedModel full = TestModels.tiny(Variant.FIXED_BUG, 4);
        PackedModel coded = TestLayers.quantized(full, TestLayers.LOW_BIT, 2);
        TestLayers.Form perRow = new TestLayers.Form(0, 4, 8, TestLayers.Input.ROW, 8, 8, 0, true);
        TestLayers.Form decoded = new TestLayers.Form(3, 16, 0, TestLayers.Input.SIGNED, 4, 32, 2, true);
        Map<String, PackedModel> models = new LinkedHashMap<>();
        models.put("full precision", full);
        models.put("codes of 4 bits", coded);
        models.put("codes of 8 bits, a scale per row", TestLayers.quantized(full, perRow, 2));
        models.put("coded inputs, factors in FP32", TestLayers.quantized(full, decoded, 2));
        models.put("transforms and branches", TestLayers.transformed(coded, 3, 8));
        return models;
    }

    /** Whether all layers are in full precision. */
    public static boolean isFull(PackedModel model) {
        return model.linears().stream().allMatch(PackedLinear::isFull);
    }

}
