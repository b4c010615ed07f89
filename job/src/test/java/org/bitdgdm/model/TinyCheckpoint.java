package org.bitdgdm.model;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.model.PickleWriter.Call;
import org.bitdgdm.model.PickleWriter.Name;
import org.bitdgdm.model.PickleWriter.PersistentId;

/**
 * A checkpoint as PyTorch-Lightning and DiGress would write it, of a model small enough to make in a test: 1 layer, dx 8,
 * de 4, dy 4, 2 heads, T = 10, atoms C and O, at most 3 nodes. Tests spoil one thing before they write it.
 */
final class TinyCheckpoint {
    static final int STEPS = 10;
    private static final int DX = 8;
    private static final int DE = 4;
    private static final int DY = 4;

    /** Values of the state_dict: tensors, or whatever a test puts in. */
    final Map<String, Object> state = new LinkedHashMap<>();
    /** {@code cfg.model}. */
    final Map<String, Object> model = new LinkedHashMap<>();
    /** Attributes of {@code dataset_infos}. */
    final Map<String, Object> dataset = new LinkedHashMap<>();
    /** Top of the pickle besides the state_dict and the hyper-parameters. */
    final Map<String, Object> other = new LinkedHashMap<>();
    /** Bytes of each storage. */
    final Map<String, byte[]> storages = new LinkedHashMap<>();
    int protocol = 2;
    /** Class of {@code dataset_infos}. */
    String datasetClass = "QM9infos";

    TinyCheckpoint() {
        shapes().forEach((name, shape) -> state.put(name, tensor(shape, values(name, shape))));
        Map<String, Object> hidden = new LinkedHashMap<>(Map.of("n_head", node(2)));
        model.put("type", node("discrete"));
        model.put("transition", node("marginal"));
        model.put("diffusion_steps", node(STEPS));
        model.put("diffusion_noise_schedule", node("cosine"));
        model.put("n_layers", node(1));
        model.put("extra_features", node("all"));
        model.put("hidden_dims", container(hidden));
        dataset.put("atom_decoder", List.of("C", "O"));
        dataset.put("atom_weights", new LinkedHashMap<>(Map.of(0, 12, 1, 16)));
        dataset.put("max_n_nodes", 3);
        dataset.put("max_weight", 60);
        dataset.put("n_nodes", tensor(new int[] {4}, 0f, 0.25f, 0.25f, 0.5f));
        dataset.put("node_types", tensor(new int[] {2}, 0.75f, 0.25f));
        dataset.put("edge_types", tensor(new int[] {5}, 0.5f, 0.25f, 0.125f, 0.125f, 0f));
    }

    /** The same of plain graphs of at most 3 nodes, as those of the SPECTRE data sets. */
    static TinyCheckpoint ofGraphs() {
        TinyCheckpoint tiny = new TinyCheckpoint();
        Map<String, int[]> shapes = new LinkedHashMap<>();
        linear(shapes, "mlp_in_X.0", 1 + 6, 7);
        linear(shapes, "mlp_in_E.0", 2, 6);
        linear(shapes, "mlp_in_y.0", 12, 5);
        linear(shapes, "mlp_out_X.2", 6, 1);
        linear(shapes, "mlp_out_E.2", 6, 2);
        shapes.forEach((name, shape) -> tiny.state.put(name, tiny.tensor(shape, values(name, shape))));
        tiny.dataset.keySet().retainAll(List.of("max_n_nodes", "n_nodes"));
        tiny.dataset.put("node_types", view(tiny.storage("LongStorage", 1, new byte[] {1, 0, 0, 0, 0, 0, 0, 0}), 0,
            new int[] {1}, 1));
        tiny.dataset.put("edge_types", tiny.tensor(new int[] {2}, 0.75f, 0.25f));
        tiny.datasetClass = "SpectreDatasetInfos";
        return tiny;
    }

