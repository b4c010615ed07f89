package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;

/**
 * Layers fitted in their order, each to the inputs x̃ that it has behind those that are quantized already, instead of x of the
 * full-precision model, along the same runs, those of full precision.
 */
public final class LaterInputs {
    /** As {@link InputNorm} damps. */
    private static final double DAMPING = 0.01;
    /** Rows recorded are too few for targets of wider layers. */
    private static final int WIDEST = 512;
    /** Layers of a block of the transformer that read nothing of one another, by the first word of their modules. */
    private static final List<Set<String>> LEVELS = List.of(
        Set.of("q", "k", "v", "e_add", "e_mul", "y_e_mul", "y_e_add", "y_x_mul", "y_x_add", "y_y", "x_y", "e_y"),
        Set.of("x_out", "e_out", "y_out.0"), Set.of("y_out.2"), Set.of("linX1", "linE1", "lin_y1"),
        Set.of("linX2", "linE2", "lin_y2"));

    private LaterInputs() {
    }

    /** What a layer is to give for x̃. */
    public enum Target {
        /** What it gives for x̃ in full precision. */
        SAME_INPUT,
        /** The same, and in the mean what it gives for x. */
        MEAN,
        /** What it gives for x, as far as x̃ tells: {@code min ‖x W − x̃ M‖}. */
        OUTPUT
    }

    /**
     * A model quantized in the order of its layers.
     *
     * @param first the same quantized at once, whose layers outside of the blocks are taken
     */
    public static PackedModel inOrder(PackedModel full, PackedModel first, QuantizeConf recipe, Target target) {
        List<QuantizeConf> recipes = LayerRecipes.of(full, recipe);
        List<PackedLinear> layers = new ArrayList<>();
        for (int at = 0; at < full.linears().size(); at++) {
            PackedLinear layer = full.linears().get(at);
            layers.add(full.spec().layer(layer.name).quantized() ? layer : first.linears().get(at));
        }
        List<RecordedInputs> before = recorded(full, full, recipe, IntStream.range(0, layers.size())
            .filter(at -> full.spec().layer(full.linears().get(at).name).quantized()).toArray());
        for (int block = 0; block < full.architecture().layers(); block++) {
            for (Set<String> level : LEVELS) {
                int number = block;
                int[] members = IntStream.range(0, layers.size()).filter(at -> {
                    NetworkSpec.Layer layer = full.spec().layer(full.linears().get(at).name);
                    return layer.block() == number && level.contains(word(layer.module()));
                }).toArray();
                List<RecordedInputs> after = recorded(full, full.withLinears(List.copyOf(layers)), recipe, members);
                List<PackedLinear> quantized = Arrays.stream(members).parallel().mapToObj(at -> {
                    PackedLinear layer = full.linears().get(at);
                    PackedLinear aimed = target == Target.SAME_INPUT ? layer
                        : aimed(layer, before.get(at), after.get(at), target == Target.OUTPUT);
                    return Quantizer.of(recipes.get(at).method()).quantize(aimed, after.get(at), recipes.get(at)).packed();
                }).toList();
                for (int k = 0; k < members.length; k++) {
                    layers.set(members[k], quantized.get(k));
                }
            }
        }
        return full.withLinears(layers);
    }

    private static String word(String module) {
        String inner = module.startsWith("self_attn.") ? module.substring("self_attn.".length()) : module;
        return inner.endsWith(".lin") ? inner.substring(0, inner.length() - ".lin".length()) : inner;
    }

    /** The inputs of some layers of one model along runs of another. */
    private static List<RecordedInputs> recorded(PackedModel full, PackedModel seen, QuantizeConf recipe, int[] members) {
        int[] kept = new int[full.linears().size()];
        Arrays.fill(kept, 1);
        for (int at : members) {
            kept[at] = full.linears().get(at).in <= InputNorm.WIDEST ? InputCollector.MOST_ROWS : InputCollector.ROWS;
        }
        Set<String> names = Arrays.stream(members)
            .mapToObj(at -> full.spec().layer(full.linears().get(at).name).firstWithInput()).collect(Collectors.toSet());
        Calibrations calibrations = new Calibrations(full, 0, any -> new Along(open(full), open(seen), names));
        return calibrations.of(calibrations.graphs(recipe), recipe.calibrationSteps(), kept, 1);
    }

