package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.LayerNorm;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/** Writes a model in full precision as what digress_torch.py reads of a model bundle: model.json and model.safetensors. */
final class CudaBundle {

    private record Tensor(List<Integer> shape, float[] values) {
    }

    private CudaBundle() {
    }

    static void write(PackedModel model, Path folder) throws IOException {
        Files.createDirectories(folder);
        Architecture architecture = model.architecture();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("variant", architecture.variant().name().toLowerCase(Locale.ROOT));
        facts.put("layers", architecture.layers());
        facts.put("heads", architecture.heads());
        facts.put("diffusion_steps", architecture.diffusionSteps());
        facts.put("family", architecture.molecular() ? "molecules" : "graphs");
        facts.put("max_nodes", architecture.maxNodes());
        facts.put("node_marginal", model.diffusion().limits().nodes());
        facts.put("edge_marginal", model.diffusion().limits().edges());
        if (architecture.molecular()) {
            facts.put("atom_weights", architecture.nodeWeights());
            facts.put("max_weight", architecture.maxWeight());
        }
        new ObjectMapper().writeValue(folder.resolve("model.json").toFile(), facts);

        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (PackedLinear layer : model.linears()) {
            tensors.put("model." + layer.name + ".weight",
                new Tensor(List.of(layer.out, layer.in), transposed(layer.weight, layer.in, layer.out)));
            tensors.put("model." + layer.name + ".bias", new Tensor(List.of(layer.out), layer.bias));
        }
        for (String name : model.spec().normNames()) {
            LayerNorm norm = model.norm(name);
            tensors.put("model." + name + ".weight", new Tensor(List.of(norm.weight().length), norm.weight()));
            tensors.put("model." + name + ".bias", new Tensor(List.of(norm.bias().length), norm.bias()));
        }
        float[] betas = model.diffusion().schedule().betas();
        tensors.put("noise_schedule.betas", new Tensor(List.of(betas.length), betas));
        write(tensors, folder.resolve("model.safetensors"));
    }

    /** A header of names, shapes and places behind its length, then all values, little-endian. */
    private static void write(Map<String, Tensor> tensors, Path file) throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        long at = 0;
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            long end = at + 4L * tensor.getValue().values.length;
            header.put(tensor.getKey(), Map.of("dtype", "F32", "shape", tensor.getValue().shape, "data_offsets",
                List.of(at, end)));
            at = end;
        }
        byte[] names = new ObjectMapper().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(names.length).array());
            out.write(names);
            for (Tensor tensor : tensors.values()) {
                ByteBuffer bytes = ByteBuffer.allocate(4 * tensor.values.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(tensor.values);
                out.write(bytes.array());
            }
        }
    }

    /** (rows, cols) to (cols, rows), as checkpoints store weights. */
    private static float[] transposed(float[] matrix, int rows, int cols) {
        float[] to = new float[matrix.length];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                to[col * rows + row] = matrix[row * cols + col];
            }
        }
        return to;
    }
}
