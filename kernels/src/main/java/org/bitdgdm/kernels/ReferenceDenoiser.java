package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The graph transformer of DiGress in plain Java: the oracle of every other backend. Written like the paper
 * ({@code src/models/transformer_model.py}), never optimised.
 *
 * <p>Shapes: G graphs of n nodes; X (G, n, dx), E (G, n, n, de), y (G, dy), all row-major. The three channels, and
 * everything that enters a linear layer, are FP32; every sum and every function in between is taken in double. Graphs
 * are evaluated one by one except in {@link #record}, which shows each layer's input for the whole batch at once.
 * Any number of threads may use one instance.
 */
public final class ReferenceDenoiser implements ActivationRecorder {
    private final PackedModel model;
    private final Architecture architecture;
    private final GraphFeatures features;
    /** For each range of steps, the products of its layers. */
    private final List<Map<String, LinearReference>> linears = new ArrayList<>();
    private volatile boolean closed;

    /** Opens a model, in full precision or quantized. */
    public ReferenceDenoiser(PackedModel model) {
        this.model = model;
        this.architecture = model.architecture();
        this.features = new GraphFeatures(architecture);
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
    public Diffusion diffusion() {
        return model.diffusion();
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        requireOpen();
        batch.requireFits(architecture);
        GraphBatch start = BrokenLayer.copy(batch);
        try {
            take(batch, seed, steps);
        } catch (NotFiniteException e) {
            throw BrokenLayer.named(e, model, this, () -> start, steps, (graphs, one) -> take(graphs, seed, one));
        }
    }

    private void take(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        int n = batch.nodeCount();
        float[] nodeLogits = new float[n * architecture.nodeTypes()];
        float[] edgeLogits = new float[n * n * architecture.edgeTypes()];
        for (Sampler.Step step : steps) {
            Draw nodes = Draw.of(step, model.diffusion().limits().nodes());
            Draw edges = Draw.of(step, model.diffusion().limits().edges());
            for (int g = 0; g < batch.size(); g++) {
                evaluate(batch, g, 1, step, nodeLogits, edgeLogits, 0, null);
                draw(batch, g, seed, nodes, edges, nodeLogits, edgeLogits);
            }
        }
    }

    /** What a step draws for one kind of element, by its rule. */
    @FunctionalInterface
    private interface Draw {
        /** The class after the step, from logits that begin at an index, the class before it, and the counter of the draw. */
        int next(float[] logits, int from, int current, long seed, long id, int slot);

        static Draw of(Sampler.Step step, float[] marginal) {
            int classes = marginal.length;
            float[] weights = new float[classes];
            if (step.rule() == Sampler.Rule.POSTERIOR) {
                Posterior posterior = Posterior.of(step, marginal);
                return (logits, from, current, seed, id, slot) -> {
                    posterior.compute(logits, from, current, weights);
                    return CounterRandom.draw(CounterRandom.uniform(seed, id, step.to(), slot), weights, 0, classes);
                };
            }
            Flow flow = new Flow(step, marginal);
            Leap leap = new Leap(step, marginal);
            float[] prediction = new float[classes];
            return (logits, from, current, seed, id, slot) -> {
                Flow.predict(logits, from, prediction, step.at());
                return switch (step.rule()) {
                    case FLOW -> flow.jump(prediction, current, weights, seed, id, slot);
                    case LEAP -> leap.leap(prediction, current, seed, id, slot);
                    case MOST_PROBABLE -> Flow.best(prediction);
                    default -> CounterRandom.draw(CounterRandom.uniform(seed, id, step.to(), slot), prediction, 0, classes);
                };
            };
        }
    }

    /** Draws z_s of one graph: nodes, then edges i &lt; j, mirrored. */
    private void draw(GraphBatch batch, int g, long seed, Draw nodes, Draw edges, float[] nodeLogits, float[] edgeLogits) {
        int n = batch.nodeCount();
        int a = architecture.nodeTypes();
        int b = architecture.edgeTypes();
        long id = batch.ids()[g];
        for (int i = 0; i < n; i++) {
            batch.nodes()[g * n + i] = (byte) nodes.next(nodeLogits, i * a, batch.nodes()[g * n + i], seed, id, i);
        }
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                int ij = i * n + j;
                batch.setEdge(g, i, j, edges.next(edgeLogits, ij * b, batch.edges()[g * n * n + ij], seed, id,
                    CounterRandom.edgeSlot(n, i, j)));
            }
        }
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        requireOpen();
        batch.requireFits(architecture);
        batch.requireLogits(architecture, nodeLogits, edgeLogits);
        for (int g = 0; g < batch.size(); g++) {
            evaluate(batch, g, 1, step, nodeLogits, edgeLogits, g, null);
        }
        BrokenLayer.requireFinite(model, () -> this, batch, step, nodeLogits, edgeLogits);
    }

    @Override
    public void record(GraphBatch batch, Sampler.Step step, Sink sink) {
        requireOpen();
        batch.requireFits(architecture);
        int n = batch.nodeCount();
        float[] nodeLogits = new float[batch.size() * n * architecture.nodeTypes()];
        float[] edgeLogits = new float[batch.size() * n * n * architecture.edgeTypes()];
        evaluate(batch, 0, batch.size(), step, nodeLogits, edgeLogits, 0, sink);
    }

    @Override
    public void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink) {
        record(batch, step, sink);
        advance(batch, seed, List.of(step));
    }

    /** Features and network of {@code graphs} graphs from {@code first} on; logits written from graph {@code to} on. */
    private void evaluate(GraphBatch batch, int first, int graphs, Sampler.Step step, float[] nodeLogits,
                          float[] edgeLogits, int to, Sink sink) {
        int n = batch.nodeCount();
        int types = architecture.edgeTypes();
        float[] x = new float[graphs * n * architecture.nodeInputs()];
        float[] e = new float[graphs * n * n * architecture.edgeInputs()];
        float[] y = new float[graphs * architecture.globalInputs()];
        for (int g = 0; g < graphs; g++) {
            features.compute(batch, first + g, step.time(), x, g * n * architecture.nodeInputs(), e,
                g * n * n * architecture.edgeInputs(), y, g * architecture.globalInputs());
        }
        new Pass(graphs, n, model.rangeOf(step.at()), sink).run(x, e, y, nodeLogits, to * n * architecture.nodeTypes(),
            edgeLogits, to * n * n * types);
    }

    /** The network alone, from given input features: what the golden files check apart from our own features. */
    void logitsFromFeatures(int graphs, int n, float[] x, float[] e, float[] y, float[] nodeLogits, float[] edgeLogits) {
        new Pass(graphs, n, 0, null).run(x, e, y, nodeLogits, 0, edgeLogits, 0);
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

    /** One evaluation of the network; the channels are the fields. */
    private final class Pass {
        private final int graphs;
        private final int n;
        private final int range;
        private final Sink sink;
        private float[] x;
        private float[] e;
        private float[] y;

        Pass(int graphs, int n, int range, Sink sink) {
            this.graphs = graphs;
            this.n = n;
            this.range = range;
            this.sink = sink;
        }

        void run(float[] xIn, float[] eIn, float[] yIn, float[] nodeLogits, int nodeFrom, float[] edgeLogits, int edgeFrom) {
            // Input MLPs; the edge channel is made symmetric.
            x = relu(mlp("mlp_in_X", xIn, graphs * n));
            e = rounded(symmetric(widened(relu(mlp("mlp_in_E", eIn, graphs * n * n)))));
            y = relu(mlp("mlp_in_y", yIn, graphs));
            // Transformer layers.
            for (int layer = 0; layer < architecture.layers(); layer++) {
                transform(NetworkSpec.inBlock(layer, ""));
            }
            // Output MLPs; the noisy types are added; edges symmetric, no logits on the diagonal.
            int a = architecture.nodeTypes();
            double[] xOut = mlp("mlp_out_X", x, graphs * n);
            for (int i = 0; i < graphs * n; i++) {
                for (int k = 0; k < a; k++) {
                    nodeLogits[nodeFrom + i * a + k] = (float) (xOut[i * a + k] + xIn[i * architecture.nodeInputs() + k]);
                }
            }
            int b = architecture.edgeTypes();
            double[] eOut = mlp("mlp_out_E", e, graphs * n * n);
            for (int at = 0; at < eOut.length; at++) {
                eOut[at] += eIn[at / b * architecture.edgeInputs() + at % b];
            }
            eOut = symmetric(eOut);
            for (int at = 0; at < eOut.length; at++) {
                boolean diagonal = at / b % (n * n) % (n + 1) == 0;
                edgeLogits[edgeFrom + at] = diagonal ? 0 : (float) eOut[at];
            }
        }

        /** One transformer layer: attention, then residual + norm and feed-forward + norm on each channel. */
        private void transform(String block) {
            int dx = model.linear(block + "self_attn.q").in;
            int de = model.linear(block + "self_attn.e_mul").in;
            String attention = block + "self_attn.";

            // Q, K, V from X; FiLM terms of E; FiLM terms of y.
            double[] q = linear(attention + "q", x, graphs * n);
            double[] k = linear(attention + "k", x, graphs * n);
            double[] v = linear(attention + "v", x, graphs * n);
            double[] eAdd = linear(attention + "e_add", e, graphs * n * n);
            double[] eMul = linear(attention + "e_mul", e, graphs * n * n);
            double[] yeMul = linear(attention + "y_e_mul", y, graphs);
            double[] yeAdd = linear(attention + "y_e_add", y, graphs);
            double[] yxMul = linear(attention + "y_x_mul", y, graphs);
            double[] yxAdd = linear(attention + "y_x_add", y, graphs);

            // y from itself and from the pooled channels, all before they are updated.
            double[] newY = linear(attention + "y_y", y, graphs);
            add(newY, linear(attention + "x_y.lin", pooled(x, n, dx), graphs));
            add(newY, linear(attention + "e_y.lin", pooled(e, n * n, de), graphs));

            // Scores, one per channel and pair of nodes, modulated by the edge.
            double[] scores = scores(q, k, eMul, eAdd, dx);

            // X: softmax over j for each channel, the weighted sum of V, modulated by y.
            double[] attended = attend(scores, v, dx);
            double[] newX = linear(attention + "x_out", modulated(attended, yxMul, yxAdd, n, dx), graphs * n);
            // E: the scores modulated by y.
            double[] newE = linear(attention + "e_out", modulated(scores, yeMul, yeAdd, n * n, dx), graphs * n * n);
            newY = linear(attention + "y_out.2", relu(linear(attention + "y_out.0", rounded(newY), graphs)), graphs);

            // Residual and norm, then feed-forward, residual and norm.
            x = norm(block + "normX1", x, newX);
            e = norm(block + "normE1", e, newE);
            y = norm(block + "norm_y1", y, newY);
            x = norm(block + "normX2", x, feedForward(block + "linX", x, graphs * n));
            e = norm(block + "normE2", e, feedForward(block + "linE", e, graphs * n * n));
            y = norm(block + "norm_y2", y, feedForward(block + "lin_y", y, graphs));
        }

        /** Y_ij = (Q_i ∘ K_j / √d_head) ∘ (e_mul(E_ij) + 1) + e_add(E_ij), element by element, not summed over a head. */
        private double[] scores(double[] q, double[] k, double[] eMul, double[] eAdd, int dx) {
            double root = Math.sqrt((double) dx / architecture.heads());
            double[] scores = new double[graphs * n * n * dx];
            for (int gi = 0; gi < graphs * n; gi++) {
                for (int j = 0; j < n; j++) {
                    int gj = gi / n * n + j;
                    int at = (gi * n + j) * dx;
                    for (int c = 0; c < dx; c++) {
                        scores[at + c] = q[gi * dx + c] * k[gj * dx + c] / root * (eMul[at + c] + 1) + eAdd[at + c];
                    }
                }
            }
            return scores;
        }

        /** Σ_j softmax_j(Y_ij) ∘ V_j, the softmax taken for each channel on its own. */
        private double[] attend(double[] scores, double[] v, int dx) {
            double[] attended = new double[graphs * n * dx];
            for (int gi = 0; gi < graphs * n; gi++) {
                for (int c = 0; c < dx; c++) {
                    double largest = Double.NEGATIVE_INFINITY;
                    for (int j = 0; j < n; j++) {
                        largest = Math.max(largest, scores[(gi * n + j) * dx + c]);
                    }
                    double total = 0;
                    double sum = 0;
                    for (int j = 0; j < n; j++) {
                        double weight = Math.exp(scores[(gi * n + j) * dx + c] - largest);
                        total += weight;
                        sum += weight * v[(gi / n * n + j) * dx + c];
                    }
                    attended[gi * dx + c] = sum / total;
                }
            }
            return attended;
        }

        /** add(y) + (mul(y) + 1) ∘ values, for {@code count} rows of each graph. */
        private float[] modulated(double[] values, double[] mul, double[] add, int count, int width) {
            float[] out = new float[values.length];
            for (int row = 0; row < graphs * count; row++) {
                int g = row / count * width;
                for (int c = 0; c < width; c++) {
                    out[row * width + c] = (float) (add[g + c] + (mul[g + c] + 1) * values[row * width + c]);
                }
            }
            return out;
        }

        /** mean ‖ min ‖ max ‖ spread over the {@code count} rows of each graph; the variant says what spread is. */
        private float[] pooled(float[] values, int count, int width) {
            float[] out = new float[graphs * 4 * width];
            for (int g = 0; g < graphs; g++) {
                for (int c = 0; c < width; c++) {
                    double sum = 0;
                    float smallest = Float.POSITIVE_INFINITY;
                    float largest = Float.NEGATIVE_INFINITY;
                    for (int row = g * count; row < (g + 1) * count; row++) {
                        float value = values[row * width + c];
                        sum += value;
                        smallest = Math.min(smallest, value);
                        largest = Math.max(largest, value);
                    }
                    double mean = sum / count;
                    double squares = 0;
                    for (int row = g * count; row < (g + 1) * count; row++) {
                        double distance = values[row * width + c] - mean;
                        squares += distance * distance;
                    }
                    int at = g * 4 * width + c;
                    out[at] = (float) mean;
                    out[at + width] = smallest;
                    out[at + 2 * width] = largest;
                    out[at + 3 * width] = (float) spread(squares, count);
                }
            }
            return out;
        }

        /** Unbiased standard deviation (main) or biased variance (fixed_bug); 0 for a single element. */
        private double spread(double squares, int count) {
            if (count == 1) {
                return 0;
            }
            return architecture.variant() == Variant.MAIN ? Math.sqrt(squares / (count - 1)) : squares / count;
        }

        /** Two linear layers with a ReLU between. */
        private double[] mlp(String name, float[] input, int rows) {
            return linear(name + ".2", relu(linear(name + ".0", input, rows)), rows);
        }

        private double[] feedForward(String name, float[] input, int rows) {
            return linear(name + "2", relu(linear(name + "1", input, rows)), rows);
        }

        private double[] linear(String name, float[] input, int rows) {
            if (sink != null && model.spec().layer(name).quantized() && sink.wants(name)) {
                sink.accept(name, input.clone(), rows);
            }
            return linears.get(range).get(name).apply(input, rows);
        }

        /** LayerNorm(channel + update) over the last axis. */
        private float[] norm(String name, float[] channel, double[] update) {
            LayerNorm norm = model.norm(name);
            int width = norm.weight().length;
            float[] out = new float[channel.length];
            double[] row = new double[width];
            for (int from = 0; from < channel.length; from += width) {
                double sum = 0;
                for (int c = 0; c < width; c++) {
                    row[c] = channel[from + c] + update[from + c];
                    sum += row[c];
                }
                double mean = sum / width;
                double squares = 0;
                for (int c = 0; c < width; c++) {
                    squares += (row[c] - mean) * (row[c] - mean);
                }
                double deviation = Math.sqrt(squares / width + LayerNorm.EPSILON);
                for (int c = 0; c < width; c++) {
                    out[from + c] = (float) ((row[c] - mean) / deviation * norm.weight()[c] + norm.bias()[c]);
                }
            }
            return out;
        }

        /** (E_ij + E_ji) / 2. */
        private double[] symmetric(double[] edges) {
            int width = edges.length / (graphs * n * n);
            double[] out = new double[edges.length];
            for (int gi = 0; gi < graphs * n; gi++) {
                for (int j = 0; j < n; j++) {
                    int ij = (gi * n + j) * width;
                    int ji = ((gi / n * n + j) * n + gi % n) * width;
                    for (int c = 0; c < width; c++) {
                        out[ij + c] = (edges[ij + c] + edges[ji + c]) / 2;
                    }
                }
            }
            return out;
        }
    }

    private static void add(double[] sum, double[] term) {
        for (int at = 0; at < sum.length; at++) {
            sum[at] += term[at];
        }
    }

    private static float[] relu(double[] values) {
        float[] out = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            out[at] = (float) Math.max(0, values[at]);
        }
        return out;
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