    private static CpuDenoiser open(PackedModel model) {
        return new CpuDenoiser(model, new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null));
    }

    /**
     * With C the covariance of x̃ and x − x̃: the weight W, or {@code W + H̃⁻¹ C W}, and a bias that gives the mean of x W.
     *
     * @param outputs whether it is the latter
     */
    private static PackedLinear aimed(PackedLinear layer, RecordedInputs before, RecordedInputs after, boolean outputs) {
        int in = layer.in;
        int rows = after.rowCount();
        double[] mean = mean(before.rows(), rows, in);
        double[] meanAfter = mean(after.rows(), rows, in);
        DenseMatrix weight = LayerWeight.of(layer);
        DenseMatrix aimed = weight.copy();
        // Inputs that never change tell nothing.
        if (outputs && in <= WIDEST && DenseAlgebra.squaredNorm(centred(after.rows(), rows, in, meanAfter)) > 0) {
            DenseMatrix later = centred(after.rows(), rows, in, meanAfter);
            DenseMatrix lost = centred(before.rows(), rows, in, mean);
            for (int at = 0; at < lost.values().length; at++) {
                lost.values()[at] -= later.values()[at];
            }
            DenseMatrix gram = DenseAlgebra.product(later, true, later, false);
            double trace = IntStream.range(0, in).mapToDouble(i -> gram.apply(i, i)).sum();
            for (int i = 0; i < in; i++) {
                gram.update(i, i, gram.apply(i, i) + DAMPING * trace / in);
            }
            DenseMatrix upper = DenseAlgebra.inverseCholesky(gram);
            DenseMatrix right = DenseAlgebra.product(DenseAlgebra.product(later, true, lost, false), false, weight, false);
            DenseAlgebra.multiply(1, upper, true, DenseAlgebra.product(upper, false, right, false), false, 1, aimed);
        }
        float[] values = new float[in * layer.out];
        float[] bias = new float[layer.out];
        for (int o = 0; o < layer.out; o++) {
            double sum = layer.bias[o];
            for (int i = 0; i < in; i++) {
                values[i * layer.out + o] = (float) aimed.apply(i, o);
                sum += mean[i] * weight.apply(i, o) - meanAfter[i] * aimed.apply(i, o);
            }
            bias[o] = (float) sum;
        }
        return PackedLinear.full(layer.name, in, layer.out, values, bias);
    }

    private static double[] mean(float[] rows, int count, int in) {
        double[] mean = new double[in];
        for (int at = 0; at < count * in; at++) {
            mean[at % in] += rows[at] / (double) count;
        }
        return mean;
    }

    private static DenseMatrix centred(float[] rows, int count, int in, double[] mean) {
        double[] values = new double[count * in];
        for (int row = 0; row < count; row++) {
            for (int i = 0; i < in; i++) {
                values[i * count + row] = rows[row * in + i] - mean[i];
            }
        }
        return new DenseMatrix(count, in, values);
    }

    /**
     * Takes steps by one model, and shows some inputs that another one has at their states.
     *
     * @param full  decides where a run goes
     * @param seen  shows its inputs
     * @param shown layers
     */
    private record Along(CpuDenoiser full, CpuDenoiser seen, Set<String> shown) implements ActivationRecorder {
        @Override
        public void record(GraphBatch batch, Sampler.Step step, Sink sink) {
            seen.record(batch, step, new Sink() {
                @Override
                public boolean wants(String layer) {
                    return shown.contains(layer) && sink.wants(layer);
                }

                @Override
                public void accept(String layer, float[] input, int rows) {
                    sink.accept(layer, input, rows);
                }
            });
        }

        @Override
        public void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink) {
            record(batch, step, sink);
            full.advance(batch, seed, List.of(step));
        }

        @Override
        public Diffusion diffusion() {
            return full.diffusion();
        }

        @Override
        public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
            full.advance(batch, seed, steps);
        }

        @Override
        public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
            full.logits(batch, step, nodeLogits, edgeLogits);
        }

        @Override
        public String describe() {
            return full.describe();
        }

        @Override
        public void close() {
            full.close();
            seen.close();
        }
    }
}
