package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.ToIntFunction;

/**
 * The layers of a network as data. Whoever handles layers one by one, from the import to the report, goes through this
 * list and knows no names of its own. Two networks there are: the graph transformer of DiGress
 * ({@code src/models/transformer_model.py}), node and edge classes diffusing, without a condition; and the message passing
 * of GraDe-IF, classes of residues diffusing, under the condition of a {@link ProteinGraph}.
 *
 * <p>Names are those of the published code's modules. Layers of blocks are named alike but for the number of the block; they
 * are the layers that are quantized by default.
 */
public final class NetworkSpec {
    /** What names of blocks begin with, before the number, and what of it stays in the name of a module. */
    private static final Map<String, String> BLOCKS = Map.of("tf_layers.", "", "mpnn_layes.", "", "time_mlp_list.",
        "time_mlp_list.", "ff_list.", "ff_list.");
    private static final String TRANSFORMER_BLOCK = "tf_layers.";
    /** No block. */
    private static final int NONE = -1;
    private static final List<Layer> INPUTS = List.of(
        outside("mlp_in_X.0", Rows.NODE, Width.NODE_INPUT, Width.OWN), outside("mlp_in_X.2", Rows.NODE, Width.OWN, Width.X),
        outside("mlp_in_E.0", Rows.EDGE, Width.EDGE_INPUT, Width.OWN), outside("mlp_in_E.2", Rows.EDGE, Width.OWN, Width.E),
        outside("mlp_in_y.0", Rows.GRAPH, Width.GLOBAL_INPUT, Width.OWN),
        outside("mlp_in_y.2", Rows.GRAPH, Width.OWN, Width.Y));
    /** What nothing reads after the last block is what updates y there. */
    private static final List<Layer> MODULES = List.of(
        inBlock("self_attn.q", Rows.NODE, Width.X, Width.X),
        inBlock("self_attn.k", Rows.NODE, Width.X, Width.X).reading("self_attn.q"),
        inBlock("self_attn.v", Rows.NODE, Width.X, Width.X).reading("self_attn.q"),
        inBlock("self_attn.e_add", Rows.EDGE, Width.E, Width.X),
        inBlock("self_attn.e_mul", Rows.EDGE, Width.E, Width.X).reading("self_attn.e_add"),
        inBlock("self_attn.y_e_mul", Rows.GRAPH, Width.Y, Width.X),
        inBlock("self_attn.y_e_add", Rows.GRAPH, Width.Y, Width.X).reading("self_attn.y_e_mul"),
        inBlock("self_attn.y_x_mul", Rows.GRAPH, Width.Y, Width.X).reading("self_attn.y_e_mul"),
        inBlock("self_attn.y_x_add", Rows.GRAPH, Width.Y, Width.X).reading("self_attn.y_e_mul"),
        inBlock("self_attn.y_y", Rows.GRAPH, Width.Y, Width.Y).reading("self_attn.y_e_mul").unreadAtTheEnd(),
        inBlock("self_attn.x_y.lin", Rows.GRAPH, Width.POOLED_X, Width.Y).unreadAtTheEnd(),
        inBlock("self_attn.e_y.lin", Rows.GRAPH, Width.POOLED_E, Width.Y).unreadAtTheEnd(),
        inBlock("self_attn.x_out", Rows.NODE, Width.X, Width.X),
        inBlock("self_attn.e_out", Rows.EDGE, Width.X, Width.E),
        inBlock("self_attn.y_out.0", Rows.GRAPH, Width.Y, Width.OWN).unreadAtTheEnd(),
        inBlock("self_attn.y_out.2", Rows.GRAPH, Width.OWN, Width.Y).afterRelu().unreadAtTheEnd(),
        inBlock("linX1", Rows.NODE, Width.X, Width.OWN), inBlock("linX2", Rows.NODE, Width.OWN, Width.X).afterRelu(),
        inBlock("linE1", Rows.EDGE, Width.E, Width.OWN), inBlock("linE2", Rows.EDGE, Width.OWN, Width.E).afterRelu(),
        inBlock("lin_y1", Rows.GRAPH, Width.Y, Width.OWN).unreadAtTheEnd(),
        inBlock("lin_y2", Rows.GRAPH, Width.OWN, Width.Y).afterRelu().unreadAtTheEnd());
    private static final List<Layer> OUTPUTS = List.of(
        outside("mlp_out_X.0", Rows.NODE, Width.X, Width.OWN), outside("mlp_out_X.2", Rows.NODE, Width.OWN, Width.NODE_CLASSES),
        outside("mlp_out_E.0", Rows.EDGE, Width.E, Width.OWN),
        outside("mlp_out_E.2", Rows.EDGE, Width.OWN, Width.EDGE_CLASSES));
    private static final List<Norm> NORMS = List.of(new Norm("normX1", NONE, "normX1", Width.X),
        new Norm("normX2", NONE, "normX2", Width.X), new Norm("normE1", NONE, "normE1", Width.E),
        new Norm("normE2", NONE, "normE2", Width.E), new Norm("norm_y1", NONE, "norm_y1", Width.Y),
        new Norm("norm_y2", NONE, "norm_y2", Width.Y));
    private static final List<Layer> PROTEIN_INPUTS = List.of(
        outside("time_mlp.0", Rows.GRAPH, Width.TIME, Width.OWN), outside("time_mlp.2", Rows.GRAPH, Width.OWN, Width.X),
        outside("ss_mlp.0", Rows.NODE, Width.STATES, Width.OWN), outside("ss_mlp.2", Rows.NODE, Width.OWN, Width.X),
        outside("node_embedding", Rows.NODE, Width.NODE_INPUT, Width.X),
        outside("edge_embedding", Rows.EDGE, Width.EDGE_INPUT, Width.X));
    private static final List<Layer> EDGE_UPDATES = List.of(
        inBlock("edge_mlp.0", Rows.EDGE, Width.X, Width.OWN), inBlock("edge_mlp.3", Rows.EDGE, Width.OWN, Width.X));
    private static final List<Layer> MESSAGE_PASSING = List.of(
        inBlock("message_mlp.0", Rows.MESSAGE, Width.MESSAGE_INPUT, Width.OWN),
        inBlock("message_mlp.3", Rows.MESSAGE, Width.OWN, Width.MESSAGE),
        inBlock("node_mlp.0", Rows.NODE, Width.NODE_AND_MESSAGE, Width.OWN),
        inBlock("node_mlp.3", Rows.NODE, Width.OWN, Width.X),
        inBlock("time_mlp_list.1", Rows.GRAPH, Width.X, Width.FILM),
        inBlock("ff_list.0", Rows.NODE, Width.X, Width.X), inBlock("ff_list.4", Rows.NODE, Width.X, Width.X));
    private static final List<Layer> PROTEIN_OUTPUTS = List.of(outside("lin", Rows.NODE, Width.X, Width.NODE_CLASSES));

