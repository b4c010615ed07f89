package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * Decompositions {@code W ≈ L Rᵀ + S} in the norm of a layer's inputs: how many updates {@link OutputDescent} needs, plain
 * gradients of the same objective, the truncated SVD of {@code H^½ (W − S)} and T_α in turns, and {@link
 * ScaledGradientDescent}, which knows nothing of H; on planted matrices against the condition number of H, and on layers of a
 * model. And what one first factor for all layers that read the same input would leave, from singular values of {@code H^½ W}.
 *
 * <p>Planted are matrices of {@value #SIZE} x {@value #SIZE} and rank {@value #PLANTED_RANK}, products of Gaussian factors, and
 * {@value #PLANTED_ENTRIES} outliers in every row and column. H has singular values that fall evenly in their logarithms, in
 * random directions; its condition number is that after damping. All searches but that of the weight begin with the truncated
 * SVD of {@code H^½ W}. Plain gradients take half the inverse of the largest curvature of either factor, H's included.
 */
public final class NormStudy {
    /** Planted matrices of every condition number. */
    public static final int SEEDS = 10;
    public static final int SIZE = 100;
    public static final int PLANTED_RANK = 8;
    public static final int PLANTED_ENTRIES = 2;
    /** Updates at most: of planted matrices, and of layers. */
    public static final int MOST_PLANTED = 500;
    public static final int MOST_OF_LAYERS = 40;
    /** ‖W − L Rᵀ − S‖_H ÷ ‖W‖_H at which a planted matrix is found. */
    public static final double ARRIVED = 1e-4;
    /** How close to the least error of all ways a search of a layer has to come to have arrived. */
    public static final double CLOSE = 1.01;
    /** Of layers, as the default of generate has them. */
    public static final int LAYER_RANK = 32;
    public static final double LAYER_ALPHA = 0.01;
    private static final double[] CONDITIONS = {1, 1e2, 1e4, 1e6};
    private static final double STEP_SIZE = 0.5;
    private static final int LARGEST_LAYER = 256 * 256;

    /** A way to decompose. */
    public enum Way {
        /** As quantizers do with aware factors. */
        SCALED("ScaledGD in H"),
        /** Its gradients without preconditioners. */
        PLAIN("GD in H"),
        /** The best L Rᵀ for S and the best entries for it, in turns. */
        TURNS("SVD and T_α in turns"),
        /** {@link ScaledGradientDescent}. */
        WEIGHT("ScaledGD on W");

        private final String label;

        Way(String label) {
            this.label = label;
        }

        /** The name in tables. */
        public String label() {
            return label;
        }
    }

    /**
     * One search.
     *
     * @param subject    {@code planted}, or the name of a layer
     * @param condition  of H
     * @param seed       of the planted matrix
     * @param iterations until it arrived, or all that it took
     * @param arrived    at {@link #ARRIVED}; of a layer within {@link #CLOSE} of the least error of all ways
     * @param error      the least that it reached, ‖W − L Rᵀ − S‖_H ÷ ‖W‖_H
     */
    public record Row(String subject, double condition, int seed, Way way, int iterations, boolean arrived, double error) {
    }

    /**
     * Layers that read the same input, with a first factor of their own or one for all. Shares are of ‖W‖²_H of all of them,
     * left by the best factors of a rank.
     *
     * @param layers   their names
     * @param in       inputs
     * @param out      outputs of all
     * @param separate share left by {@link #LAYER_RANK} columns for each
     * @param joint    share left by one first factor of as many columns as cost no more multiply-adds
     * @param rank     these columns
     * @param asGood   columns of one first factor that leave no more than {@code separate}
     * @param cost     multiply-adds of {@code asGood} ÷ those of the separate ones
     */
    public record Shared(List<String> layers, int in, int out, double separate, double joint, int rank, int asGood,
                         double cost) {
    }

    /**
     * Multiply-adds of both factors of all layers of the blocks for a graph of most nodes, {@link #LAYER_RANK} columns each,
     * and with one first factor of {@link Shared#asGood} columns wherever that takes fewer.
     */
    public record Whole(long separate, long shared) {
    }

    private NormStudy() {
    }

    /** Searches of planted matrices. */
    public static List<Row> planted(Consumer<String> progress) {
        List<Row> rows = new ArrayList<>();
        for (double condition : CONDITIONS) {
            progress.accept("condition number " + condition + " …");
            for (int seed = 0; seed < SEEDS; seed++) {
                rows.addAll(planted(condition, seed));
            }
        }
        return rows;
    }

    /** All ways on one matrix. */
    static List<Row> planted(double condition, int seed) {
        Random random = new Random(seed);
        DenseMatrix weight = DenseAlgebra.product(gaussian(PLANTED_RANK, random), false, gaussian(PLANTED_RANK, random), true);
        double unit = Math.sqrt(DenseAlgebra.squaredNorm(weight) / weight.values().length);
        DecompositionStudy.plant(weight, (double) PLANTED_ENTRIES / SIZE, unit, random);
        InputNorm norm = new InputNorm(gram(condition, random));
        double felt = conditionOf(norm, SIZE);
        List<Row> rows = new ArrayList<>();
        for (Way way : Way.values()) {
            double[] errors = errors(way, weight, norm, PLANTED_RANK, (double) PLANTED_ENTRIES / SIZE, MOST_PLANTED);
            rows.add(row("planted", felt, seed, way, errors, ARRIVED));
        }
        return rows;
    }

    /**
     * Searches of the layers of one block that have no more entries than most.
     *
     * @param inputs of every layer of the model
     */
    static List<Row> layers(PackedModel full, int block, List<RecordedInputs> inputs, Consumer<String> progress) {
        List<Row> rows = new ArrayList<>();
        for (int layer = 0; layer < full.linears().size(); layer++) {
            PackedLinear linear = full.linears().get(layer);
            if (full.spec().layer(linear.name).block() == block && linear.in * linear.out <= LARGEST_LAYER) {
                progress.accept(linear.name + " …");
                rows.addAll(ofLayer(linear, inputs.get(layer).moments(ActivationCodes.off(), linear.in).norm()));
            }
        }
        return rows;
    }

    private static List<Row> ofLayer(PackedLinear layer, InputNorm norm) {
        DenseMatrix weight = LayerWeight.of(layer);
        int rank = Math.min(LAYER_RANK, Math.min(layer.in, layer.out));
        Map<Way, double[]> all = new LinkedHashMap<>();
        double least = Double.POSITIVE_INFINITY;
        for (Way way : Way.values()) {
            double[] errors = errors(way, weight, norm, rank, LAYER_ALPHA, MOST_OF_LAYERS);
            all.put(way, errors);
            for (double error : errors) {
                least = Math.min(least, error);
            }
        }
        double close = CLOSE * least;
        double condition = conditionOf(norm, layer.in);
        return all.entrySet().stream().map(way -> row(layer.name, condition, 0, way.getKey(), way.getValue(), close))
            .toList();
    }

    private static Row row(String subject, double condition, int seed, Way way, double[] errors, double enough) {
        double least = Double.POSITIVE_INFINITY;
        for (int iteration = 0; iteration < errors.length; iteration++) {
            if (errors[iteration] <= enough) {
                return new Row(subject, condition, seed, way, iteration, true, minimum(errors));
            }
            least = Math.min(least, errors[iteration]);
        }
        return new Row(subject, condition, seed, way, errors.length - 1, false, least);
    }

    private static double minimum(double[] values) {
        double least = Double.POSITIVE_INFINITY;
        for (double value : values) {
            least = Math.min(least, value);
        }
        return least;
    }

    /** ‖W − L Rᵀ − S‖_H ÷ ‖W‖_H before every update and at the end. */
    static double[] errors(Way way, DenseMatrix weight, InputNorm norm, int rank, double alpha, int iterations) {
        List<Double> squares = new ArrayList<>();
        switch (way) {
            case SCALED -> new OutputDescent(rank, 0, alpha, STEP_SIZE, 0, iterations).decompose(weight, norm, squares::add);
            case WEIGHT -> ofWeight(weight, norm, rank, alpha, iterations, squares);
            default -> inTurns(way, weight, norm, rank, alpha, iterations, squares);
        }
        double whole = norm.squared(weight);
        return squares.stream().mapToDouble(square -> Math.sqrt(Math.max(0, square) / whole)).toArray();
    }

    private static void ofWeight(DenseMatrix weight, InputNorm norm, int rank, double alpha, int iterations,
                                 List<Double> squares) {
        ScaledGradientDescent search = new ScaledGradientDescent(rank, alpha, alpha, STEP_SIZE, 0, iterations, true);
        AlphaSparsity sparsity = new AlphaSparsity(weight.numRows(), weight.numCols(), alpha);
        Decomposition start = new ScaledGradientDescent(rank, alpha, alpha, STEP_SIZE, 0, 0, true).decompose(weight);
        search.refine(weight, start, (left, right) -> {
            DenseMatrix rest = rest(weight, left, right);
            squares.add(norm.squared(without(rest, sparsity.select(rest))));
            return true;
        });
    }

    private static void inTurns(Way way, DenseMatrix weight, InputNorm norm, int rank, double alpha, int iterations,
                                List<Double> squares) {
        AlphaSparsity sparsity = new AlphaSparsity(weight.numRows(), weight.numCols(), alpha);
        Decomposition start = new OutputDescent(rank, 0, alpha, STEP_SIZE, 0, 0).decompose(weight, norm);
        double curvature = largest(norm.times(identity(weight.numRows())));
        DenseMatrix left = start.left();
        DenseMatrix right = start.right();
        boolean[] support = new boolean[weight.values().length];
        for (int iteration = 0; ; iteration++) {
            // G with its sign turned: what L Rᵀ and S leave of W.
            DenseMatrix rest = rest(weight, left, right);
            boolean[] other = sparsity.select(norm.felt(rest)).clone();
            DenseMatrix changed = without(rest, other);
            DenseMatrix kept = without(rest, support);
            double changedError = norm.squared(changed);
            double keptError = norm.squared(kept);
            support = changedError <= keptError ? other : support;
            DenseMatrix error = changedError <= keptError ? changed : kept;
            squares.add(Math.min(changedError, keptError));
            if (iteration == iterations) {
                return;
            }
            if (way == Way.TURNS) {
                DenseMatrix target = error.copy();
                DenseAlgebra.multiply(1, left, false, right, true, 1, target);
                Decomposition best = new OutputDescent(rank, 0, 0, STEP_SIZE, 0, 0).decompose(target, norm);
                left = best.left();
                right = best.right();
            } else {
                DenseMatrix weighted = norm.times(error);
                double ofLeft = curvature * largest(DenseAlgebra.product(right, true, right, false));
                double ofRight = largest(norm.inner(left, left));
                DenseMatrix nextLeft = left.copy();
                DenseAlgebra.multiply(STEP_SIZE / ofLeft, weighted, false, right, false, 1, nextLeft);
                DenseMatrix nextRight = right.copy();
                DenseAlgebra.multiply(STEP_SIZE / ofRight, weighted, true, left, false, 1, nextRight);
                left = nextLeft;
                right = nextRight;
            }
        }
    }

    /**
     * What layers of one block leave that read the same input.
     *
     * @param inputs of every layer of the model
     */
    static List<Shared> shared(PackedModel full, int block, List<RecordedInputs> inputs) {
        Map<String, List<Integer>> groups = new LinkedHashMap<>();
        for (int layer = 0; layer < full.linears().size(); layer++) {
            String name = full.linears().get(layer).name;
            if (full.spec().layer(name).block() == block) {
                groups.computeIfAbsent(full.spec().layer(name).firstWithInput(), absent -> new ArrayList<>()).add(layer);
            }
        }
        return groups.values().stream().filter(group -> group.size() > 1)
            .map(group -> shared(group.stream().map(full.linears()::get).toList(), inputs.get(group.get(0)))).toList();
    }

    private static Shared shared(List<PackedLinear> layers, RecordedInputs inputs) {
        int in = layers.get(0).in;
        InputNorm norm = inputs.moments(ActivationCodes.off(), in).norm();
        DenseMatrix sum = DenseMatrix.zeros(in, in);
        double left = 0;
        int out = 0;
        int separateCost = 0;
        for (PackedLinear layer : layers) {
            DenseMatrix weight = LayerWeight.of(layer);
            DenseMatrix gram = DenseAlgebra.product(weight, false, weight, true);
            int rank = Math.min(LAYER_RANK, Math.min(in, layer.out));
            left += beyond(values(gram, norm), rank);
            separateCost += rank * (in + layer.out);
            out += layer.out;
            for (int at = 0; at < sum.values().length; at++) {
                sum.values()[at] += gram.values()[at];
            }
        }
        double[] values = values(sum, norm);
        double whole = beyond(values, 0);
        int affordable = Math.min(in, separateCost / (in + out));
        int asGood = 0;
        while (asGood < in && beyond(values, asGood) > left) {
            asGood++;
        }
        return new Shared(layers.stream().map(layer -> layer.name).toList(), in, out, left / whole,
            beyond(values, affordable) / whole, affordable, asGood, (double) asGood * (in + out) / separateCost);
    }

    /** @param groups of all blocks */
    static Whole whole(PackedModel full, List<Shared> groups) {
        long nodes = full.architecture().maxNodes();
        long separate = 0;
        long saved = 0;
        for (PackedLinear layer : full.linears()) {
            if (full.spec().layer(layer.name).quantized()) {
                separate += rows(full, layer.name, nodes) * cost(layer);
            }
        }
        for (Shared group : groups) {
            long before = group.layers().stream().mapToLong(name -> cost(full.linear(name))).sum();
            long after = (long) group.asGood() * (group.in() + group.out());
            saved += rows(full, group.layers().get(0), nodes) * Math.max(0, before - after);
        }
        return new Whole(separate, separate - saved);
    }

    private static long rows(PackedModel full, String layer, long nodes) {
        return switch (full.spec().layer(layer).rows()) {
            case NODE -> nodes;
            case EDGE, MESSAGE -> nodes * nodes;
            case GRAPH -> 1;
        };
    }

    private static long cost(PackedLinear layer) {
        return (long) Math.min(LAYER_RANK, Math.min(layer.in, layer.out)) * (layer.in + layer.out);
    }

    /** Squared singular values of {@code H^½ W} from {@code W Wᵀ}, ascending. */
    static double[] values(DenseMatrix gram, InputNorm norm) {
        int in = gram.numRows();
        DenseAlgebra.Eigen eigen = DenseAlgebra.eigen(norm.times(identity(in)));
        DenseMatrix root = eigen.vectors().copy();
        for (int at = 0; at < in * in; at++) {
            root.values()[at] *= Math.sqrt(Math.max(0, eigen.values()[at / in]));
        }
        return DenseAlgebra.eigen(DenseAlgebra.product(root, true, DenseAlgebra.product(gram, false, root, false), false))
            .values();
    }

    /** The sum of all but the largest. */
    private static double beyond(double[] ascending, int largest) {
        double sum = 0;
        for (int at = 0; at < ascending.length - largest; at++) {
            sum += Math.max(0, ascending[at]);
        }
        return sum;
    }

    private static DenseMatrix rest(DenseMatrix weight, DenseMatrix left, DenseMatrix right) {
        DenseMatrix rest = weight.copy();
        DenseAlgebra.multiply(-1, left, false, right, true, 1, rest);
        return rest;
    }

    private static DenseMatrix without(DenseMatrix rest, boolean[] support) {
        DenseMatrix cleared = rest.copy();
        for (int at = 0; at < support.length; at++) {
            cleared.values()[at] = support[at] ? 0 : cleared.values()[at];
        }
        return cleared;
    }

    private static double largest(DenseMatrix symmetric) {
        double[] values = DenseAlgebra.eigen(symmetric).values();
        return values[values.length - 1];
    }

    private static double conditionOf(InputNorm norm, int in) {
        double[] values = DenseAlgebra.eigen(norm.times(identity(in))).values();
        return values[in - 1] / values[0];
    }

    private static DenseMatrix identity(int in) {
        DenseMatrix identity = DenseMatrix.zeros(in, in);
        for (int i = 0; i < in; i++) {
            identity.update(i, i, 1);
        }
        return identity;
    }

    private static DenseMatrix gaussian(int columns, Random random) {
        double[] values = new double[SIZE * columns];
        for (int at = 0; at < values.length; at++) {
            values[at] = random.nextGaussian();
        }
        return new DenseMatrix(SIZE, columns, values);
    }

    private static DenseMatrix gram(double condition, Random random) {
        DenseMatrix turned = DenseAlgebra.svd(gaussian(SIZE, random)).left();
        DenseMatrix scaled = turned.copy();
        for (int at = 0; at < scaled.values().length; at++) {
            scaled.values()[at] *= Math.pow(condition, -(at / SIZE) / (SIZE - 1.0));
        }
        return DenseAlgebra.product(scaled, false, turned, true);
    }
}
