package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.junit.jupiter.api.Test;

class ModelBundleTest {
    /** Tests run in the folder of their module. */
    static final Path SHIPPED = Path.of("../conf/models/qm9");

    @Test
    void loadsTheShippedBundle() {
        ModelBundle bundle = ModelBundle.load(SHIPPED);
        assertThat(bundle.architecture().layers()).isEqualTo(5);
        assertThat(bundle.vocabulary().atoms()).containsExactly("C", "N", "O", "F");
        assertThat(bundle.tensors()).hasSize(305);
        PackedModel packed = bundle.packed();
        assertThat(packed.linears()).hasSize(5 * 22 + 10);
        PackedLinear linear = packed.linear("tf_layers.3.self_attn.x_y.lin");
        Tensor stored = bundle.tensors().get("model.tf_layers.3.self_attn.x_y.lin.weight");
        assertThat(linear.in).isEqualTo(4 * 256);
        assertThat(linear.out).isEqualTo(64);
        assertThat(linear.weight[5 * 64 + 7]).isEqualTo(stored.values()[7 * 1024 + 5]).isNotZero();
    }
}
