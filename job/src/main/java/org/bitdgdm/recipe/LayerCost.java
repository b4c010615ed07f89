package org.bitdgdm.recipe;

import java.util.List;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * Time of a linear layer for one graph and step: its operations over the measured rates of the backend. Layers that read the
 * same input are taken to have the same settings, so that the first of them pays for its codes. What a call costs besides its
 * operations is left out, so that small layers come out somewhat too cheap.
 */
final class LayerCost {
    /** Modules whose rows are the pairs of nodes; those of {@link #NODES} have a row per node, all others one per graph. */
    private static final List<String> EDGES = List.of("self_attn.e_add", "self_attn.e_mul", "self_attn.e_out", "linE1",
        "linE2");
    private static final List<String> NODES = List.of("self_attn.q", "self_attn.k", "self_attn.v", "self_attn.x_out",
        "linX1", "linX2");
    /** What only updates y, which nothing reads after the last block. */
    private static final List<String> LAST_Y = List.of("self_attn.y_y", "self_attn.x_y.lin", "self_attn.e_y.lin",
        "self_attn.y_out.0", "self_attn.y_out.2", "lin_y1", "lin_y2");
    /** Multiply and add. */
    private static final double OPERATIONS = 2;

    private final LayerRates rates;
    private final int layers;
    private final double meanNodes;
    private final double meanPairs;

    /** Of the blocks of a model, for graphs of the sizes that it draws. */
    LayerCost(LayerRates rates, PackedModel model) {
        this.rates = rates;
        this.layers = model.architecture().layers();
        double weight = 0;
        double nodes = 0;
        double pairs = 0;
        float[] sizes = model.diffusion().sizes();
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
    private static boolean makesCodes(PackedLinear layer) {
        return layer.transform != null || PackedModel.firstWithInputOf(layer.name).equals(layer.name);
    }

    private double rows(String name) {
        String block = "tf_layers.";
        if (!name.startsWith(block)) {
            throw new IllegalArgumentException(name + ": only layers of blocks have a cost here");
        }
        int dot = name.indexOf('.', block.length());
        int index = Integer.parseInt(name.substring(block.length(), dot));
        String module = name.substring(dot + 1);
        if (index == layers - 1 && LAST_Y.contains(module)) {
            return 0;
        }
        return NODES.contains(module) ? meanNodes : EDGES.contains(module) ? meanPairs : 1;
    }
}
