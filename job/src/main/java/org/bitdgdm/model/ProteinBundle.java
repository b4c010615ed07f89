package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinArchitecture;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.Sha256;

/**
 * A pretrained model of sequences for given backbones in full precision, as kept in a folder of the same two files as a
 * {@link ModelBundle}: {@code model.safetensors} (every tensor under the published names, and the tables that features and
 * transitions need) and {@code model.json} (family {@code protein}, architecture, provenance, and the SHA-256 of the
 * tensors).
 *
 * @param name         name of the model
 * @param architecture what is fixed about the network
 * @param trained      noise that it was trained with
 * @param tensors      every tensor and table by name, all values finite
 * @param sha256       SHA-256 of {@code model.safetensors}, lower-case hexadecimal
 * @param provenance   where the tensors come from, for readers only
 */
public record ProteinBundle(String name, ProteinArchitecture architecture, ResidueDiffusion.Transition trained,
                            Map<String, Tensor> tensors, String sha256, Map<String, String> provenance)
    implements PretrainedModel {
    /** Value of {@code family} in {@code model.json}. */
    public static final String FAMILY = "protein";
    private static final String NODES_NORMALISED = "nodes_normalised";
    private static final String EDGES_UPDATED = "edges_updated";
    private static final String STRUCTURE_AT = "structure_at";
    private static final String REMEDY = "import the model again";

    public ProteinBundle {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        provenance = Map.copyOf(provenance);
    }

    /** A bundle of what an import has read. */
    static ProteinBundle of(String name, ProteinArchitecture architecture, ResidueDiffusion.Transition trained,
                            Map<String, Tensor> tensors, Map<String, String> provenance) {
        return new ProteinBundle(name, architecture, trained, tensors,
            Sha256.of(SafetensorsFile.bytes(tensors.values())), provenance);
    }

    /** Whether a folder holds a bundle that says it is of this family. */
    public static boolean isIn(Path folder) {
        Path facts = folder.resolve(ModelBundle.FACTS_FILE);
        try {
            return Files.isRegularFile(facts) && ModelBundle.readObject(facts).path(ModelFacts.FAMILY).asText().equals(FAMILY);
        } catch (IOException | InputException unreadable) {
            // Whoever loads the bundle says what is wrong with it.
            return false;
        }
    }

    /**
     * Reads a bundle, checking format version, hash, every shape and every number.
     *
     * @throws InputException saying what is wrong with the folder
     */
    public static ProteinBundle load(Path folder) {
        Path factsFile = folder.resolve(ModelBundle.FACTS_FILE);
        Path tensorsFile = folder.resolve(ModelBundle.TENSORS_FILE);
        if (!Files.isRegularFile(factsFile) || !Files.isRegularFile(tensorsFile)) {
            throw new InputException("no model bundle in " + folder + ": it must be a folder with " + ModelBundle.FACTS_FILE
                + " and " + ModelBundle.TENSORS_FILE + "; make one with 'submit.sh import'");
        }
        try {
            ObjectNode json = ModelBundle.readObject(factsFile);
            byte[] bytes = SafetensorsFile.load(tensorsFile);
            ModelBundle.requireWhole(json, factsFile, bytes, tensorsFile);
            Facts facts = new Facts(json, factsFile);
            ProteinArchitecture architecture = facts.architecture();
            ResidueDiffusion.Transition trained = facts.trained();
            Map<String, Tensor> tensors = ProteinTensors.all(tensorsFile.toString(), architecture,
                SafetensorsFile.read(tensorsFile, bytes));
            // Tables that are no tables are refused here, not in a task.
            ProteinTensors.diffusion(architecture.diffusionSteps(), trained, tensors);
            return new ProteinBundle(facts.text(ModelFacts.NAME), architecture, trained, tensors, Sha256.of(bytes),
                facts.provenance());
        } catch (IllegalArgumentException e) {
            throw new InputException(factsFile + " describes no model of proteins: " + e.getMessage() + "; " + REMEDY, e);
        } catch (IOException e) {
            throw new InputException("cannot read the model bundle " + folder + ": " + e.getMessage()
                + "; check the folder and its permissions", e);
        }
    }

    /** Writes this bundle to a folder, which appears complete or not at all, see {@link ModelBundle#save}. */
    public void save(Path folder) {
        save(folder, staging -> { });
    }

    /**
     * The same with other files beside its own.
     *
     * @throws InputException if the folder holds something else, or cannot be written
     */
    @Override
    public void save(Path folder, ModelBundle.Companion companion) {
        new BundleFolder(folder).save(staging -> {
            Files.write(staging.resolve(ModelBundle.TENSORS_FILE), SafetensorsFile.bytes(tensors.values()));
            ModelBundle.writeFacts(staging, toJson(), sha256);
            companion.write(staging);
        });
    }

    private ObjectNode toJson() {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put(ModelFacts.NAME, name);
        json.put(ModelFacts.FAMILY, FAMILY);
        json.put(ModelFacts.LAYERS, architecture.layers());
        json.put(NODES_NORMALISED, architecture.nodesNormalised());
        json.put(EDGES_UPDATED, architecture.edgesUpdated());
        json.put(STRUCTURE_AT, label(architecture.structureAt()));
        json.put(ModelFacts.STEPS, architecture.diffusionSteps());
        json.put(ModelFacts.TRANSITION, trained.label());
        ObjectNode sources = json.putObject(ModelFacts.PROVENANCE);
        new TreeMap<>(provenance).forEach(sources::put);
        return json;
    }

    private static String label(ProteinArchitecture.StructureAt at) {
        return at.name().toLowerCase(Locale.ROOT);
    }

    /** The same model under another name. */
    public ProteinBundle named(String other) {
        return new ProteinBundle(other, architecture, trained, tensors, sha256, provenance);
    }

    /** Transitions of its residues. */
    public ResidueDiffusion diffusion() {
        return ProteinTensors.diffusion(architecture.diffusionSteps(), trained, tensors);
    }

    @Override
    public PackedProteinModel packed() {
        return ProteinTensors.pack(architecture, diffusion(), tensors);
    }

    /** The tables of features and transitions by their published names, for example {@code mean_attr.x_mean}. */
    public Map<String, float[]> tables() {
        Map<String, float[]> tables = new LinkedHashMap<>();
        ProteinTensors.publishedTables().keySet().forEach(table -> tables.put(table, tensors.get(table).values()));
        return tables;
    }

    /** {@code model.json}, key by key. */
    private record Facts(ObjectNode json, Path file) {
        ProteinArchitecture architecture() {
            return new ProteinArchitecture(whole(ModelFacts.LAYERS), truth(NODES_NORMALISED), truth(EDGES_UPDATED),
                structureAt(), whole(ModelFacts.STEPS));
        }

        ResidueDiffusion.Transition trained() {
            return ResidueDiffusion.Transition.of(text(ModelFacts.TRANSITION));
        }

        private ProteinArchitecture.StructureAt structureAt() {
            List<String> labels = Arrays.stream(ProteinArchitecture.StructureAt.values()).map(ProteinBundle::label).toList();
            int at = labels.indexOf(text(STRUCTURE_AT));
            require(at >= 0, STRUCTURE_AT, "one of " + String.join(", ", labels));
            return ProteinArchitecture.StructureAt.values()[at];
        }

        Map<String, String> provenance() {
            Map<String, String> sources = new TreeMap<>();
            JsonNode found = json.path(ModelFacts.PROVENANCE);
            require(found.isMissingNode() || found.isObject(), ModelFacts.PROVENANCE, "an object of texts");
            found.fields().forEachRemaining(field -> sources.put(field.getKey(), field.getValue().asText()));
            return sources;
        }

        String text(String key) {
            require(json.path(key).isTextual(), key, "a text");
            return json.get(key).textValue();
        }

        private int whole(String key) {
            require(json.path(key).isIntegralNumber() && json.get(key).canConvertToInt(), key, "a whole number");
            return json.get(key).intValue();
        }

        private boolean truth(String key) {
            require(json.path(key).isBoolean(), key, "true or false");
            return json.get(key).booleanValue();
        }

        private void require(boolean holds, String key, String rule) {
            if (!holds) {
                throw new InputException(file + ": '" + key + "' must be " + rule + ", found "
                    + (json.has(key) ? excerpt(json.path(key).toString()) : "none") + "; " + REMEDY);
            }
        }
    }
}
