package org.bitdgdm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.SparseRows;

/**
 * Time of a step by term, from the device's time in each kernel. Kernels are fused, so that two terms are differences: the
 * sparse one between the model and the same without S and outliers, the dense one between the kernels with layers and the
 * same edges without their products. Where norms of X are within a kernel with layers, they count as dense.
 */
final class CudaTerms {
    /** Each term and the terms of {@link CudaBudget} that bound it. */
    static final Map<String, List<String>> BOUNDS = bounds();
    private static final List<String> LAYERS = List.of("bitdgdm_linear", "bitdgdm_transform", "bitdgdm_edges",
        "bitdgdm_edge_output");
    private static final String BARE_EDGES = "bitdgdm_edges_without_layers";

    private CudaTerms() {
    }

    private static Map<String, List<String>> bounds() {
        Map<String, List<String>> bounds = new LinkedHashMap<>();
        bounds.put("dense", List.of("dense integer", "full-precision layers", "codes of inputs"));
        bounds.put("sparse", List.of("sparse"));
        bounds.put("attention, norms, pools", List.of("attention, norms, pools"));
        bounds.put("features", List.of("features"));
        bounds.put("draw", List.of("draw"));
        return bounds;
    }

    /**
     * Seconds by term, in the order of {@link #BOUNDS}.
     *
     * @param kernels   seconds of one step in each kernel
     * @param unsparsed the same for the model of {@link #withoutSparse}
     */
    static Map<String, Double> of(Map<String, Double> kernels, Map<String, Double> unsparsed) {
        double dense = sum(unsparsed, LAYERS) - unsparsed.get(BARE_EDGES);
        Map<String, Double> terms = new LinkedHashMap<>();
        terms.put("dense", dense);
        terms.put("sparse", sum(kernels, LAYERS) - kernels.get(BARE_EDGES) - dense);
        terms.put("attention, norms, pools", kernels.get(BARE_EDGES) + sum(kernels, List.of("bitdgdm_edge_input",
            "bitdgdm_norm", "bitdgdm_pool", "bitdgdm_sum")));
        terms.put("features", kernels.get("bitdgdm_features"));
        terms.put("draw", sum(kernels, List.of("bitdgdm_draw", "bitdgdm_next_step")));
        return terms;
    }

    private static double sum(Map<String, Double> kernels, List<String> names) {
        return names.stream().mapToDouble(name -> kernels.getOrDefault(name, 0.0)).sum();
    }

    /** The same model without sparse weights, and with a scale per row, which knows no outliers, for every static one. */
    static PackedModel withoutSparse(PackedModel model) {
        return model.withLinears(model.linears().stream().map(layer -> layer.isFull() ? layer
            : PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, perRow(layer.activation), layer.left,
                layer.right, layer.intermediateBits, layer.intermediateScale, layer.residual,
                SparseRows.empty(layer.in, layer.out), true, layer.codebook).with(layer.transform, layer.branch)).toList());
    }

    private static ActivationCodes perRow(ActivationCodes codes) {
        return codes.coded() ? ActivationCodes.perRow(codes.bits(), codes.unsigned()) : codes;
    }
}