    /** What the rows of a layer's input are. */
    public enum Rows {
        /** The nodes of a graph. */
        NODE,
        /** Its edges; of a transformer all pairs of nodes, (i, j) and (j, i) and (i, i). */
        EDGE,
        /** The graph itself. */
        GRAPH,
        /** The messages along its edges, made of an edge and of the nodes at both ends. */
        MESSAGE
    }

    /** What a width is. */
    public enum Width {
        /** Columns of a node's input. */
        NODE_INPUT,
        /** Columns of an edge's input. */
        EDGE_INPUT,
        /** {@link Architecture#globalInputs}. */
        GLOBAL_INPUT,
        /** dx, the width of the node channel. */
        X,
        /** de, the width of the edge channel. */
        E,
        /** dy, the width of the global channel. */
        Y,
        /** 4 dx: mean, minimum, maximum and spread. */
        POOLED_X,
        /** 4 de. */
        POOLED_E,
        /** The time as it is, 1. */
        TIME,
        /** States of secondary structure, 8. */
        STATES,
        /** m, the width of a message. */
        MESSAGE,
        /** 3 d + 1: receiver, sender, edge, squared distance. */
        MESSAGE_INPUT,
        /** d + m. */
        NODE_AND_MESSAGE,
        /** 2 d: a factor and a term of each channel. */
        FILM,
        /** Classes of a node. */
        NODE_CLASSES,
        /** {@link Architecture#edgeTypes}. */
        EDGE_CLASSES,
        /** A hidden layer's own: what a layer gives, and the next one of the list takes. */
        OWN
    }

    /**
     * A linear layer.
     *
     * @param name             of the module
     * @param block            number of its block; −1 outside of them
     * @param module           name within its block; outside of them the same as {@code name}
     * @param rows             what the rows of its input are
     * @param in               width of its input
     * @param out              width of its output
     * @param firstWithInput   name of the first layer of the list that reads the very same input; its own where it is that
     * @param nonNegativeInput whether its input is the output of a ReLU
     * @param needed           whether anything that is computed reads its output; false for what updates y in the last block
     */
    public record Layer(String name, int block, String module, Rows rows, Width in, Width out, String firstWithInput,
                        boolean nonNegativeInput, boolean needed) {

        private Layer reading(String first) {
            return new Layer(name, block, module, rows, in, out, first, nonNegativeInput, needed);
        }

        private Layer afterRelu() {
            return new Layer(name, block, module, rows, in, out, firstWithInput, true, needed);
        }

        private Layer unreadAtTheEnd() {
            return new Layer(name, block, module, rows, in, out, firstWithInput, nonNegativeInput, false);
        }

        private Layer at(int number, int blocks, BiFunction<Integer, String, String> naming) {
            return new Layer(naming.apply(number, module), number, module, rows, in, out,
                naming.apply(number, firstWithInput), nonNegativeInput, needed || number < blocks - 1);
        }

        /** Whether it is quantized where no setting says otherwise. */
        public boolean quantized() {
            return block != NONE;
        }

        /** Whether its input is not that of an earlier layer. */
        public boolean readsFirst() {
            return firstWithInput.equals(name);
        }
    }

