package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.ProteinArchitecture;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.Sha256;

/**
 * Turns a checkpoint of GraDe-IF into a bundle: {@code torch.save} of {@code config}, {@code step}, {@code model},
 * {@code opt} and {@code ema}, of which the averaged weights {@code ema_model} are taken, as the published tests do.
 */
public final class ProteinImport {
    private static final String CONFIG = "config";
    private static final String AVERAGES = "ema";
    private static final String AVERAGED = "ema_model.";
    private static final String REMEDY = "; take another checkpoint";

    private final String file;
    private final Pickled.Dict config;

    private ProteinImport(String file, Pickled.Dict config) {
        this.file = file;
        this.config = config;
    }

    /** Whether a file is a checkpoint with the keys of GraDe-IF's; false of what is no checkpoint at all. */
    public static boolean recognises(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] magic = in.readNBytes(2);
            if (magic.length < 2 || magic[0] != 'P' || magic[1] != 'K') {
                return false;
            }
        } catch (IOException unreadable) {
            // The other import says so.
            return false;
        }
        try (CheckpointReader checkpoint = CheckpointReader.open(file)) {
            return checkpoint.root().get(CONFIG) instanceof Pickled.Dict
                && checkpoint.root().get(AVERAGES) instanceof Pickled.Dict;
        }
    }

    /**
     * Reads a model and checks all of it; writes nothing.
     *
     * @throws InputException saying what is wrong with the file
     */
    public static ProteinBundle read(Path file) {
        try (CheckpointReader checkpoint = CheckpointReader.open(file)) {
            return new ProteinImport(file.toString(), (Pickled.Dict) checkpoint.root().get(CONFIG)).bundle(checkpoint, file);
        } catch (IOException e) {
            throw new InputException("cannot read " + file + " (" + e.getClass().getSimpleName() + ": " + e.getMessage()
                + "); check the path and its permissions", e);
        }
    }

    private ProteinBundle bundle(CheckpointReader checkpoint, Path path) throws IOException {
        require(truth("embedding"), "embedding", "true (networks on raw features are not supported)");
        require("pred_x0".equals(config.get("objective")), "objective", "pred_x0 (others are not supported)");
        require(whole("input_feat_dim") == ProteinGraph.LETTERS.length() + ProteinGraph.NODE_FEATURES, "input_feat_dim",
            "31: 20 classes and 11 features");
        require(whole("edge_attr_dim") == ProteinGraph.EDGE_FEATURES, "edge_attr_dim",
            ProteinGraph.EDGE_FEATURES + ", the columns of an edge");
        ProteinArchitecture architecture;
        ResidueDiffusion.Transition trained;
        try {
            architecture = new ProteinArchitecture(whole("depth"), truth("norm_feat"), truth("update_edge"),
                structureAt(whole("embed_ss")), whole("timesteps"));
            trained = ResidueDiffusion.Transition.of(String.valueOf(config.get("noise_type")));
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": its config describes no model of GraDe-IF: " + e.getMessage() + REMEDY, e);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>(ProteinTensors.network(file, architecture, averaged(checkpoint)));
        require(whole("embedding_dim") == ProteinTensors.width(architecture, Width.X, tensors), "embedding_dim",
            ProteinTensors.width(architecture, Width.X, tensors) + ", the width of its tensors");
        require(whole("hidden_dim") == ProteinTensors.width(architecture, Width.MESSAGE, tensors), "hidden_dim",
            ProteinTensors.width(architecture, Width.MESSAGE, tensors) + ", the width of its messages");
        tensors.putAll(ProteinTensors.publishedTables());
        Map<String, String> provenance = new TreeMap<>();
        provenance.put("source", path.getFileName().toString());
        try (InputStream whole = Files.newInputStream(path)) {
            provenance.put("source_sha256", Sha256.of(whole));
        }
        provenance.put("weights", "exponential moving average");
        if (checkpoint.root().get("step") instanceof Long step) {
            provenance.put("training_steps", step.toString());
        }
        return ProteinBundle.of(path.getFileName().toString().replaceFirst("\\.[^.]*$", ""), architecture, trained, tensors,
            provenance);
    }

    /** The averaged weights under the names of the network; the raw ones beside them share its storages and are left out. */
    private Map<String, StoredTensor> averaged(CheckpointReader checkpoint) {
        Map<String, StoredTensor> averaged = new LinkedHashMap<>();
        checkpoint.tensors(checkpoint.root().get(AVERAGES)).forEach((name, tensor) -> {
            if (name.startsWith(AVERAGED)) {
                String own = name.substring(AVERAGED.length());
                averaged.put(own, new StoredTensor(own, tensor.type(), tensor.shape(), tensor.values()));
            }
        });
        if (averaged.isEmpty()) {
            throw new InputException(file + ": its '" + AVERAGES + "' holds no tensor that begins with " + AVERAGED + REMEDY);
        }
        return averaged;
    }

    private static StructureAt structureAt(int embedding) {
        return switch (embedding) {
            case -1 -> StructureAt.OUTPUT;
            case -2 -> StructureAt.LAST_LAYER;
            default -> StructureAt.NOWHERE;
        };
    }

    private int whole(String key) {
        boolean whole = config.get(key) instanceof Long number && number == number.intValue();
        require(whole, key, "a whole number");
        return ((Long) config.get(key)).intValue();
    }

    private boolean truth(String key) {
        require(config.get(key) instanceof Boolean, key, "true or false");
        return (Boolean) config.get(key);
    }

    private void require(boolean holds, String key, String rule) {
        if (!holds) {
            throw new InputException(file + ": '" + key + "' of its config must be " + rule + ", found "
                + excerpt(String.valueOf(config.get(key))) + REMEDY);
        }
    }
}
