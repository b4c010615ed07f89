package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The message passing of GraDe-IF in plain Java: the oracle of every other backend. Written like the published code
 * ({@code model/egnn_pytorch}), one protein at a time, never optimised but for the edges, which no sequence and no time
 * changes.
 *
 * <p>Shapes: N residues, E edges; x (N, d), e (E, d), all row-major. Channels, and everything that enters a linear layer, are
 * FP32; every sum and every function in between is taken in double. Both kinds of normalisation are over all entries of a
 * protein together, the one of the feed-forward adds ε to the deviation instead of the variance, as the published code has it.
 * Any number of threads may use one instance.
 */
public final class ReferenceProteinDenoiser implements ProteinDenoiser {
    private static final int CLASSES = ResidueDiffusion.CLASSES;

    private final PackedProteinModel model;
    private final ProteinArchitecture architecture;
    private final int d;
    private final int messageWidth;
    /** For each range of steps, the products of its layers. */
    private final List<Map<String, LinearReference>> linears = new ArrayList<>();
    private volatile boolean closed;

    /** Opens a model, in full precision or quantized. */
    public ReferenceProteinDenoiser(PackedProteinModel model) {
        this.model = model;
        this.architecture = model.architecture();
        this.d = model.width(NetworkSpec.Width.X);
        this.messageWidth = model.width(NetworkSpec.Width.MESSAGE);
        for (int range = 0; range < model.stepRanges(); range++) {
            Map<String, LinearReference> products = new HashMap<>();
            for (PackedLinear linear : model.linears(range)) {
                products.put(linear.name, range == 0 ? new LinearReference(linear)
                    : new LinearReference(linear, linears.get(0).get(linear.name)));
            }
            linears.add(products);
        }
    }

    @Override
    public ResidueDiffusion diffusion() {
        return model.diffusion();
    }

