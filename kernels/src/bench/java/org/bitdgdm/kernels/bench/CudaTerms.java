package org.bitdgdm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    /** Of lines of results. */
    static final String KIND = "terms";
    /** Each term and the terms of {@link CudaBudget} that bound it. */
    static final Map<String, List<String>> BOUNDS = bounds();
    private static final List<String> LAYERS = List.of("bitdgdm_linear", "bitdgdm_transform", "bitdgdm_edges",
        "bitdgdm_nodes", "bitdgdm_edge_output");
    private static final String BARE_EDGES = "bitdgdm_edges_without_layers";
    private static final List<String> REST = List.of("bitdgdm_edge_input", "bitdgdm_norm", "bitdgdm_pool", "bitdgdm_sum");
    private static final String FEATURES = "bitdgdm_features";
    private static final List<String> DRAW = List.of("bitdgdm_draw", "bitdgdm_next_step");
    private static final Set<String> KNOWN = Stream.of(LAYERS, List.of(BARE_EDGES, FEATURES), REST, DRAW)
        .flatMap(List::stream).collect(Collectors.toUnmodifiableSet());

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
     * @throws IllegalArgumentException for a kernel of no term
     */
    static Map<String, Double> of(Map<String, Double> kernels, Map<String, Double> unsparsed) {
        for (String kernel : kernels.keySet()) {
            if (!KNOWN.contains(kernel)) {
                throw new IllegalArgumentException("the time of kernel " + kernel + " is in no term, only those of "
                    + new TreeSet<>(KNOWN) + " are; add it to CudaTerms");
            }
        }
        double dense = sum(unsparsed, LAYERS) - unsparsed.get(BARE_EDGES);
        Map<String, Double> terms = new LinkedHashMap<>();
        terms.put("dense", dense);
        terms.put("sparse", sum(kernels, LAYERS) - kernels.get(BARE_EDGES) - dense);
        terms.put("attention, norms, pools", kernels.get(BARE_EDGES) + sum(kernels, REST));
        terms.put("features", kernels.get(FEATURES));
        terms.put("draw", sum(kernels, DRAW));
        return terms;
    }

    private static double sum(Map<String, Double> kernels, List<String> names) {
        return names.stream().mapToDouble(name -> kernels.getOrDefault(name, 0.0)).sum();
    }

    /** The same model without sparse weights, and with thresholds that no input exceeds, at the same scales. */
    static PackedModel withoutSparse(PackedModel model) {
        return model.withLinears(model.linears().stream().map(layer -> layer.isFull() ? layer
            : PackedLinear.quantized(layer.name, layer.in, layer.out, layer.bias, withoutOutliers(layer.activation),
                layer.left, layer.right, layer.intermediateBits, layer.intermediateScale, layer.residual,
                SparseRows.empty(layer.in, layer.out), true, layer.codebook).with(layer.transform, layer.branch)).toList());
    }

    /** What would be an outlier takes the largest code. */
    private static ActivationCodes withoutOutliers(ActivationCodes codes) {
        return codes.coded() && !codes.perRow() ? new ActivationCodes(codes.bits(), codes.unsigned(), false, Float.MAX_VALUE,
            codes.scale(), codes.inverse()) : codes;
    }
}