    /** The same with four classes of bonds, as ZINC250k has them. */
    TinyCheckpoint withoutAromaticBonds() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        linear(shapes, "mlp_in_E.0", 4 + 3, 6);
        linear(shapes, "mlp_out_E.2", 6, 4);
        shapes.forEach((name, shape) -> state.put(name, tensor(shape, values(name, shape))));
        dataset.put("edge_types", tensor(new int[] {4}, 0.5f, 0.25f, 0.125f, 0.125f));
        return this;
    }

    /** The same as DeFoG would write it, of walks of 3 lengths. */
    static TinyCheckpoint ofFlow(String transition) {
        TinyCheckpoint tiny = new TinyCheckpoint();
        int more = transition.equals("absorbing") ? 1 : 0;
        Map<String, int[]> shapes = new LinkedHashMap<>();
        linear(shapes, "mlp_in_X.0", 2 + more + 3 + 2, 7);
        linear(shapes, "mlp_in_E.0", 5 + more + 3, 6);
        linear(shapes, "mlp_in_y.0", 7 + 64, 5);
        shapes.forEach((name, shape) -> tiny.state.put(name, tiny.tensor(shape, values(name, shape))));
        tiny.state.remove("noise_schedule.betas");
        tiny.model.keySet().removeAll(List.of("type", "diffusion_steps", "diffusion_noise_schedule"));
        tiny.model.put("extra_features", node("rrwp"));
        tiny.model.put("rrwp_steps", node(3));
        tiny.model.put("transition", node(transition));
        if (more > 0) {
            tiny.dataset.put("atom_decoder", List.of("C", "O", "Y"));
        }
        return tiny;
    }

    /** Names and shapes of every tensor, as {@code GraphTransformer.state_dict()} has them. */
    static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        linear(shapes, "mlp_in_X.0", 2 + 8, 7);
        linear(shapes, "mlp_in_X.2", 7, DX);
        linear(shapes, "mlp_in_E.0", 5, 6);
        linear(shapes, "mlp_in_E.2", 6, DE);
        linear(shapes, "mlp_in_y.0", 13, 5);
        linear(shapes, "mlp_in_y.2", 5, DY);
        for (String name : List.of("q", "k", "v", "x_out")) {
            linear(shapes, "tf_layers.0.self_attn." + name, DX, DX);
        }
        for (String name : List.of("e_add", "e_mul")) {
            linear(shapes, "tf_layers.0.self_attn." + name, DE, DX);
        }
        for (String name : List.of("y_e_mul", "y_e_add", "y_x_mul", "y_x_add")) {
            linear(shapes, "tf_layers.0.self_attn." + name, DY, DX);
        }
        linear(shapes, "tf_layers.0.self_attn.y_y", DY, DY);
        linear(shapes, "tf_layers.0.self_attn.x_y.lin", 4 * DX, DY);
        linear(shapes, "tf_layers.0.self_attn.e_y.lin", 4 * DE, DY);
        linear(shapes, "tf_layers.0.self_attn.e_out", DX, DE);
        linear(shapes, "tf_layers.0.self_attn.y_out.0", DY, DY);
        linear(shapes, "tf_layers.0.self_attn.y_out.2", DY, DY);
        linear(shapes, "tf_layers.0.linX1", DX, 9);
        linear(shapes, "tf_layers.0.linX2", 9, DX);
        linear(shapes, "tf_layers.0.linE1", DE, 3);
        linear(shapes, "tf_layers.0.linE2", 3, DE);
        linear(shapes, "tf_layers.0.lin_y1", DY, 11);
        linear(shapes, "tf_layers.0.lin_y2", 11, DY);
        Map<String, Integer> norms =
            Map.of("normX1", DX, "normX2", DX, "normE1", DE, "normE2", DE, "norm_y1", DY, "norm_y2", DY);
        norms.forEach((name, width) -> {
            shapes.put("model.tf_layers.0." + name + ".weight", new int[] {width});
            shapes.put("model.tf_layers.0." + name + ".bias", new int[] {width});
        });
        linear(shapes, "mlp_out_X.0", DX, 6);
        linear(shapes, "mlp_out_X.2", 6, 2);
        linear(shapes, "mlp_out_E.0", DE, 6);
        linear(shapes, "mlp_out_E.2", 6, 5);
        linear(shapes, "mlp_out_y.0", DY, 6);
        linear(shapes, "mlp_out_y.2", 6, 0);
        shapes.put("noise_schedule.betas", new int[] {STEPS + 1});
        return shapes;
    }

    private static void linear(Map<String, int[]> shapes, String name, int in, int out) {
        shapes.put("model." + name + ".weight", new int[] {out, in});
        shapes.put("model." + name + ".bias", new int[] {out});
    }

    /** Values that differ from tensor to tensor; the schedule's own for the schedule. */
    static float[] values(String name, int... shape) {
        if (name.equals("noise_schedule.betas")) {
            return NoiseSchedule.cosineBetas(STEPS);
        }
        float[] values = new float[(int) Tensor.size(shape)];
        for (int i = 0; i < values.length; i++) {
            values[i] = ((name.hashCode() >>> 8 & 0xFF) + i) / 256f - 0.5f;
        }
        return values;
    }

    /** A contiguous FP32 tensor with a storage of its own. */
    Object tensor(int[] shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        long[] stride = new long[shape.length];
        long step = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            stride[axis] = step;
            step *= Math.max(1, shape[axis]);
        }
        return view(storage("FloatStorage", values.length, bytes.array()), 0, shape, stride);
    }

    /** A storage under the next free key. */
    PersistentId storage(String type, int size, byte[] bytes) {
        String key = String.valueOf(storages.size());
        storages.put(key, bytes);
        return new PersistentId(new Object[] {"storage", new Name("torch", type), key, "cpu", size});
    }

    static Object view(PersistentId storage, int offset, int[] shape, long... stride) {
        Object[] sizes = new Object[shape.length];
        Object[] strides = new Object[shape.length];
        for (int i = 0; i < shape.length; i++) {
            sizes[i] = shape[i];
            strides[i] = (int) stride[i];
        }
        return Call.of("torch._utils", "_rebuild_tensor_v2", storage, offset, sizes, strides, false,
            Call.of("collections", "OrderedDict"));
    }

    /** An omegaconf leaf. */
    static Object node(Object value) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("_metadata", Call.object("omegaconf.base", "Metadata", Map.of("optional", true)));
        state.put("_val", value);
        return Call.object("omegaconf.nodes", "AnyNode", state);
    }

    /** An omegaconf dictionary. */
    static Object container(Map<String, Object> content) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("_metadata", Call.object("omegaconf.base", "ContainerMetadata", Map.of("optional", true)));
        state.put("_parent", null);
        state.put("_content", content);
        return Call.object("omegaconf.dictconfig", "DictConfig", state);
    }

    /** What the pickle holds. */
    Map<String, Object> root() {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("pytorch-lightning_version", "2.0.4");
        root.put("state_dict", Call.orderedDict(state, Map.of("_metadata", Call.orderedDict(Map.of("", Map.of("version", 1)),
            null))));
        root.put("hyper_parameters", new LinkedHashMap<>(Map.of(
            "cfg", container(new LinkedHashMap<>(Map.of("model", container(model)))),
            "dataset_infos", Call.object("src.datasets.some_dataset", datasetClass, dataset))));
        root.putAll(other);
        return root;
    }

    Path write(Path file) throws IOException {
        return write(file, PickleWriter.write(protocol, root()));
    }

    Path write(Path file, byte[] pickle) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("tiny/data.pkl", pickle);
        entries.put("tiny/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
        storages.forEach((key, bytes) -> entries.put("tiny/data/" + key, bytes));
        entries.put("tiny/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        return zip(file, ZipEntry.STORED, entries);
    }

    static Path zip(Path file, int method, Map<String, byte[]> entries) throws IOException {
        try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                header.setMethod(method);
                CRC32 checksum = new CRC32();
                checksum.update(entry.getValue());
                header.setCrc(checksum.getValue());
                header.setSize(entry.getValue().length);
                if (method == ZipEntry.STORED) {
                    header.setCompressedSize(entry.getValue().length);
                }
                zip.putNextEntry(header);
                zip.write(entry.getValue());
                zip.closeEntry();
            }
        }
        return file;
    }

    /** The tensors as they should be read. */
    static List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        shapes().forEach((name, shape) -> tensors.add(new Tensor(name, shape, values(name, shape))));
        return tensors;
    }
}
