package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.kernels.Variant;

/**
 * Turns a file of others into a model bundle: a PyTorch-Lightning checkpoint of DiGress or DeFoG, or a safetensors file of its
 * {@code state_dict}, with a facts file for what they do not say.
 *
 * <p>A facts file is JSON with keys of {@code model.json}. It adds to what the checkpoint says and may not contradict
 * it; only the model's name is its to choose.
 */
public final class ModelImport {
    private static final int MAGIC_BYTES = 9;
    /** Marginals whose sum is off 1 by more than this, FP32 rounding, are divided by it, as the published code does. */
    private static final double ROUNDING = 1e-6;
    private static final String MISSING_REMEDY = "add it to a facts file (JSON with the keys of a bundle's model.json)";
    private static final String WRONG_REMEDY = "take a checkpoint that fits, or correct the facts file";

    private final Path file;
    private final Optional<Variant> variant;
    private final Supplier<Variant> unsaid;
    private final Path factsFile;

    private ModelImport(Path file, Optional<Variant> variant, Supplier<Variant> unsaid, Path factsFile) {
        this.file = file;
        this.variant = variant;
        this.unsaid = unsaid;
        this.factsFile = factsFile;
    }

    /**
     * Reads a model and checks all of it; writes nothing.
     *
     * @param file      checkpoint ({@code torch.save}) or safetensors file
     * @param variant   the network that the model was trained with, which no file says
     * @param factsFile facts that the file lacks; may be null
     * @throws InputException saying what is wrong with which file
     */
    public static ModelBundle read(Path file, Variant variant, Path factsFile) {
        return read(file, Optional.of(variant), () -> variant, factsFile);
    }

    /**
     * The same where the variant may be left out, since DeFoG's network has but one.
     *
     * @param unsaid gives, or refuses to, the variant of a model of DiGress where none is said
     */
    public static ModelBundle read(Path file, Optional<Variant> variant, Supplier<Variant> unsaid, Path factsFile) {
        try {
            return new ModelImport(file, variant, unsaid, factsFile).read();
        } catch (IOException e) {
            throw new InputException("cannot read " + file + " (" + e.getClass().getSimpleName() + ": " + e.getMessage()
                + "); check the path and its permissions", e);
        }
    }

