package org.bitdgdm.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.model.PickleWriter.Call;

/**
 * A checkpoint as GraDe-IF's trainer saves it, of a network small enough to make in a test: 1 layer, d 4, m 3, T = 10. The
 * raw weights of {@code model} and {@code online_model} share storages; those of {@code ema_model} differ. Tests spoil one
 * thing before they write it.
 */
final class TinyProteinCheckpoint {
    static final int STEPS = 10;

    final Map<String, Object> config = new LinkedHashMap<>();
    /** Values of {@code ema}: tensors, or whatever a test puts in. */
    final Map<String, Object> ema = new LinkedHashMap<>();
    private final Map<String, Object> model = new LinkedHashMap<>();
    private final TinyCheckpoint storages = new TinyCheckpoint();

    TinyProteinCheckpoint() {
        Map.of("depth", 1, "hidden_dim", 3, "embedding_dim", 4, "timesteps", STEPS, "embed_ss", -1, "input_feat_dim", 31,
            "edge_attr_dim", 93).forEach(config::put);
        Map.of("embedding", true, "norm_feat", true, "update_edge", true).forEach(config::put);
        Map.of("noise_type", "blosum", "objective", "pred_x0", "dataset", "CATH").forEach(config::put);
        ema.put("initted", storages.tensor(new int[] {1}, 1));
        ema.put("step", storages.tensor(new int[] {1}, 7));
        shapes().forEach((name, shape) -> {
            Object raw = storages.tensor(shape, values(name, shape, 1));
            model.put(name, raw);
            ema.put("online_model." + name, raw);
        });
        shapes().forEach((name, shape) -> ema.put("ema_model." + name, tensor(shape, values(name, shape, 2))));
    }

    Object tensor(int[] shape, float... values) {
        return storages.tensor(shape, values);
    }

    static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        String layer = "model.mpnn_layes.0.";
        linear(shapes, layer + "edge_mlp.0", 4, 8);
        linear(shapes, layer + "edge_mlp.3", 8, 4);
        linear(shapes, layer + "message_mlp.0", 13, 26);
        linear(shapes, layer + "message_mlp.3", 26, 3);
        for (String norm : List.of(layer + "node_norm", layer + "edge_norm", "model.ff_list.0.3")) {
            shapes.put(norm + ".weight", new int[] {4});
            shapes.put(norm + ".bias", new int[] {4});
        }
        linear(shapes, layer + "node_mlp.0", 7, 8);
        linear(shapes, layer + "node_mlp.3", 8, 4);
        linear(shapes, "model.time_mlp_list.0.1", 4, 8);
        linear(shapes, "model.ff_list.0.0", 4, 4);
        linear(shapes, "model.ff_list.0.4", 4, 4);
        linear(shapes, "model.time_mlp.0", 1, 3);
        linear(shapes, "model.time_mlp.2", 3, 4);
        linear(shapes, "model.ss_mlp.0", 8, 3);
        linear(shapes, "model.ss_mlp.2", 3, 4);
        int[] nodes = {20, 1, 1, 4, 5};
        for (int k = 0; k < nodes.length; k++) {
            linear(shapes, "model.node_embedding.atom_embedding_list." + k, nodes[k], 4);
        }
        int[] edges = {65, 1, 15, 12};
        for (int k = 0; k < edges.length; k++) {
            linear(shapes, "model.edge_embedding.atom_embedding_list." + k, edges[k], 4);
        }
        linear(shapes, "model.lin", 4, 20);
        shapes.put("noise_schedule.betas", new int[] {STEPS + 1});
        return shapes;
    }

    private static void linear(Map<String, int[]> shapes, String name, int in, int out) {
        shapes.put(name + ".weight", new int[] {out, in});
        shapes.put(name + ".bias", new int[] {out});
    }

    /** Values that differ from tensor to tensor and from raw weights to their average. */
    static float[] values(String name, int[] shape, int set) {
        if (name.equals("noise_schedule.betas")) {
            return NoiseSchedule.cosineBetas(STEPS);
        }
        float[] values = TinyCheckpoint.values(name, shape);
        for (int at = 0; at < values.length; at++) {
            values[at] *= set * 0.01f;
        }
        return values;
    }

    Path write(Path file) throws IOException {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("config", config);
        root.put("step", 12);
        root.put("model", Call.orderedDict(model, null));
        root.put("opt", new LinkedHashMap<>(Map.of("state", Map.of(), "param_groups", List.of())));
        root.put("ema", Call.orderedDict(ema, Map.of("_metadata", Call.orderedDict(Map.of("", Map.of("version", 1)), null))));
        return storages.write(file, PickleWriter.write(2, root));
    }
}
