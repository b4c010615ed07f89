package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.PackedForm;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.TestLayers;
import org.bitdgdm.kernels.TestModels;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;

class CudaTermsTest {

    @Test
    void kernelsAreSharedOutOverTerms() {
        Map<String, Double> kernels = new HashMap<>(Map.of("bitdgdm_features", 1.0, "bitdgdm_linear", 20.0,
            "bitdgdm_edges", 100.0, "bitdgdm_edge_output", 3.0, "bitdgdm_edges_without_layers", 30.0, "bitdgdm_norm", 4.0,
            "bitdgdm_pool", 0.5, "bitdgdm_sum", 0.25, "bitdgdm_edge_input", 0.125));
        kernels.put("bitdgdm_draw", 2.0);
        kernels.put("bitdgdm_next_step", 0.5);
        kernels.put("bitdgdm_nodes", 40.0);
        Map<String, Double> unsparsed = new HashMap<>(kernels);
        unsparsed.put("bitdgdm_edges", 80.0);
        unsparsed.put("bitdgdm_linear", 15.0);
        unsparsed.put("bitdgdm_nodes", 33.0);
        Map<String, Double> terms = CudaTerms.of(kernels, unsparsed);
        assertThat(terms).containsExactlyInAnyOrderEntriesOf(Map.of("dense", 101.0, "sparse", 32.0,
            "attention, norms, pools", 34.875, "features", 1.0, "draw", 2.5));
        assertThat(terms.keySet()).containsExactlyElementsOf(CudaTerms.BOUNDS.keySet());
        double all = kernels.values().stream().mapToDouble(Double::doubleValue).sum();
        assertThat(terms.values().stream().mapToDouble(Double::doubleValue).sum())
            .as("all kernels of a step, once").isEqualTo(all - 30);
        assertThat(CudaTerms.BOUNDS.values().stream().flatMap(List::stream).toList())
            .as("all bounds but that of memory").containsExactlyInAnyOrderElementsOf(
                CudaBudget.TERMS.stream().filter(term -> !term.equals("memory")).toList());
    }

    @Test
    void aKernelOfNoTermIsRefused() {
        Map<String, Double> kernels = Map.of("bitdgdm_edges_without_layers", 1.0, "bitdgdm_features", 1.0,
            "bitdgdm_new", 1.0);
        assertThatIllegalArgumentException().isThrownBy(() -> CudaTerms.of(kernels, kernels))
            .withMessageContaining("kernel bitdgdm_new is in no term").withMessageContaining("bitdgdm_nodes");
    }

    @Test
    void onlySparsePartsAndOutliersGo() {
        PackedModel full = TestModels.tiny(Variant.MAIN, 5);
        TestLayers.Form form = new TestLayers.Form(3, 4, 4, TestLayers.Input.SIGNED, 4, 8, 2, true);
        PackedModel model = TestLayers.quantized(full, form, 3);
        PackedModel without = CudaTerms.withoutSparse(model);
        assertThat(model.forms()).contains(PackedForm.SPARSE);
        assertThat(without.forms()).containsExactly(PackedForm.FACTORS, PackedForm.RESIDUAL);
        for (PackedLinear layer : model.linears()) {
            ActivationCodes codes = without.linear(layer.name).activation;
            assertThat(codes.perRow()).as(layer.name).isEqualTo(layer.activation.perRow());
            assertThat(codes.scale()).as(layer.name).isEqualTo(layer.activation.scale());
            assertThat(codes.threshold()).as(layer.name).isEqualTo(layer.isFull() ? 0 : Float.MAX_VALUE);
        }
        assertThat(without.linear("mlp_in_X.0")).isSameAs(model.linear("mlp_in_X.0"));
        assertThat(without.linear("tf_layers.0.linX1").integerProduct()).isTrue();
    }
}