    private ModelBundle read() throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InputException(
                "no checkpoint " + file + "; give a .ckpt file of PyTorch-Lightning or a .safetensors file");
        }
        byte[] magic;
        try (InputStream in = Files.newInputStream(file)) {
            magic = in.readNBytes(MAGIC_BYTES);
        }
        if (magic.length > 2 && magic[0] == 'P' && magic[1] == 'K') {
            return readCheckpoint();
        }
        if (magic.length == MAGIC_BYTES && magic[MAGIC_BYTES - 1] == '{') {
            return readSafetensors();
        }
        if (magic.length > 1 && (magic[0] & 0xFF) == 0x80) {
            throw new InputException(file + " is a bare pickle, as PyTorch before 1.6 wrote; load it there and save it "
                + "again with a newer torch.save");
        }
        throw new InputException(file + " is neither a PyTorch checkpoint nor a safetensors file; it may be damaged, "
            + "copy it again");
    }

    private ModelBundle readCheckpoint() throws IOException {
        try (CheckpointReader checkpoint = CheckpointReader.open(file)) {
            ObjectNode found = CheckpointFacts.of(checkpoint, file.toString());
            return bundle(found, CheckpointFacts.provenance(checkpoint), checkpoint.tensors());
        }
    }

    private ModelBundle readSafetensors() throws IOException {
        Map<String, StoredTensor> stored = SafetensorsFile.read(file, SafetensorsFile.load(file));
        return bundle(JsonNodeFactory.instance.objectNode(), new TreeMap<>(), stored);
    }

    private ModelBundle bundle(ObjectNode found, Map<String, String> provenance, Map<String, StoredTensor> stored)
        throws IOException {
        Map<String, StoredTensor> network = WrappedNetwork.unwrapped(file.toString(), stored);
        ObjectNode added = factsFile == null ? JsonNodeFactory.instance.objectNode() : addedFacts();
        boolean flow = ModelFacts.LINEAR.equals(
            found.path(ModelFacts.SCHEDULE).asText(added.path(ModelFacts.SCHEDULE).asText()));
        if (flow && variant.isPresent() && variant.get() != Variant.MAIN) {
            throw new InputException("--variant must be " + Variant.MAIN.label() + " or left out for " + file
                + ", since DeFoG's network has no other, found " + variant.get().label());
        }
        found.put(ModelFacts.VARIANT, (flow ? Variant.MAIN : variant.orElseGet(unsaid)).label());
        merge(found, added);
        if (!found.has(ModelFacts.NAME)) {
            found.put(ModelFacts.NAME, file.getFileName().toString().replaceFirst("\\.[^.]*$", ""));
        }
        normalise(found, ModelFacts.NODE_MARGINAL);
        normalise(found, ModelFacts.EDGE_MARGINAL);
        provenance.put("source", file.getFileName().toString());
        try (InputStream whole = Files.newInputStream(file)) {
            provenance.put("source_sha256", Sha256.of(whole));
        }
        ObjectNode sources = found.withObject("/" + ModelFacts.PROVENANCE);
        provenance.forEach(sources::put);
        String where = factsFile == null ? file.toString() : file + " with " + factsFile;
        ModelFacts facts = ModelFacts.of(found, where, MISSING_REMEDY, WRONG_REMEDY,
            steps -> ModelTensors.betas(file.toString(), network, steps));
        return ModelBundle.of(facts, ModelTensors.read(file.toString(), facts.architecture(), facts.diffusion(), network));
    }

    private ObjectNode addedFacts() {
        try {
            return ModelBundle.readObject(factsFile);
        } catch (IOException e) {
            throw new InputException("cannot read the facts file " + factsFile + " (" + e.getClass().getSimpleName()
                + "); check the path and its permissions", e);
        }
    }

    private void merge(ObjectNode found, ObjectNode added) {
        for (Iterator<Map.Entry<String, JsonNode>> fields = added.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            String key = field.getKey();
            if (ModelBundle.OWN_KEYS.contains(key)) {
                continue;
            }
            if (!ModelFacts.KEYS.contains(key)) {
                throw new InputException(factsFile + " has the unknown key '" + excerpt(key) + "'; known are "
                    + String.join(", ", ModelFacts.KEYS));
            }
            if (key.equals(ModelFacts.PROVENANCE) && !field.getValue().isObject()) {
                throw new InputException(factsFile + ": '" + key + "' must be an object of texts, found "
                    + excerpt(field.getValue().toString()));
            }
            if (found.has(key) && !same(found.get(key), field.getValue())) {
                throw new InputException(factsFile + " says '" + key + "' is " + excerpt(field.getValue().toString())
                    + " where " + (key.equals(ModelFacts.VARIANT) ? "the command line" : file) + " says "
                    + excerpt(found.get(key).toString()) + "; remove the key from the facts file");
            }
            found.set(key, field.getValue());
        }
    }

    /** Whether two values are the same when numbers are taken as FP32. */
    private static boolean same(JsonNode left, JsonNode right) {
        if (left.isNumber() && right.isNumber()) {
            return left.floatValue() == right.floatValue();
        }
        if (!left.isArray() || !right.isArray() || left.size() != right.size()) {
            return left.equals(right);
        }
        for (int i = 0; i < left.size(); i++) {
            if (!same(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static void normalise(ObjectNode json, String key) {
        double sum = 0;
        for (JsonNode probability : json.path(key)) {
            sum += probability.isNumber() ? probability.doubleValue() : Double.NaN;
        }
        if (!(sum > 0) || !Double.isFinite(sum) || Math.abs(sum - 1) <= ROUNDING) {
            return;
        }
        float[] normalised = new float[json.get(key).size()];
        for (int i = 0; i < normalised.length; i++) {
            normalised[i] = (float) (json.get(key).get(i).asDouble() / sum);
        }
        json.set(key, ModelFacts.numbers(normalised));
    }
}