    /**
     * A layer norm.
     *
     * @param name   of the module
     * @param block  number of its block
     * @param module name within its block
     * @param width  channel that it normalises
     */
    public record Norm(String name, int block, String module, Width width) {
    }

    /** Gives every width but {@link Width#OWN} of a network whose layers give so much. */
    private interface Widths {
        int of(Width width, ToIntFunction<String> outOf);
    }

    /** What the network is given beside the graph as it is, and no step changes. */
    public enum Condition {
        /** The time, as every network reads it. */
        TIME,
        /** A backbone: positions, secondary structure, features of residues and of their neighbourhoods. */
        BACKBONE
    }

    private final int blocks;
    private final Widths widths;
    private final Set<Rows> states;
    private final Set<Condition> conditions;
    private final FeatureSet features;
    private final Map<String, Layer> layers = new LinkedHashMap<>();
    private final Map<String, Norm> norms = new LinkedHashMap<>();

    /** The graph transformer of an architecture. */
    public NetworkSpec(Architecture architecture) {
        this(architecture.layers(), (width, outOf) -> transformerWidth(architecture, width, outOf),
            architecture.nodeTypes() > 1 ? EnumSet.of(Rows.NODE, Rows.EDGE) : EnumSet.of(Rows.EDGE),
            EnumSet.of(Condition.TIME), architecture.features());
        add(INPUTS);
        for (int block = 0; block < blocks; block++) {
            add(block, MODULES, NetworkSpec::inBlock);
            for (Norm module : NORMS) {
                add(block, module.module, module.width, NetworkSpec::inBlock);
            }
        }
        add(OUTPUTS);
    }

    /** The message passing of an architecture. */
    public NetworkSpec(ProteinArchitecture architecture) {
        this(architecture.layers(), NetworkSpec::proteinWidth, EnumSet.of(Rows.NODE), EnumSet.allOf(Condition.class),
            FeatureSet.NONE);
        add(PROTEIN_INPUTS);
        for (int block = 0; block < blocks; block++) {
            if (architecture.edgesUpdated()) {
                add(block, EDGE_UPDATES, NetworkSpec::inProteinBlock);
                add(block, "edge_norm", Width.X, NetworkSpec::inProteinBlock);
            }
            if (architecture.nodesNormalised()) {
                add(block, "node_norm", Width.X, NetworkSpec::inProteinBlock);
            }
            add(block, MESSAGE_PASSING, NetworkSpec::inProteinBlock);
            add(block, "ff_list.3", Width.X, NetworkSpec::inProteinBlock);
        }
        add(PROTEIN_OUTPUTS);
    }

    private NetworkSpec(int blocks, Widths widths, Set<Rows> states, Set<Condition> conditions, FeatureSet features) {
        this.blocks = blocks;
        this.widths = widths;
        this.states = states;
        this.conditions = conditions;
        this.features = features;
    }

    /** What has classes that diffuse; a graph whose nodes have but one class diffuses by its edges alone. */
    public Set<Rows> states() {
        return Collections.unmodifiableSet(states);
    }

    /** What the network is given beside the graph. */
    public Set<Condition> conditions() {
        return Collections.unmodifiableSet(conditions);
    }

    /** What is computed of a graph in every step and given to the network. */
    public FeatureSet features() {
        return features;
    }

    private void add(List<Layer> outside) {
        outside.forEach(layer -> layers.put(layer.name, layer));
    }

    private void add(int block, List<Layer> modules, BiFunction<Integer, String, String> naming) {
        for (Layer module : modules) {
            Layer layer = module.at(block, blocks, naming);
            layers.put(layer.name, layer);
        }
    }

    private void add(int block, String norm, Width width, BiFunction<Integer, String, String> naming) {
        String name = naming.apply(block, norm);
        norms.put(name, new Norm(name, block, norm, width));
    }

    private static Layer outside(String name, Rows rows, Width in, Width out) {
        return new Layer(name, NONE, name, rows, in, out, name, false, true);
    }

    private static Layer inBlock(String module, Rows rows, Width in, Width out) {
        return new Layer(module, NONE, module, rows, in, out, module, false, true);
    }

    /** Name of a module of a block of the transformer. */
    public static String inBlock(int block, String module) {
        return TRANSFORMER_BLOCK + block + "." + module;
    }

