package org.bitdgdm.recipe;

import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * Time of a linear layer for one graph and step: its operations over the measured rates of the backend. Layers that read the
 * same input are taken to have the same settings, so that the first of them pays for its codes. What a call costs besides its
 * operations is left out, so that small layers come out somewhat too cheap.
 */
final class LayerCost {
    /** Multiply and add. */
    private static final double OPERATIONS = 2;

    private final LayerRates rates;
    private final NetworkSpec spec;
    private final double meanNodes;
    private final double meanPairs;

    /** Of the blocks of a model, for graphs of the sizes that it draws. */
    LayerCost(LayerRates rates, PackedModel model) {
        this.rates = rates;
        this.spec = model.spec();
        double weight = 0;
        double nodes = 0;
        double pairs = 0;
        float[] sizes = model.diffusion().sizes().weights();
        for (int n = 1; n < sizes.length; n++) {
            weight += sizes[n];
            nodes += (double) sizes[n] * n;
            pairs += (double) sizes[n] * n * n;
        }
        this.meanNodes = nodes / weight;
        this.meanPairs = pairs / weight;
    }

    /**
     * Seconds of a layer of a block.
     *
     * @param layer        in full precision or quantized
     * @param outlierShare share of its input that stays in full precision; NaN: none
     */
    double seconds(PackedLinear layer, double outlierShare) {
        double rows = rows(layer.name);
        double size = (double) layer.in * layer.out;
        if (layer.isFull()) {
            return rows * OPERATIONS * size / rates.full();
        }
        // What runs in FP32 beside the codes, or instead of them.
        double beside = (layer.transform == null ? 0 : layer.transform.multiplyAdds())
            + (layer.branch == null ? 0 : (double) layer.branch.rank() * (layer.in + layer.out));
        if (!layer.integerProduct()) {
            return rows * OPERATIONS * ((beside + size) / rates.full() + layer.sparse.entries() / rates.sparse());
        }
        double factors = (double) layer.rank() * (layer.in + layer.out);
        double outliers = Double.isNaN(outlierShare) ? 0 : outlierShare * size;
        return rows * (OPERATIONS * (layer.residual == null ? 0 : size) / rates.dense()
            + OPERATIONS * factors / rates.factor()
            + OPERATIONS * (layer.sparse.entries() + outliers) / rates.sparse()
            + OPERATIONS * beside / rates.full() + (makesCodes(layer) ? layer.in / rates.entries() : 0));
    }

    /** A transform is a layer's own, and so are the codes of what it leaves. */
    private boolean makesCodes(PackedLinear layer) {
        return layer.transform != null || spec.layer(layer.name).readsFirst();
    }

    private double rows(String name) {
        NetworkSpec.Layer layer = spec.layer(name);
        if (!layer.quantized()) {
            throw new IllegalArgumentException(name + ": only layers of blocks have a cost here");
        }
        if (!layer.needed()) {
            return 0;
        }
        return switch (layer.rows()) {
            case NODE -> meanNodes;
            case EDGE, MESSAGE -> meanPairs;
            case GRAPH -> 1;
        };
    }
}
