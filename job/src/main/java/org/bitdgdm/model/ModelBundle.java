package org.bitdgdm.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sha256;

/**
 * A pretrained model in full precision, as kept in a folder of two files: {@code model.safetensors} (every tensor, under
 * DiGress's own names) and {@code model.json} (format version, architecture, vocabulary, dataset facts, provenance, and
 * the SHA-256 of the tensors). The folder may hold files of others beside them, such as a reference set.
 *
 * @param name         name of the model
 * @param architecture counts, vocabulary sizes, constants of the extra features
 * @param diffusion    noise schedule, marginals, size histogram
 * @param vocabulary   what the classes stand for
 * @param tensors      every tensor by name, in the order of the network, all values finite
 * @param sha256       SHA-256 of {@code model.safetensors}, lower-case hexadecimal
 * @param provenance   where the tensors come from, for readers only
 */
public record ModelBundle(
    String name, Architecture architecture, Diffusion diffusion, Vocabulary vocabulary, Map<String, Tensor> tensors,
    String sha256, Map<String, String> provenance) implements PretrainedModel {

    /** File of the tensors. */
    public static final String TENSORS_FILE = "model.safetensors";
    /** File of the description. */
    public static final String FACTS_FILE = "model.json";
    /** The version written, and the only one read. */
    public static final int FORMAT = 1;
    private static final String FORMAT_KEY = "format";
    private static final String SHA256_KEY = "sha256";
    /** Keys of the description that belong to the folder, not to the model. */
    static final List<String> OWN_KEYS = List.of(FORMAT_KEY, SHA256_KEY);
    private static final String REMEDY = "import the model again";
    private static final long MAX_FACTS_BYTES = 16 << 20;
    /** One key a line, lists on one line, the same on every platform. */
    private static final DefaultPrettyPrinter PRETTY =
        new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));

    public ModelBundle {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        provenance = Map.copyOf(provenance);
    }

    /**
     * Reads a bundle, checking format version, hash, every shape and every number.
     *
     * @throws InputException saying what is wrong with the folder
     */
    public static ModelBundle load(Path folder) {
        Path factsFile = folder.resolve(FACTS_FILE);
        Path tensorsFile = folder.resolve(TENSORS_FILE);
        if (!Files.isRegularFile(factsFile) || !Files.isRegularFile(tensorsFile)) {
            throw new InputException("no model bundle in " + folder + ": it must be a folder with " + FACTS_FILE + " and "
                + TENSORS_FILE + "; make one with 'submit.sh import'");
        }
        try {
            ObjectNode json = readObject(factsFile);
            byte[] bytes = SafetensorsFile.load(tensorsFile);
            String sha256 = requireWhole(json, factsFile, bytes, tensorsFile);
            Map<String, StoredTensor> stored = SafetensorsFile.read(tensorsFile, bytes);
            ModelFacts facts = ModelFacts.of(json, factsFile.toString(), REMEDY, REMEDY,
                steps -> ModelTensors.betas(tensorsFile.toString(), stored, steps));
            Map<String, Tensor> tensors =
                ModelTensors.read(tensorsFile.toString(), facts.architecture(), facts.diffusion(), stored);
            return of(facts, tensors, sha256);
        } catch (IOException e) {
            throw new InputException("cannot read the model bundle " + folder + ": " + e.getMessage()
                + "; check the folder and its permissions", e);
        }
    }

    /**
     * Checks the parts of a bundle against each other.
     *
     * @return SHA-256 of the tensors
     * @throws InputException if the description is of another version, or of other tensors
     */
    static String requireWhole(ObjectNode json, Path factsFile, byte[] tensors, Path tensorsFile) {
        JsonNode format = json.path(FORMAT_KEY);
        if (!format.isInt() || format.intValue() != FORMAT) {
            throw new InputException(factsFile + " has format version " + format + ", this program reads version "
                + FORMAT + "; " + REMEDY);
        }
        String sha256 = Sha256.of(tensors);
        if (!sha256.equals(json.path(SHA256_KEY).asText())) {
            throw new InputException(tensorsFile + " has SHA-256 " + sha256 + " where " + FACTS_FILE + " says "
                + json.path(SHA256_KEY) + "; the bundle is damaged, " + REMEDY);
        }
        return sha256;
    }

    /** A bundle of what an import has read. */
    static ModelBundle of(ModelFacts facts, Map<String, Tensor> tensors) {
        return of(facts, tensors, Sha256.of(SafetensorsFile.bytes(tensors.values())));
    }

    private static ModelBundle of(ModelFacts facts, Map<String, Tensor> tensors, String sha256) {
        return new ModelBundle(facts.name(), facts.architecture(), facts.diffusion(), facts.vocabulary(), tensors, sha256,
            facts.provenance());
    }

    /** Writes this bundle to a folder; see {@link #save(Path, Companion)}. */
    public void save(Path folder) {
        save(folder, staging -> { });
    }

    /** Files that belong into the folder of a bundle besides its own two. */
    @FunctionalInterface
    public interface Companion {
        /** Writes the files, without subfolders, into a folder that becomes, or goes into, the bundle's. */
        void write(Path staging) throws IOException;
    }

    /**
     * Writes this bundle to a folder, which appears complete or not at all: everything is written beside it first. A
     * folder that holds a bundle already gets its files replaced one by one while it has no description, so that a reader
     * sees the old bundle, none, or the new one; other files in it stay.
     *
     * @param folder    new, empty, or holding a bundle
     * @param companion writes what else belongs to the bundle
     * @throws InputException if the folder holds something else, or cannot be written
     */
    @Override
    public void save(Path folder, Companion companion) {
        new BundleFolder(folder).save(staging -> {
            Files.write(staging.resolve(TENSORS_FILE), SafetensorsFile.bytes(tensors.values()));
            writeFacts(staging, new ModelFacts(name, architecture, diffusion, vocabulary, provenance).toJson(), sha256);
            companion.write(staging);
        });
    }

    /** Writes the description of a bundle. */
    static void writeFacts(Path staging, ObjectNode facts, String sha256) throws IOException {
        ObjectNode json = Json.MAPPER.createObjectNode().put(FORMAT_KEY, FORMAT);
        json.setAll(facts);
        json.put(SHA256_KEY, sha256);
        Files.writeString(staging.resolve(FACTS_FILE), Json.MAPPER.writer(PRETTY).writeValueAsString(json) + "\n");
    }

    /** The same model under another name. */
    public ModelBundle named(String other) {
        return new ModelBundle(other, architecture, diffusion, vocabulary, tensors, sha256, provenance);
    }

    @Override
    public PackedModel packed() {
        return ModelTensors.pack(architecture, diffusion, tensors);
    }

    /** A JSON object from a file. */
    static ObjectNode readObject(Path file) throws IOException {
        if (Files.size(file) > MAX_FACTS_BYTES) {
            throw new InputException(file + " has " + Files.size(file) + " bytes, a description of a model has at most "
                + MAX_FACTS_BYTES);
        }
        try {
            JsonNode json = Json.tree(Files.readAllBytes(file));
            if (json instanceof ObjectNode object) {
                return object;
            }
            throw new InputException(file + " must hold a JSON object with keys such as '" + ModelFacts.LAYERS + "'");
        } catch (JsonProcessingException e) {
            throw new InputException(file + " is no JSON: " + e.getOriginalMessage() + " in line "
                + (e.getLocation() == null ? 0 : e.getLocation().getLineNr()), e);
        }
    }
}
