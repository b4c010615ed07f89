package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.conf.InputException;

/**
 * What a checkpoint of DiGress or DeFoG tells about its model besides the tensors: its {@code hyper_parameters}, which hold the
 * run's omegaconf configuration ({@code cfg}) and the data set's facts ({@code dataset_infos},
 * {@code src/datasets/*_dataset.py}) as pickled objects, read here as data.
 */
final class CheckpointFacts {
    /** Atoms that are attributes of a data set's class, which a pickle names but does not hold. */
    private static final Map<String, List<String>> ATOMS_OF_CLASSES = Map.of("Guacamolinfos",
        List.of("C", "N", "O", "F", "B", "Br", "Cl", "I", "P", "S", "Se", "Si"));

    private final Object configuration;
    private final Object dataset;
    /** What the training draws samples with, whose class tells molecules from other graphs. */
    private final Object drawn;
    private final CheckpointReader checkpoint;
    private final ObjectNode json = JsonNodeFactory.instance.objectNode();

    private CheckpointFacts(CheckpointReader checkpoint) {
        this.checkpoint = checkpoint;
        Object hyperParameters = checkpoint.root().get("hyper_parameters");
        configuration = at(hyperParameters, "cfg");
        dataset = at(hyperParameters, "dataset_infos");
        drawn = at(hyperParameters, "visualization_tools");
    }

    /**
     * The facts under the keys of {@link ModelFacts}; what the checkpoint does not say in plain values, tensors or
     * NumPy arrays is left out, so that a facts file can say it.
     *
     * @throws InputException if the checkpoint is of another kind of model
     */
    static ObjectNode of(CheckpointReader checkpoint, String file) {
        CheckpointFacts facts = new CheckpointFacts(checkpoint);
        Object type = at(facts.configuration, "model", "type");
        if (type != null && !type.equals("discrete")) {
            String found = type instanceof String text ? excerpt(text) : "?";
            throw new InputException(file + " holds a model of type '" + found + "'; only DiGress's discrete diffusion is "
                + "supported");
        }
        if (Boolean.TRUE.equals(at(facts.configuration, "general", "conditional"))) {
            throw new InputException(file + " holds a conditional model of DeFoG (general.conditional), whose guidance is not"
                + " there yet; only unconditional ones are supported");
        }
        facts.readConfiguration();
        facts.readDataset();
        return facts.json;
    }

    /** Where the checkpoint says it comes from. */
    static Map<String, String> provenance(CheckpointReader checkpoint) {
        CheckpointFacts facts = new CheckpointFacts(checkpoint);
        Map<String, String> provenance = new TreeMap<>();
        putText(provenance, "pytorch_lightning", checkpoint.root().get("pytorch-lightning_version"));
        putText(provenance, "run", at(facts.configuration, "general", "name"));
        putText(provenance, "dataset", at(facts.configuration, "dataset", "name"));
        putText(provenance, "time_distortion", at(facts.configuration, "train", "time_distortion"));
        return provenance;
    }

    private static void putText(Map<String, String> to, String key, Object value) {
        if (value instanceof String || value instanceof Number) {
            to.put(key, excerpt(value.toString()));
        }
    }

    private void readConfiguration() {
        put(ModelFacts.LAYERS, at(configuration, "model", "n_layers"));
        put(ModelFacts.HEADS, at(configuration, "model", "hidden_dims", "n_head"));
        put(ModelFacts.STEPS, at(configuration, "model", "diffusion_steps"));
        put(ModelFacts.SCHEDULE, at(configuration, "model", "diffusion_noise_schedule"));
        put(ModelFacts.TRANSITION, at(configuration, "model", "transition"));
        Object features = at(configuration, "model", "extra_features");
        // The configuration of a model without extra features says null, which here would mean "not known".
        put(ModelFacts.FEATURES, features == null && at(configuration, "model") != null ? "none" : features);
        // DeFoG's configurations have no diffusion, and this key whatever the features are.
        Object walks = at(configuration, "model", "rrwp_steps");
        if (walks != null && at(configuration, "model", "diffusion_steps") == null) {
            put(ModelFacts.WALKS, walks);
            json.put(ModelFacts.SCHEDULE, ModelFacts.LINEAR);
            json.put(ModelFacts.STEPS, ModelFacts.LINEAR_STEPS);
        }
    }

