package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.LimitDistribution;
import org.bitdgdm.kernels.LimitDistribution.Kind;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.kernels.SizeDistribution;
import org.bitdgdm.kernels.Variant;

/**
 * What must be known of a model besides its tensors: {@code model.json} as values. A facts file given to an import has
 * the same keys.
 *
 * @param name         name of the model
 * @param architecture counts, vocabulary sizes, constants of the extra features
 * @param diffusion    noise schedule, marginals, size histogram
 * @param vocabulary   what the classes stand for
 * @param provenance   where the tensors come from, for readers only
 */
record ModelFacts(
    String name, Architecture architecture, Diffusion diffusion, Vocabulary vocabulary, Map<String, String> provenance) {

    static final String NAME = "name";
    static final String VARIANT = "variant";
    static final String LAYERS = "layers";
    static final String HEADS = "heads";
    static final String STEPS = "diffusion_steps";
    static final String SCHEDULE = "noise_schedule";
    static final String TRANSITION = "transition";
    static final String FEATURES = "extra_features";
    static final String WALKS = "rrwp_steps";
    static final String FAMILY = "family";
    /** What bundles had before they had a family; still read. */
    static final String MOLECULAR = "molecular";
    static final String MAX_NODES = "max_nodes";
    static final String ATOMS = "atoms";
    static final String WEIGHTS = "atom_weights";
    static final String MAX_WEIGHT = "max_weight";
    static final String BONDS = "bonds";
    static final String HYDROGENS = "explicit_hydrogens";
    static final String AROMATIC = "aromatic_bonds";
    static final String NODE_CLASSES = "node_classes";
    static final String EDGE_CLASSES = "edge_classes";
    static final String SIZES = "size_histogram";
    static final String NODE_MARGINAL = "node_marginal";
    static final String EDGE_MARGINAL = "edge_marginal";
    static final String PROVENANCE = "provenance";
    /** Every key that describes a model, in the order in which they are written. */
    static final List<String> KEYS = List.of(NAME, VARIANT, LAYERS, HEADS, STEPS, SCHEDULE, TRANSITION, FEATURES,
        WALKS, FAMILY, MOLECULAR, MAX_NODES, ATOMS, WEIGHTS, MAX_WEIGHT, BONDS, HYDROGENS, AROMATIC, NODE_CLASSES, EDGE_CLASSES,
        SIZES, NODE_MARGINAL, EDGE_MARGINAL, PROVENANCE);

    static final String COSINE = "cosine";
    static final String CUSTOM = "custom";
    /** Of flow matching. */
    static final String LINEAR = "linear";
    /** T of flow matching, which has no steps of its own. */
    static final int LINEAR_STEPS = 1000;
    /** Tables have this many entries; models in use have 500 or 1,000 steps. */
    private static final int MAX_STEPS = 100_000;
    /** A sum of FP32 probabilities may differ from 1 by this much: a few thousand roundings. */
    private static final double SUM_TOLERANCE = 1e-4;

    /**
     * Reads a description.
     *
     * @param where   what the description is, for messages
     * @param missing what to do about a missing value, for messages
     * @param wrong   what to do about a wrong value, for messages
     * @param betas   gives β of each of T + 1 times as the tensors have them; asked where no formula does
     * @throws InputException naming the first key that is missing, wrong or not supported
     */
    static ModelFacts of(ObjectNode json, String where, String missing, String wrong, IntFunction<float[]> betas) {
        return new Reader(json, where, missing, wrong, betas).facts();
    }

    /** The description as written to {@code model.json}, without format version and hash. */
    ObjectNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(NAME, name);
        json.put(VARIANT, architecture.variant().label());
        json.put(LAYERS, architecture.layers());
        json.put(HEADS, architecture.heads());
        json.put(STEPS, architecture.diffusionSteps());
        json.put(SCHEDULE, diffusion.schedule().linear() ? LINEAR :
            Arrays.equals(diffusion.schedule().betas(), NoiseSchedule.cosineBetas(diffusion.steps())) ? COSINE : CUSTOM);
        // Uniform marginals are what the uniform transition is, whichever name they came under.
        Kind kind = diffusion.limits().kind();
        json.put(TRANSITION, (kind == Kind.MARGINAL && constant(diffusion.limits().nodes())
            && constant(diffusion.limits().edges()) ? Kind.UNIFORM : kind).label());
        json.put(FEATURES, architecture.features().label());
        if (architecture.walks() > 0) {
            json.put(WALKS, architecture.walks());
        }
        json.put(FAMILY, vocabulary.family().label());
        json.put(MAX_NODES, architecture.maxNodes());
        if (vocabulary.family() == Family.MOLECULES) {
            json.set(ATOMS, texts(vocabulary.nodes()));
            json.set(WEIGHTS, numbers(architecture.nodeWeights()));
            json.put(MAX_WEIGHT, architecture.maxWeight());
            json.set(BONDS, texts(vocabulary.edges()));
            json.put(HYDROGENS, vocabulary.hydrogens());
            json.put(AROMATIC, vocabulary.aromatic());
        } else {
            json.set(NODE_CLASSES, texts(vocabulary.nodes()));
            json.set(EDGE_CLASSES, texts(vocabulary.edges()));
        }
        json.set(SIZES, numbers(diffusion.sizes().weights()));
        json.set(NODE_MARGINAL, numbers(diffusion.limits().nodes()));
        json.set(EDGE_MARGINAL, numbers(diffusion.limits().edges()));
        ObjectNode sources = json.putObject(PROVENANCE);
        new TreeMap<>(provenance).forEach(sources::put);
        return json;
    }

    static ArrayNode numbers(float[] values) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (float value : values) {
            array.add(value);
        }
        return array;
    }

    static ArrayNode texts(List<String> values) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        values.forEach(array::add);
        return array;
    }

    private static boolean constant(float[] values) {
        for (float value : values) {
            if (value != values[0]) {
                return false;
            }
        }
        return true;
    }

    /** One pass over a JSON object, key by key. */
    private record Reader(ObjectNode json, String where, String missing, String wrong, IntFunction<float[]> betas) {

        ModelFacts facts() {
            try {
                return read();
            } catch (IllegalArgumentException e) {
                throw new InputException(where + " describes no model: " + e.getMessage() + "; " + wrong, e);
            }
        }

        private ModelFacts read() {
            String schedule = oneOf(SCHEDULE, List.of(COSINE, CUSTOM, LINEAR));
            boolean linear = schedule.equals(LINEAR);
            FeatureSet features = FeatureSet.of(oneOf(FEATURES, Arrays.stream(FeatureSet.values())
                .filter(set -> linear == (set == FeatureSet.RRWP)).map(FeatureSet::label).toList()));
            Kind kind = Kind.of(oneOf(TRANSITION, linear ? Kind.labels()
                : List.of(Kind.MARGINAL.label(), Kind.UNIFORM.label())));
            Vocabulary vocabulary = vocabulary();
            boolean molecular = vocabulary.family() == Family.MOLECULES;
            boolean absorbing = kind == Kind.ABSORBING;
            int nodeTypes = kind.classes(vocabulary.nodes().size());
            int edgeTypes = kind.classes(vocabulary.edges().size());
            int maxNodes = whole(MAX_NODES);
            require(whole(STEPS) <= MAX_STEPS, STEPS, "at most " + MAX_STEPS);
            float[] sizes = numbers(SIZES);
            require(sizes.length == maxNodes + 1L, SIZES, "one frequency for each size 0.." + maxNodes);
            Architecture architecture = new Architecture(Variant.of(text(VARIANT)), whole(LAYERS), whole(HEADS), nodeTypes,
                edgeTypes, maxNodes, whole(STEPS), features, molecular,
                molecular ? weights(nodeTypes, absorbing) : new float[0], molecular ? number(MAX_WEIGHT) : 1,
                linear ? whole(WALKS) : 0, absorbing);
            require(!molecular || architecture.maxWeight() > 0, MAX_WEIGHT, "a positive number");
            int steps = architecture.diffusionSteps();
            require(!linear || steps == LINEAR_STEPS, STEPS, LINEAR_STEPS + ", since the noise schedule is linear");
            NoiseSchedule noise = linear ? NoiseSchedule.linear(steps)
                : NoiseSchedule.of(schedule.equals(COSINE) ? NoiseSchedule.cosineBetas(steps) : betas.apply(steps));
            LimitDistribution limits = kind.of(marginal(NODE_MARGINAL, vocabulary.nodes().size(), kind),
                marginal(EDGE_MARGINAL, vocabulary.edges().size(), kind));
            Diffusion diffusion = new Diffusion(noise, limits, new SizeDistribution(sizes));
            return new ModelFacts(text(NAME), architecture, diffusion, vocabulary, provenance());
        }

        private Family family() {
            JsonNode old = json.path(MOLECULAR);
            require(old.isMissingNode() || old.isBoolean(), MOLECULAR, "true or false");
            if (!json.has(FAMILY) && old.isBoolean()) {
                return old.booleanValue() ? Family.MOLECULES : Family.GRAPHS;
            }
            Family family = Family.of(oneOf(FAMILY, Family.labels()));
            require(old.isMissingNode() || old.booleanValue() == (family == Family.MOLECULES), MOLECULAR,
                Boolean.toString(family == Family.MOLECULES) + ", since '" + FAMILY + "' is " + family.label());
            return family;
        }

        private Vocabulary vocabulary() {
            if (family() == Family.GRAPHS) {
                return graphs();
            }
            List<String> atoms = texts(ATOMS);
            List<String> bonds = texts(BONDS);
            List<String> known = Vocabulary.MOLECULE_BONDS;
            require(bonds.equals(known) || bonds.equals(known.subList(0, known.size() - 1)), BONDS,
                String.join(", ", known) + ", without the last where no bond is aromatic");
            return new Vocabulary(Family.MOLECULES, atoms, bonds,
                said(HYDROGENS, () -> seen(NODE_MARGINAL, atoms.indexOf(Vocabulary.HYDROGEN), true)),
                said(AROMATIC, () -> seen(EDGE_MARGINAL, bonds.indexOf(known.get(known.size() - 1)), false)));
        }

        /** Names may be given; where they are not, marginals say how many classes there are. */
        private Vocabulary graphs() {
            Vocabulary unnamed = Vocabulary.ofGraphs(json.has(NODE_CLASSES) ? 1 : numbers(NODE_MARGINAL).length,
                json.has(EDGE_CLASSES) ? 2 : numbers(EDGE_MARGINAL).length);
            List<String> nodes = json.has(NODE_CLASSES) ? texts(NODE_CLASSES) : unnamed.nodes();
            List<String> edges = json.has(EDGE_CLASSES) ? texts(EDGE_CLASSES) : unnamed.edges();
            return new Vocabulary(Family.GRAPHS, nodes, edges, false, false);
        }

        private boolean said(String key, BooleanSupplier otherwise) {
            require(!json.has(key) || json.get(key).isBoolean(), key, "true or false");
            return json.has(key) ? json.get(key).booleanValue() : otherwise.getAsBoolean();
        }

        /**
         * Whether training graphs have a class, by its marginal.
         *
         * @param at      the class; −1: there is none
         * @param unknown where marginals say nothing of training graphs, since they are uniform
         */
        private boolean seen(String key, int at, boolean unknown) {
            if (at < 0) {
                return false;
            }
            float[] marginal = json.has(key) ? numbers(key) : new float[0];
            return marginal.length <= at || constant(marginal) ? unknown : marginal[at] > 0;
        }

        /** One weight for each class; one that only noise has weighs what class 0 does. */
        private float[] weights(int classes, boolean absorbing) {
            float[] weights = numbers(WEIGHTS);
            if (absorbing && weights.length == classes - 1 && weights.length > 0) {
                weights = Arrays.copyOf(weights, classes);
                weights[classes - 1] = weights[0];
            }
            return weights;
        }

        /** Frequencies of the data's classes; no file need say those that the limit does not ask for. */
        private float[] marginal(String key, int classes, Kind kind) {
            if (kind == Kind.UNIFORM || kind == Kind.ABSORBFIRST || kind == Kind.ABSORBING) {
                return new float[classes];
            }
            float[] marginal = numbers(key);
            require(marginal.length == classes, key, "one probability for each of " + classes + " classes");
            double sum = 0;
            for (float probability : marginal) {
                sum += probability;
            }
            require(Math.abs(sum - 1) <= SUM_TOLERANCE, key, "probabilities with the sum 1 (found sum " + sum + ")");
            return marginal;
        }

        private Map<String, String> provenance() {
            Map<String, String> sources = new TreeMap<>();
            JsonNode found = json.path(PROVENANCE);
            require(found.isMissingNode() || found.isObject(), PROVENANCE, "an object of texts");
            found.fields().forEachRemaining(field -> sources.put(field.getKey(), field.getValue().asText()));
            return sources;
        }

        private JsonNode present(String key) {
            JsonNode value = json.path(key);
            if (value.isMissingNode() || value.isNull()) {
                throw new InputException(where + " does not say '" + key + "'; " + missing);
            }
            return value;
        }

        private String text(String key) {
            require(present(key).isTextual(), key, "a text");
            return json.get(key).textValue();
        }

        private String oneOf(String key, List<String> supported) {
            require(supported.contains(text(key)), key, "one of " + String.join(", ", supported)
                + " (others are not supported)");
            return text(key);
        }

        private int whole(String key) {
            require(present(key).isIntegralNumber() && json.get(key).canConvertToInt(), key, "a whole number");
            return json.get(key).intValue();
        }

        private float number(String key) {
            require(present(key).isNumber() && Float.isFinite(json.get(key).floatValue()), key, "a finite number");
            return json.get(key).floatValue();
        }

        private List<String> texts(String key) {
            require(present(key).isArray(), key, "a list of texts");
            List<String> texts = new ArrayList<>();
            for (JsonNode element : json.get(key)) {
                require(element.isTextual(), key, "a list of texts");
                texts.add(element.textValue());
            }
            return texts;
        }

        private float[] numbers(String key) {
            require(present(key).isArray(), key, "a list of numbers");
            float[] numbers = new float[json.get(key).size()];
            for (int i = 0; i < numbers.length; i++) {
                JsonNode element = json.get(key).get(i);
                require(element.isNumber() && Float.isFinite(element.floatValue()), key, "a list of finite numbers");
                numbers[i] = element.floatValue();
            }
            return numbers;
        }

        private void require(boolean holds, String key, String rule) {
            if (!holds) {
                throw new InputException(where + ": '" + key + "' must be " + rule + ", found "
                    + excerpt(json.path(key).toString()) + "; " + wrong);
            }
        }
    }
}
