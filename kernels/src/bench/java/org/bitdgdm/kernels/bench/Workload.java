package org.bitdgdm.kernels.bench;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * The operations of one graph and one step that a setting cannot do without: what is needed twice counts once, what
 * nothing reads (y after the last block) or a table of the edge classes holds (the input MLP of edges, e_add and e_mul of
 * the first block) not at all.
 *
 * @param integerOperations    dense products of codes, two for each multiply-add
 * @param sparseOperations     FP32 operations of X S
 * @param outlierOperations    FP32 operations of outliers times the dense part
 * @param turnedBlocks         blocks of 16 x 16 entries of X, and of Y, whose rows and columns are exchanged for X S
 * @param denseOperations      FP32 operations of layers, or parts of them, in full precision
 * @param exponentials         softmax
 * @param attentionOperations  FP32 operations of attention besides exp
 * @param nodeNormElements     entries of X that pass a LayerNorm; y is counted here too
 * @param edgeNormElements     entries of E
 * @param pooledElements       entries pooled for y
 * @param quantizedEntries     entries of inputs that become codes
 */
record Workload(double integerOperations, double sparseOperations, double outlierOperations, double turnedBlocks,
                double denseOperations, double exponentials, double attentionOperations, double nodeNormElements,
                double edgeNormElements, double pooledElements, double quantizedEntries) {
    /** Of attention, for each channel and pair of nodes, besides exp; see kernel_bench.cpp. */
    private static final int ATTENTION_OPERATIONS = 11;
    /** Entries of a block that is turned. */
    private static final double TURNED = 256;

    /** What the rows of a layer's input are. */
    enum Rows {
        NODES, EDGES, GLOBALS;

        /** As kernel_bench reads it. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        int count(int n) {
            return switch (this) {
                case NODES -> n;
                case EDGES -> n * n;
                case GLOBALS -> 1;
            };
        }

        static Rows of(NetworkSpec.Layer layer) {
            return switch (layer.rows()) {
                case NODE -> NODES;
                case EDGE, MESSAGE -> EDGES;
                case GRAPH -> GLOBALS;
            };
        }
    }

    /** Name of a linear layer within its block, without its module. */
    static String module(String name) {
        return NetworkSpec.module(name).replace("self_attn.", "");
    }

    /** Whether a layer costs nothing: nothing reads y after the last block, and before the first E is a table of classes. */
    private static boolean isFree(NetworkSpec.Layer layer) {
        boolean input = layer.block() < 0 && (layer.in() == Width.EDGE_INPUT || layer.out() == Width.E);
        boolean first = layer.block() == 0 && layer.in() == Width.E && layer.out() == Width.X;
        return !layer.needed() || input || first;
    }

    /** The share of entries that are outliers, for each linear layer; 0 where there can be none. */
    static Map<String, Double> outlierShares(PackedModel model, ActivationRecorder recorder, GraphBatch graphs, int t) {
        Map<String, Double> shares = new HashMap<>();
        recorder.record(graphs, t, (layer, input, rows) -> {
            PackedLinear linear = model.linear(layer);
            if (linear.activation.coded() && !linear.activation.perRow()) {
                long outliers = 0;
                for (int k = 0; k < rows * linear.in; k++) {
                    outliers += Math.abs(input[k]) > linear.activation.threshold() ? 1 : 0;
                }
                shares.put(layer, (double) outliers / (rows * linear.in));
            }
        });
        return shares;
    }

    /** @param outlierShares see {@link #outlierShares} */
    static Workload of(PackedModel model, int n, Map<String, Double> outlierShares) {
        int layers = model.architecture().layers();
        double integers = 0;
        double sparse = 0;
        double outliers = 0;
        double turned = 0;
        double dense = 0;
        double quantized = 0;
        Set<List<Object>> coded = new HashSet<>();
        Set<String> turnedInputs = new HashSet<>();
        for (PackedLinear layer : model.linears()) {
            NetworkSpec.Layer spec = model.spec().layer(layer.name);
            double rows = isFree(spec) ? 0 : Rows.of(spec).count(n);
            double size = (double) layer.in * layer.out;
            if (layer.isFull() || !layer.integerProduct()) {
                dense += 2 * rows * size;
                continue;
            }
            boolean codedBetween = layer.intermediateBits <= 8;
            integers += 2 * rows * ((double) layer.rank() * (layer.in + (codedBetween ? layer.out : 0))
                + (layer.residual == null ? 0 : size));
            dense += 2 * rows * (codedBetween ? 0 : (double) layer.rank() * layer.out);
            sparse += 2 * rows * layer.sparse.entries();
            outliers += 2 * rows * outlierShares.getOrDefault(layer.name, 0.0) * size;
            if (layer.sparse.entries() > 0) {
                turned += rows * (layer.out + (turnedInputs.add(spec.firstWithInput()) ? layer.in : 0)) / TURNED;
            }
            if (coded.add(List.of(spec.firstWithInput(), layer.activation))) {
                quantized += rows * layer.in;
            }
        }
        double dx = model.width(Width.X);
        double de = model.width(Width.E);
        double dy = model.width(Width.Y);
        double pairs = (double) layers * n * n * dx;
        return new Workload(integers, sparse, outliers, turned, dense, pairs, ATTENTION_OPERATIONS * pairs,
            2 * layers * n * dx + 2 * (layers - 1) * dy, 2.0 * layers * n * n * de,
            (layers - 1) * (n * dx + (double) n * n * de), quantized);
    }
}