    /** Name of a module of a block of the message passing. */
    static String inProteinBlock(int block, String module) {
        int list = module.indexOf("_list.");
        return list < 0 ? "mpnn_layes." + block + "." + module
            : module.substring(0, list) + "_list." + block + module.substring(module.lastIndexOf('.'));
    }

    /** Name within its block of a layer or norm, {@link Layer#module}; any other name as it is. */
    public static String module(String name) {
        int from = name.indexOf('.') + 1;
        String kept = BLOCKS.get(name.substring(0, from));
        return kept == null ? name : kept + name.substring(name.indexOf('.', from) + 1);
    }

    /** Whether the input of a layer of a block is the output of a ReLU, {@link Layer#nonNegativeInput}. */
    public static boolean hasNonNegativeInput(String name) {
        String module = module(name);
        return MODULES.stream().anyMatch(layer -> layer.module.equals(module) && layer.nonNegativeInput);
    }

    /** All linear layers, in the order of the forward pass: input MLPs, blocks, output MLPs. */
    public Collection<Layer> layers() {
        return layers.values();
    }

    /** All layer norms, in the order of the blocks. */
    public Collection<Norm> norms() {
        return norms.values();
    }

    /**
     * The layer of a name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Layer layer(String name) {
        Layer layer = layers.get(name);
        if (layer == null) {
            throw new IllegalArgumentException("no linear layer '" + name + "' in a network of " + blocks + " layers");
        }
        return layer;
    }

    /** Names of all linear layers. */
    public List<String> layerNames() {
        return new ArrayList<>(layers.keySet());
    }

    /** Names of all layer norms. */
    public List<String> normNames() {
        return new ArrayList<>(norms.keySet());
    }

    /**
     * A width in a network whose layers give so much.
     *
     * @param width not {@link Width#OWN}, which is a layer's
     * @param outOf gives the outputs of the layer of a name, as its tensor has them
     */
    public int width(Width width, ToIntFunction<String> outOf) {
        return widths.of(width, outOf);
    }

    private static int transformerWidth(Architecture architecture, Width width, ToIntFunction<String> outOf) {
        return switch (width) {
            case NODE_INPUT -> architecture.nodeInputs();
            case EDGE_INPUT -> architecture.edgeInputs();
            case GLOBAL_INPUT -> architecture.globalInputs();
            case NODE_CLASSES -> architecture.nodeTypes();
            case EDGE_CLASSES -> architecture.edgeTypes();
            case X -> outOf.applyAsInt("mlp_in_X.2");
            case E -> outOf.applyAsInt("mlp_in_E.2");
            case Y -> outOf.applyAsInt("mlp_in_y.2");
            case POOLED_X -> 4 * transformerWidth(architecture, Width.X, outOf);
            case POOLED_E -> 4 * transformerWidth(architecture, Width.E, outOf);
            default -> throw foreign(width);
        };
    }

    private static int proteinWidth(Width width, ToIntFunction<String> outOf) {
        return switch (width) {
            case NODE_INPUT -> ProteinGraph.LETTERS.length() + ProteinGraph.NODE_FEATURES;
            case EDGE_INPUT -> ProteinGraph.EDGE_FEATURES;
            case TIME -> 1;
            case STATES -> ProteinGraph.STATES.length();
            case NODE_CLASSES -> ProteinGraph.LETTERS.length();
            case X -> outOf.applyAsInt("node_embedding");
            case MESSAGE -> outOf.applyAsInt(inProteinBlock(0, "message_mlp.3"));
            case MESSAGE_INPUT -> 3 * proteinWidth(Width.X, outOf) + 1;
            case NODE_AND_MESSAGE -> proteinWidth(Width.X, outOf) + proteinWidth(Width.MESSAGE, outOf);
            case FILM -> 2 * proteinWidth(Width.X, outOf);
            default -> throw foreign(width);
        };
    }

    private static IllegalArgumentException foreign(Width width) {
        return new IllegalArgumentException(width == Width.OWN ? "the width of a hidden layer is its own"
            : "this network has no width " + width);
    }

    /**
     * What every layer must take and give in a network whose layers give so much: channels are as wide as the input MLPs
     * make them, hidden layers as they are.
     *
     * @param outOf gives the outputs of the layer of a name, as its tensor has them; asked for input MLPs and hidden layers
     * @return (in, out) by name, in the order of {@link #layers}
     */
    public Map<String, int[]> shapes(ToIntFunction<String> outOf) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        int before = 0;
        for (Layer layer : layers.values()) {
            int in = layer.in == Width.OWN ? before : width(layer.in, outOf);
            before = layer.out == Width.OWN ? outOf.applyAsInt(layer.name) : width(layer.out, outOf);
            shapes.put(layer.name, new int[] {in, before});
        }
        return shapes;
    }
}
