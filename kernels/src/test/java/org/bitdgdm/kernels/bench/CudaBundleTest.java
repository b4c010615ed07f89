package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitdgdm.kernels.TestModels;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaBundleTest {
    @TempDir
    private Path folder;

    private byte[] tensors(Path bundle) throws IOException {
        return Files.readAllBytes(bundle.resolve("model.safetensors"));
    }

    /** The written bytes of a tensor. */
    private static byte[] bytes(byte[] file, String name) throws IOException {
        int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        var places = new ObjectMapper().readTree(new String(file, 8, header, StandardCharsets.UTF_8)).get(name);
        assertThat(places).as(name).isNotNull();
        byte[] values = new byte[places.get("data_offsets").get(1).asInt() - places.get("data_offsets").get(0).asInt()];
        System.arraycopy(file, 8 + header + places.get("data_offsets").get(0).asInt(), values, 0, values.length);
        return values;
    }

    @Test
    void theShippedModelKeepsEveryBitOfItsTensors() throws IOException {
        CudaBundle.write(TestModels.qm9(Variant.FIXED_BUG), folder);
        byte[] written = tensors(folder);
        byte[] shipped = tensors(Path.of("..", "conf", "models", "qm9"));
        for (String name : new String[] {"model.mlp_in_X.0.weight", "model.tf_layers.1.self_attn.e_out.weight",
            "model.tf_layers.4.linX2.bias", "model.tf_layers.0.norm_y1.weight"}) {
            assertThat(bytes(written, name)).as(name).isEqualTo(bytes(shipped, name));
        }
        var facts = new ObjectMapper().readTree(folder.resolve("model.json").toFile());
        var expected = new ObjectMapper().readTree(Path.of("..", "conf", "models", "qm9", "model.json").toFile());
        for (String name : new String[] {"variant", "layers", "heads", "diffusion_steps", "family", "max_nodes"}) {
            assertThat(facts.get(name)).as(name).isEqualTo(expected.get(name));
        }
        assertThat(facts.get("atom_weights").get(1).floatValue()).isEqualTo(14);
    }

    @Test
    void otherGraphsHaveNoWeightsOfAtoms() throws IOException {
        CudaBundle.write(BenchModel.of("planar").full(), folder);
        var facts = new ObjectMapper().readTree(folder.resolve("model.json").toFile());
        assertThat(facts.get("family").asText()).isEqualTo("graphs");
        assertThat(facts.has("atom_weights")).isFalse();
        assertThat(bytes(tensors(folder), "model.mlp_in_X.0.weight")).hasSize(4 * 128 * (1 + 6));
    }
}