    private void readDataset() {
        if (dataset == null) {
            return;
        }
        Object atoms = at(dataset, "atom_decoder");
        if (atoms == null && dataset instanceof Pickled.Instance object) {
            atoms = ATOMS_OF_CLASSES.get(object.type.name());
        }
        boolean molecules = atoms != null || at(dataset, "atom_weights") != null
            || drawn instanceof Pickled.Instance object && object.type.name().equals("MolecularVisualization");
        boolean graphs = !molecules && (dataset instanceof Pickled.Instance object
            && object.type.name().equals("SpectreDatasetInfos")
            || drawn instanceof Pickled.Instance tools && tools.type.name().equals("NonMolecularVisualization"));
        if (molecules || graphs) {
            put(ModelFacts.FAMILY, (molecules ? Family.MOLECULES : Family.GRAPHS).label());
        }
        put(ModelFacts.MAX_NODES, at(dataset, "max_n_nodes"));
        putNumbers(ModelFacts.SIZES, at(dataset, "n_nodes"));
        padSizes();
        putNumbers(ModelFacts.NODE_MARGINAL, at(dataset, "node_types"));
        putNumbers(ModelFacts.EDGE_MARGINAL, at(dataset, "edge_types"));
        if (molecules) {
            putTexts(ModelFacts.ATOMS, atoms);
            // With an absorbing limit, DeFoG's list of atoms has one more at its end, which stands for noise.
            if ("absorbing".equals(at(configuration, "model", "transition")) && json.path(ModelFacts.ATOMS).size()
                == json.path(ModelFacts.NODE_MARGINAL).size() + 1) {
                json.withArray(ModelFacts.ATOMS).remove(json.path(ModelFacts.NODE_MARGINAL).size());
            }
            // Data sets in Kekulé form have no aromatic bond, and those of DeFoG then no class for it.
            List<String> bonds = Vocabulary.MOLECULE_BONDS;
            json.set(ModelFacts.BONDS, ModelFacts.texts(json.path(ModelFacts.EDGE_MARGINAL).size() == bonds.size() - 1
                ? bonds.subList(0, bonds.size() - 1) : bonds));
            // The published code takes the values in the order of the dictionary, whatever its keys are.
            Object weights = at(dataset, "atom_weights");
            putNumbers(ModelFacts.WEIGHTS, weights instanceof Pickled.Dict dict ? dict.values() : weights);
            put(ModelFacts.MAX_WEIGHT, at(dataset, "max_weight"));
        }
    }

    /** Data sets give frequencies up to the largest size that they saw, or up to one that they did not. */
    private void padSizes() {
        JsonNode sizes = json.path(ModelFacts.SIZES);
        int wanted = json.path(ModelFacts.MAX_NODES).asInt(-1) + 1;
        if (sizes instanceof ArrayNode array && wanted > 0 && wanted <= 1 << 16) {
            while (array.size() < wanted) {
                array.add(0f);
            }
            while (array.size() > wanted && array.get(array.size() - 1).floatValue() == 0) {
                array.remove(array.size() - 1);
            }
        }
    }

    /**
     * The value at the end of a path through dictionaries, attributes of objects and omegaconf's containers; null if
     * there is none.
     */
    private static Object at(Object from, String... path) {
        Object value = unwrapped(from);
        for (String key : path) {
            value = unwrapped(value instanceof Pickled.Dict dict ? dict.get(key)
                : value instanceof Pickled.Instance object ? object.get(key) : null);
        }
        return value;
    }

    /** What an omegaconf node holds ({@code omegaconf/base.py}); any other value as it is. */
    private static Object unwrapped(Object value) {
        if (value instanceof Pickled.Instance object && object.type.module().startsWith("omegaconf.")) {
            Object content = object.get("_content");
            return content != null ? content : object.get("_val");
        }
        return value;
    }

    /** The number that a NumPy scalar is; any other value as it is. */
    private static Object plain(Object value) {
        return NumpyArray.of(value).filter(NumpyArray::scalar).map(scalar -> (Object) scalar.numbers().get(0)).orElse(value);
    }

    private void put(String key, Object found) {
        Object value = plain(found);
        if (value instanceof String text) {
            json.put(key, text);
        } else if (value instanceof Long number) {
            json.put(key, number);
        } else if (value instanceof Double number) {
            json.put(key, number);
        } else if (value instanceof Boolean truth) {
            json.put(key, truth);
        }
    }

    private void putTexts(String key, Object value) {
        if (value instanceof List<?> list) {
            ArrayNode array = json.putArray(key);
            list.forEach(element -> array.add(element instanceof String text ? text : null));
        }
    }

    private void putNumbers(String key, Object found) {
        Object value =
            NumpyArray.of(found).filter(array -> !array.scalar()).map(array -> (Object) array.numbers()).orElse(found);
        if (value instanceof Pickled.View tensor) {
            json.set(key, ModelFacts.numbers(checkpoint.values("dataset_infos." + key, tensor)));
        } else if (value instanceof Collection<?> numbers) {
            ArrayNode array = json.putArray(key);
            for (Object number : numbers) {
                array.add(plain(number) instanceof Number plain ? plain.floatValue() : Float.NaN);
            }
        }
    }
}
