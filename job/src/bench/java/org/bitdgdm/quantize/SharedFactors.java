package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.SparseRows;

/**
 * Layers that read the same input with one first factor L̂ for all: their weights side by side are decomposed as one, then each
 * takes its rows of R̂ and its columns of S. A model of such layers computes what one product {@code Q(X) L̂} for all would.
 *
 * @param model        every layer with its own copy of L̂
 * @param bytes        of the model, with L̂ stored once
 * @param multiplyAdds of both factors of all layers of the blocks for a graph of most nodes and a step
 */
public record SharedFactors(PackedModel model, long bytes, long multiplyAdds) {

    /** Layers with factors of their own. */
    public static SharedFactors none(Calibrations calibrations, QuantizeConf recipe) {
        PackedModel model = Quantization.quantize(calibrations, recipe).model();
        long cost = 0;
        for (PackedLinear layer : model.linears()) {
            if (model.spec().layer(layer.name).quantized()) {
                cost += rows(model, layer.name) * layer.rank() * (layer.in + layer.out);
            }
        }
        return new SharedFactors(model, model.bytes(), cost);
    }

    /**
     * The same with one first factor for some.
     *
     * @param separate layers with factors of their own
     * @param ranks    columns of the one first factor, by the module of the first layer that reads the input
     */
    public static SharedFactors of(SharedFactors separate, Calibrations calibrations, QuantizeConf recipe,
                                   Map<String, Integer> ranks) {
        PackedModel full = calibrations.full();
        NetworkSpec spec = full.spec();
        List<QuantizeConf> recipes = LayerRecipes.of(full, recipe);
        int[] kept = IntStream.range(0, recipes.size()).map(layer
            -> Quantizer.of(recipes.get(layer).method()).rows(full.linears().get(layer), recipes.get(layer))).toArray();
        List<RecordedInputs> inputs = calibrations.of(calibrations.graphs(recipe), recipe.calibrationSteps(), kept,
            recipe.thresholdBuckets());
        Map<String, List<Integer>> groups = new LinkedHashMap<>();
        for (int layer = 0; layer < full.linears().size(); layer++) {
            String first = spec.layer(full.linears().get(layer).name).firstWithInput();
            if (ranks.containsKey(NetworkSpec.module(first)) && spec.layer(first).quantized()) {
                groups.computeIfAbsent(first, absent -> new ArrayList<>()).add(layer);
            }
        }
        List<PackedLinear> layers = new ArrayList<>(separate.model.linears());
        List<List<PackedLinear>> shared = groups.entrySet().stream().parallel().map(group -> {
            List<PackedLinear> members = group.getValue().stream().map(full.linears()::get).toList();
            int first = group.getValue().get(0);
            QuantizeConf own = recipes.get(first).with(Map.of(Option.RANK, ranks.get(NetworkSpec.module(group.getKey()))));
            return parts(members, inputs.get(first), own);
        }).toList();
        long bytes = separate.bytes;
        long cost = separate.multiplyAdds;
        int at = 0;
        for (Map.Entry<String, List<Integer>> group : groups.entrySet()) {
            List<PackedLinear> members = shared.get(at++);
            long rows = rows(full, group.getKey());
            CodeMatrix left = members.get(0).left;
            bytes -= (members.size() - 1) * left.bytes();
            cost += rows * left.rows() * left.cols();
            for (int k = 0; k < members.size(); k++) {
                PackedLinear before = layers.set(group.getValue().get(k), members.get(k));
                bytes += members.get(k).bytes() - before.bytes();
                cost += rows * (members.get(k).rank() * members.get(k).out - before.rank() * (before.in + before.out));
            }
        }
        return new SharedFactors(full.withLinears(layers), bytes, cost);
    }

    /** Rows of a layer's input in a graph of most nodes; 0 where nothing reads what it gives. */
    private static long rows(PackedModel model, String name) {
        long nodes = model.architecture().maxNodes();
        NetworkSpec.Layer layer = model.spec().layer(name);
        if (!layer.needed()) {
            return 0;
        }
        return switch (layer.rows()) {
            case NODE -> nodes;
            case EDGE, MESSAGE -> nodes * nodes;
            case GRAPH -> 1;
        };
    }

    private static List<PackedLinear> parts(List<PackedLinear> layers, RecordedInputs inputs, QuantizeConf recipe) {
        int in = layers.get(0).in;
        int out = layers.stream().mapToInt(layer -> layer.out).sum();
        float[] weight = new float[in * out];
        float[] bias = new float[out];
        int from = 0;
        for (PackedLinear layer : layers) {
            System.arraycopy(layer.bias, 0, bias, from, layer.out);
            for (int i = 0; i < in; i++) {
                System.arraycopy(layer.weight, i * layer.out, weight, i * out + from, layer.out);
            }
            from += layer.out;
        }
        PackedLinear whole = Quantizer.of(recipe.method())
            .quantize(PackedLinear.full(layers.get(0).name, in, out, weight, bias), inputs, recipe).packed();
        List<PackedLinear> parts = new ArrayList<>();
        from = 0;
        for (PackedLinear layer : layers) {
            float[] own = new float[layer.out];
            System.arraycopy(whole.bias, from, own, 0, layer.out);
            parts.add(PackedLinear.quantized(layer.name, in, layer.out, own, whole.activation, whole.left,
                rows(whole.right, from, layer.out), whole.intermediateBits, whole.intermediateScale, null,
                columns(whole.sparse, from, layer.out), whole.crossTerm));
            from += layer.out;
        }
        return parts;
    }

    private static CodeMatrix rows(CodeMatrix matrix, int from, int count) {
        byte[] codes = new byte[count * matrix.cols()];
        System.arraycopy(matrix.codes(), from * matrix.cols(), codes, 0, codes.length);
        float[] scale = new float[count];
        System.arraycopy(matrix.scale(), from, scale, 0, count);
        return new CodeMatrix(count, matrix.cols(), matrix.bits(), true, codes, scale, new float[0]);
    }

    private static SparseRows columns(SparseRows sparse, int from, int count) {
        int width = 0;
        List<List<Integer>> kept = new ArrayList<>();
        for (int row = 0; row < sparse.rows(); row++) {
            int end = (row + 1) * sparse.width();
            List<Integer> own = IntStream.range(row * sparse.width(), end)
                .filter(at -> sparse.columns()[at] >= from && sparse.columns()[at] < from + count).boxed().toList();
            width = Math.max(width, own.size());
            kept.add(own);
        }
        int[] columns = new int[sparse.rows() * width];
        float[] values = new float[columns.length];
        for (int row = 0; row < sparse.rows(); row++) {
            for (int k = 0; k < width; k++) {
                boolean entry = k < kept.get(row).size();
                columns[row * width + k] = entry ? sparse.columns()[kept.get(row).get(k)] - from : -1;
                values[row * width + k] = entry ? sparse.values()[kept.get(row).get(k)] : 0;
            }
        }
        return new SparseRows(sparse.rows(), count, width, columns, values);
    }
}
