package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A packed model in device memory: one allocation, uploaded once, read by every stream. */
final class DeviceModel {
    private final CudaContext context;
    private final PackedModel model;
    private final DeviceProducts products;
    /** For each range of steps, where its layers are; those that ranges share are there once. */
    private final List<Map<String, Integer>> linears = new ArrayList<>();
    private final Map<String, int[]> norms = new HashMap<>();
    private final int nodeMarginal;
    private final int edgeMarginal;
    private final int nodeWeights;
    private final long address;

    /** Uploads a model. */
    DeviceModel(CudaContext context, PackedModel model, DeviceProducts products) {
        this.context = context;
        this.model = model;
        this.products = products;
        DeviceImage image = new DeviceImage();
        DeviceWeights weights = new DeviceWeights(image, products);
        for (int range = 0; range < model.stepRanges(); range++) {
            Map<String, Integer> offsets = new HashMap<>();
            for (PackedLinear linear : model.linears(range)) {
                offsets.put(linear.name, range == 0 ? weights.add(linear)
                    : linear.hasStaticScale() ? weights.addScales(linears.get(0).get(linear.name), linear)
                    : linears.get(0).get(linear.name));
            }
            linears.add(offsets);
        }
        for (LayerNorm norm : model.norms()) {
            norms.put(norm.name(), new int[] {image.floats(norm.weight()), image.floats(norm.bias())});
        }
        Diffusion diffusion = model.diffusion();
        nodeMarginal = image.floats(diffusion.limits().nodes());
        edgeMarginal = image.floats(diffusion.limits().edges());
        nodeWeights = image.floats(model.architecture().nodeWeights());
        address = context.allocate(image.size(), "the model");
        try {
            context.uploadNow(address, image.at(address));
        } catch (RuntimeException e) {
            context.free(address);
            throw e;
        }
    }

    PackedModel packed() {
        return model;
    }

    /** Bytes of shared memory that a tile of a layer is prepared in, its transform aside. */
    int scratchBytes(PackedLinear layer, int tileRows) {
        return DeviceScratch.linearBytes(layer, tileRows, products);
    }

    /** The same with its transform. */
    int turningBytes(PackedLinear layer, int tileRows) {
        return scratchBytes(layer, tileRows) + DeviceScratch.transformBytes(layer, tileRows);
    }

    /** Address of a layer's {@code Linear} for a range of steps. */
    long linear(String name, int range) {
        return address + linears.get(range).get(name);
    }

    long normWeight(String name) {
        return address + norms.get(name)[0];
    }

    long normBias(String name) {
        return address + norms.get(name)[1];
    }

    long nodeMarginal() {
        return address + nodeMarginal;
    }

    long edgeMarginal() {
        return address + edgeMarginal;
    }

    long nodeWeights() {
        return address + nodeWeights;
    }

    void free() {
        context.free(address);
    }
}
