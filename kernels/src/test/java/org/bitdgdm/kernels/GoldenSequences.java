package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What golden files of sequences hold of a model, compared with ours. */
public final class GoldenSequences {
    private static final int CLASSES = 20;

    private GoldenSequences() {
    }

    /** Logits at a time, every one within {@code tolerance}. */
    public static void checkLogits(Tensors golden, String model, int t, ProteinDenoiser.Conditioned network, double tolerance) {
        byte[] z = TestProteins.classes(golden.ints(model + ".t" + t + ".z"));
        float[] logits = new float[z.length * CLASSES];
        network.logits(z, t, logits);
        new Tolerance(tolerance, 0).check(model + " logits at " + t, golden.floats(model + ".t" + t + ".logits"), logits);
    }

    /** The first layer, from what enters the linear layers. */
    static void checkLayers(Tensors golden, String model, ReferenceProteinDenoiser denoiser, ProteinGraph protein,
                            double tolerance) {
        String layer = model + ".layer1.";
        int t = golden.ints(layer + "t")[0];
        byte[] z = TestProteins.classes(golden.ints(model + ".t" + t + ".z"));
        Map<String, float[]> inputs = denoiser.trace(protein, z, t);
        Tolerance bound = new Tolerance(tolerance, tolerance);
        bound.check("silu(time)", silu(golden.floats(layer + "time")), inputs.get("time_mlp_list.0.1"));
        float[] node = golden.floats(layer + "node");
        int d = node.length / z.length;
        float[] in = inputs.get("mpnn_layes.0.message_mlp.0");
        int width = 3 * d + 1;
        float[] edgeOut = golden.floats(layer + "edge_out");
        for (int edge = 0; edge < protein.edges(); edge++) {
            bound.check("receiver", Arrays.copyOfRange(node, protein.targets()[edge] * d, (protein.targets()[edge] + 1) * d),
                Arrays.copyOfRange(in, edge * width, edge * width + d));
            bound.check("sender", Arrays.copyOfRange(node, protein.sources()[edge] * d, (protein.sources()[edge] + 1) * d),
                Arrays.copyOfRange(in, edge * width + d, edge * width + 2 * d));
            bound.check("edge", Arrays.copyOfRange(edgeOut, edge * d, (edge + 1) * d),
                Arrays.copyOfRange(in, edge * width + 2 * d, edge * width + 3 * d));
        }
        bound.check("edge before", golden.floats(layer + "edge"), inputs.get("mpnn_layes.0.edge_mlp.0"));
        bound.check("messages received", golden.floats(layer + "node_mlp_in"), inputs.get("mpnn_layes.0.node_mlp.0"));
        bound.check("film", golden.floats(layer + "film"), inputs.get("ff_list.0.0"));
        bound.check("feed-forward norm", golden.floats(layer + "ff_norm"), inputs.get("ff_list.0.4"));
    }

    private static float[] silu(float[] values) {
        float[] out = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            out[at] = (float) (values[at] / (1 + Math.exp(-values[at])));
        }
        return out;
    }

    /** p(z_s | z_t), from t in strides of k: pairs (t, k). */
    public static void checkPosteriors(Tensors golden, String model, ResidueDiffusion diffusion,
                                       ResidueDiffusion.Transition transition, List<int[]> steps) {
        for (int[] step : steps) {
            String key = model + ".posterior.t" + step[0] + ".step" + step[1];
            ResiduePosterior posterior = new ResiduePosterior(diffusion, transition, step[0], step[0] - step[1]);
            float[] given = golden.floats(key + ".p0");
            int[] z = golden.ints(key + ".z");
            float[] found = new float[given.length];
            float[] weights = new float[CLASSES];
            double[] p = new double[CLASSES];
            for (int i = 0; i < z.length; i++) {
                for (int k = 0; k < CLASSES; k++) {
                    p[k] = given[i * CLASSES + k];
                }
                posterior.compute(p, z[i], weights);
                System.arraycopy(weights, 0, found, i * CLASSES, CLASSES);
            }
            new Tolerance(1e-6, 1e-4).check(key, golden.floats(key + ".p"), found);
        }
    }

    /** A whole run: the sequence at every time, and the logits at the end. */
    public static void checkRun(Tensors golden, String model, int stride, int run, ProteinDenoiser.Conditioned network,
                                ResidueDiffusion diffusion, ResidueDiffusion.Transition transition, double tolerance)
        throws InterruptedException {
        String key = model + ".ddim.step" + stride + ".run" + run;
        byte[] start = TestProteins.classes(golden.ints(key + ".start"));
        int evaluations = diffusion.steps() / stride;
        byte[] z = evaluations == 1 ? new byte[0] : TestProteins.classes(golden.ints(key + ".z"));
        SequenceSampler sampler = new SequenceSampler(diffusion, transition, evaluations, false, 0);
        float[] logits = sampler.sample(network, 0, 0, start.clone(), new boolean[start.length], (sequences, t) -> {
            int after = (diffusion.steps() - t) / stride - 1;
            if (after >= 0) {
                assertThat(sequences).as(key + " at time " + t)
                    .isEqualTo(Arrays.copyOfRange(z, after * start.length, (after + 1) * start.length));
            }
        });
        new Tolerance(tolerance, 0).check(key, golden.floats(key + ".logits"), logits);
    }
}