    @Override
    public Conditioned condition(ProteinGraph protein) {
        requireOpen();
        return new Backbone(protein);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this reference denoiser is closed");
        }
    }

    @Override
    public String describe() {
        return "reference (plain Java, double)";
    }

    @Override
    public void close() {
        requireOpen();
        closed = true;
    }

    /** Checks what {@link Conditioned#logits} is given. */
    static void requireFits(ProteinGraph protein, int steps, byte[] sequences, int t, float[] logits) {
        int n = protein.residues();
        if (sequences.length % n != 0 || logits.length != sequences.length * CLASSES) {
            throw new IllegalArgumentException("sequences of a protein of " + n + " residues must have a multiple of " + n
                + " classes and " + CLASSES + " logits for each, found " + sequences.length + " and " + logits.length);
        }
        for (byte residue : sequences) {
            if (residue < 0 || residue >= CLASSES) {
                throw new IllegalArgumentException("residue classes must be in 0.." + (CLASSES - 1) + ", found " + residue);
            }
        }
        if (t < 0 || t > steps) {
            throw new IllegalArgumentException("time must be in 0.." + steps + ", found " + t);
        }
    }

    private final class Backbone implements Conditioned {
        private final ProteinGraph protein;
        /** (E) |pos[src] − pos[dst]|². */
        private final double[] distances;
        /** For each range of steps, the edges (E, d) as each layer reads them; null until they are needed. */
        private final float[][][] edgesOf = new float[model.stepRanges()][][];

        Backbone(ProteinGraph protein) {
            this.protein = protein;
            this.distances = new double[protein.edges()];
            for (int edge = 0; edge < distances.length; edge++) {
                for (int axis = 0; axis < 3; axis++) {
                    double difference = (double) protein.positions()[3 * protein.sources()[edge] + axis]
                        - protein.positions()[3 * protein.targets()[edge] + axis];
                    distances[edge] += difference * difference;
                }
            }
        }

        @Override
        public ProteinGraph protein() {
            return protein;
        }

        @Override
        public void logits(byte[] sequences, int t, float[] logits) {
            requireOpen();
            requireFits(protein, model.diffusionSteps(), sequences, t, logits);
            int range = model.rangeOf(t);
            if (edgesOf[range] == null) {
                edgesOf[range] = new Pass(protein, range, null).edges();
            }
            int n = protein.residues();
            for (int from = 0; from < sequences.length; from += n) {
                float[] found = new Pass(protein, range, null)
                    .run(Arrays.copyOfRange(sequences, from, from + n), t, distances, edgesOf[range]);
                System.arraycopy(found, 0, logits, from * CLASSES, found.length);
            }
        }

        @Override
        public void record(byte[] sequence, int t, ActivationRecorder.Sink sink) {
            Map<String, float[]> inputs = trace(sequence, t);
            for (NetworkSpec.Layer layer : model.spec().layers()) {
                if (layer.quantized()) {
                    float[] input = inputs.get(layer.name());
                    sink.accept(layer.name(), input, input.length / model.linear(layer.name()).in);
                }
            }
        }

        /** The input of every linear layer, outside of blocks too, by name. */
        private Map<String, float[]> trace(byte[] sequence, int t) {
            requireOpen();
            requireFits(protein, model.diffusionSteps(), sequence, t, new float[sequence.length * CLASSES]);
            Map<String, float[]> inputs = new HashMap<>();
            Pass pass = new Pass(protein, model.rangeOf(t), (layer, input, rows) -> inputs.put(layer, input));
            pass.run(sequence, t, distances, pass.edges());
            return inputs;
        }

        @Override
        public void close() {
            Arrays.fill(edgesOf, null);
        }
    }

    /** The input of every linear layer, outside of blocks too, by name. */
    Map<String, float[]> trace(ProteinGraph protein, byte[] sequence, int t) {
        return new Backbone(protein).trace(sequence, t);
    }

    /** One evaluation of the network for one sequence. */
    private final class Pass {
        private final ProteinGraph protein;
        private final int n;
        private final int edgeCount;
        private final int range;
        private final ActivationRecorder.Sink sink;

        Pass(ProteinGraph protein, int range, ActivationRecorder.Sink sink) {
            this.protein = protein;
            this.n = protein.residues();
            this.edgeCount = protein.edges();
            this.range = range;
            this.sink = sink;
        }

        /** The edges as each layer's messages read them: neither sequence nor time goes into them. */
        float[][] edges() {
            float[] e = rounded(linear("edge_embedding", protein.edgeFeatures(), edgeCount));
            float[][] edges = new float[architecture.layers()][];
            for (int layer = 0; layer < edges.length; layer++) {
                if (architecture.edgesUpdated()) {
                    double[] update = silu(linear(name(layer, "edge_mlp.3"),
                        rounded(silu(linear(name(layer, "edge_mlp.0"), e, edgeCount))), edgeCount));
                    for (int at = 0; at < update.length; at++) {
                        update[at] += e[at];
                    }
                    e = normalised(name(layer, "edge_norm"), update, false);
                }
                edges[layer] = e;
            }
            return edges;
        }

        float[] run(byte[] sequence, int t, double[] distances, float[][] edges) {
            // te, se, and the nodes.
            double[] time = linear("time_mlp.2", rounded(silu(linear("time_mlp.0", new float[] {t}, 1))), 1);
            float[] timeInput = rounded(silu(time));
            double[] structure = linear("ss_mlp.2", rounded(silu(linear("ss_mlp.0", protein.structure(), n))), n);
            float[] x = rounded(linear("node_embedding", nodeInput(sequence), n));
            for (int layer = 0; layer < architecture.layers(); layer++) {
                boolean last = layer == architecture.layers() - 1;
                if (last && architecture.structureAt() == ProteinArchitecture.StructureAt.LAST_LAYER) {
                    x = sum(x, structure);
                }
                x = transform(layer, x, timeInput, distances, edges[layer]);
            }
            if (architecture.structureAt() == ProteinArchitecture.StructureAt.OUTPUT) {
                x = sum(x, structure);
            }
            return rounded(linear("lin", x, n));
        }

        private float[] nodeInput(byte[] sequence) {
            int features = ProteinGraph.NODE_FEATURES;
            int width = CLASSES + features;
            float[] input = new float[n * width];
            for (int i = 0; i < n; i++) {
                input[i * width + sequence[i]] = 1;
                System.arraycopy(protein.nodeFeatures(), i * features, input, i * width + CLASSES, features);
            }
            return input;
        }

        /** One layer: messages, nodes from their sums, the time, and the feed-forward, which has no residual. */
        private float[] transform(int layer, float[] x, float[] time, double[] distances, float[] e) {
            float[] in = messageInput(x, e, distances);
            double[] messages = silu(linear(name(layer, "message_mlp.3"),
                rounded(silu(linear(name(layer, "message_mlp.0"), in, edgeCount))), edgeCount));

            float[] read = architecture.nodesNormalised() ? normalised(name(layer, "node_norm"), widened(x), false) : x;
            double[] update = linear(name(layer, "node_mlp.3"),
                rounded(silu(linear(name(layer, "node_mlp.0"), withMessages(read, messages), n))), n);
            x = sum(x, update);

            double[] film = linear(name(layer, "time_mlp_list.1"), time, 1);
            for (int at = 0; at < x.length; at++) {
                x[at] = (float) (x[at] * (film[at % d] + 1) + film[d + at % d]);
            }
            double[] hidden = silu(linear(name(layer, "ff_list.0"), x, n));
            return rounded(linear(name(layer, "ff_list.4"), normalised(name(layer, "ff_list.3"), hidden, true), n));
        }

        /** (E, 3d + 1) receiver, sender, edge, squared distance. */
        private float[] messageInput(float[] x, float[] e, double[] distances) {
            int width = 3 * d + 1;
            float[] in = new float[edgeCount * width];
            for (int edge = 0; edge < edgeCount; edge++) {
                int at = edge * width;
                System.arraycopy(x, protein.targets()[edge] * d, in, at, d);
                System.arraycopy(x, protein.sources()[edge] * d, in, at + d, d);
                System.arraycopy(e, edge * d, in, at + 2 * d, d);
                in[at + 3 * d] = (float) distances[edge];
            }
            return in;
        }

        /** (N, d + m) nodes, and the sums of the messages that they receive. */
        private float[] withMessages(float[] read, double[] messages) {
            double[] received = new double[n * messageWidth];
            for (int edge = 0; edge < edgeCount; edge++) {
                for (int c = 0; c < messageWidth; c++) {
                    received[protein.targets()[edge] * messageWidth + c] += messages[edge * messageWidth + c];
                }
            }
            int width = d + messageWidth;
            float[] in = new float[n * width];
            for (int i = 0; i < n; i++) {
                System.arraycopy(read, i * d, in, i * width, d);
                for (int c = 0; c < messageWidth; c++) {
                    in[i * width + d + c] = (float) received[i * messageWidth + c];
                }
            }
            return in;
        }

        private double[] linear(String name, float[] input, int rows) {
            if (sink != null) {
                sink.accept(name, input, rows);
            }
            return linears.get(range).get(name).apply(input, rows);
        }

        /** (values − mean) ÷ √(variance + ε), or ÷ (√variance + ε), over all entries together. */
        private float[] normalised(String name, double[] values, boolean besideRoot) {
            LayerNorm norm = model.norm(name);
            double mean = 0;
            for (double value : values) {
                mean += value;
            }
            mean /= values.length;
            double squares = 0;
            for (double value : values) {
                squares += (value - mean) * (value - mean);
            }
            double variance = squares / values.length;
            double deviation = besideRoot ? Math.sqrt(variance) + LayerNorm.EPSILON
                : Math.sqrt(variance + LayerNorm.EPSILON);
            float[] out = new float[values.length];
            for (int at = 0; at < out.length; at++) {
                out[at] = (float) ((values[at] - mean) / deviation * norm.weight()[at % d] + norm.bias()[at % d]);
            }
            return out;
        }
    }

    private static String name(int layer, String module) {
        return NetworkSpec.inProteinBlock(layer, module);
    }

    private static float[] sum(float[] left, double[] right) {
        float[] sum = new float[left.length];
        for (int at = 0; at < sum.length; at++) {
            sum[at] = (float) (left[at] + right[at]);
        }
        return sum;
    }

    private static double[] silu(double[] values) {
        for (int at = 0; at < values.length; at++) {
            values[at] /= 1 + Math.exp(-values[at]);
        }
        return values;
    }

    private static float[] rounded(double[] values) {
        float[] out = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            out[at] = (float) values[at];
        }
        return out;
    }

    private static double[] widened(float[] values) {
        double[] out = new double[values.length];
        for (int at = 0; at < values.length; at++) {
            out[at] = values[at];
        }
        return out;
    }
}
