package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * How well {@link ScaledGradientDescent}, the same with plain gradients, and the truncated SVD, which knows of no S, find
 * the low-rank part of {@code W = L* R*ᵀ + S*}: against the share of planted outliers, against the condition number of L* R*ᵀ,
 * and on layers of a model, where nothing is known of L* and S*.
 *
 * <p>Planted, as Tong, Ma and Chi (JMLR 2021) do in their experiments: L* and R* span the same space as a matrix of random
 * signs, and the singular values of L* R*ᵀ lie evenly between 1 and 1 ÷ κ. S* has the same share of entries in each row and
 * column, at random places, of random sign and 2.5 to 7.5 times the root mean square of L* R*ᵀ; theirs are a thousand
 * times as large as that, which makes them easier to tell apart. α is the planted share. The step of scaled gradient descent
 * is 0.5, that of plain gradient descent 0.5 ÷ σ₁, as theirs; plain gradients have T_α, so that nothing but the inverse Gram
 * matrices distinguishes them from {@link Way#SCALED}. What is proven holds for shares up to about
 * 1 ÷ (r^{3/2} κ); the rows go on until the methods fail.
 */
public final class DecompositionStudy {
    /** Planted matrices of every share and condition number. */
    public static final int SEEDS = 20;
    /** Updates after which a search has failed. */
    public static final int MOST_ITERATIONS = 1000;
    /** Relative distance from L* R*ᵀ at which a search has arrived, and ends. */
    public static final double ARRIVED = 1e-4;
    /** Width and height, which every share below has whole numbers of, and rank of planted matrices. */
    public static final int SIZE = 250;
    public static final int PLANTED_RANK = 8;
    /** Rank and α of decompositions of layers. */
    public static final int LAYER_RANK = 16;
    public static final double LAYER_ALPHA = 0.05;
    private static final double[] SHARES = {0, 0.004, 0.008, 0.02, 0.04, 0.1, 0.2};
    private static final double[] CONDITIONS = {1, 3, 10, 30, 100};
    /** Condition number while the share varies, and share while the condition number does. */
    private static final double CONDITION = 10;
    private static final double SHARE = 0.004;
    private static final double STEP_SIZE = 0.5;
    /** Relative change of ‖G‖ of a search that stands still: that of plain gradients on their way is about 0.5 ÷ κ. */
    private static final double STANDSTILL = 1e-6;
    /** Entries of the largest layer taken. */
    private static final int LARGEST_LAYER = 256 * 256;

    /** A way to decompose. */
    public enum Way {
        /** Scaled gradient descent as quantizers have it. */
        SCALED("ScaledGD T_α"),
        /** The same with twice the share during the search, as where it comes from. */
        WIDE("ScaledGD T_2α"),
        /** T_2α until it changes no more, then T_α. */
        NARROWED("ScaledGD T_2α then T_α"),
        /** Gradients without the inverse Gram matrices. */
        PLAIN("GD T_α"),
        /** Truncated SVD of W. */
        SVD("truncated SVD");

        private final String label;

        Way(String label) {
            this.label = label;
        }

        /** The name in tables. */
        public String label() {
            return label;
        }
    }

    /** What is compared on planted matrices, and on layers: none is exact there, so that both of T_2α and T_α count. */
    public static final List<Way> OF_PLANTED = List.of(Way.SCALED, Way.WIDE, Way.PLAIN, Way.SVD);
    public static final List<Way> OF_LAYERS = List.of(Way.SCALED, Way.WIDE, Way.NARROWED, Way.PLAIN, Way.SVD);

    /**
     * One decomposition.
     *
     * @param subject    {@code outliers}, {@code condition}, or the name of a layer
     * @param share      planted outliers, or α; of each row and column
     * @param condition  κ of L* R*ᵀ, or of the low-rank part that {@link Way#SCALED} has found
     * @param seed       of the planted matrix
     * @param way        how
     * @param iterations updates until the search ended; 0 for the SVD
     * @param arrived    whether the error is at most {@link #ARRIVED}; of a layer, whether the search ended by itself
     * @param error      ‖L Rᵀ − L* R*ᵀ‖ ÷ ‖L* R*ᵀ‖; of a layer ‖W − L Rᵀ − S‖ ÷ ‖W‖, S = T_α[W − L Rᵀ]
     */
    public record Row(String subject, double share, double condition, int seed, Way way, int iterations, boolean arrived,
                      double error) {
    }

    private DecompositionStudy() {
    }

    /**
     * All decompositions: planted matrices, then layers of a model.
     *
     * @param progress told what is about to be done
     */
    public static List<Row> run(PackedModel full, Consumer<String> progress) {
        List<Row> rows = new ArrayList<>();
        for (double share : SHARES) {
            progress.accept("outliers " + share + " …");
            for (int seed = 0; seed < SEEDS; seed++) {
                rows.addAll(planted("outliers", share, CONDITION, seed));
            }
        }
        for (double condition : CONDITIONS) {
            progress.accept("condition number " + condition + " …");
            for (int seed = 0; seed < SEEDS; seed++) {
                rows.addAll(planted("condition", SHARE, condition, seed));
            }
        }
        progress.accept("layers …");
        for (PackedLinear layer : full.linears()) {
            if (full.spec().layer(layer.name).quantized() && layer.in * layer.out <= LARGEST_LAYER) {
                rows.addAll(ofLayer(layer));
            }
        }
        return rows;
    }

    /** {@link #OF_PLANTED} on one matrix. */
    static List<Row> planted(String subject, double share, double condition, int seed) {
        Random random = new Random(seed);
        DenseMatrix truth = lowRank(random, condition);
        DenseMatrix weight = truth.copy();
        plant(weight, share, Math.sqrt(DenseAlgebra.squaredNorm(truth) / truth.values().length), random);
        Decomposition start = search(Way.SCALED, share, 0).decompose(weight);
        List<Row> rows = new ArrayList<>();
        for (Way way : OF_PLANTED) {
            double[] error = {Double.NaN};
            int iterations = 0;
            if (way == Way.SVD) {
                error[0] = distance(truncated(weight, PLANTED_RANK), truth);
            } else {
                iterations = search(way, share, MOST_ITERATIONS).refine(weight, start, (left, right) -> {
                    error[0] = distance(DenseAlgebra.product(left, false, right, true), truth);
                    return error[0] > ARRIVED;
                }).iterations();
            }
            rows.add(new Row(subject, share, condition, seed, way, iterations, error[0] <= ARRIVED, error[0]));
        }
        return rows;
    }

    private static ScaledGradientDescent search(Way way, double share, int iterations) {
        return new ScaledGradientDescent(PLANTED_RANK, share, way == Way.WIDE ? 2 * share : share, STEP_SIZE, STANDSTILL,
            iterations, way != Way.PLAIN);
    }

    /** {@link #OF_LAYERS} of one, with the tolerance that quantizers have. */
    static List<Row> ofLayer(PackedLinear layer) {
        DenseMatrix weight = LayerWeight.of(layer);
        int rank = Math.min(LAYER_RANK, Math.min(layer.in, layer.out));
        ScaledGradientDescent search = new ScaledGradientDescent(rank, LAYER_ALPHA);
        Decomposition scaled = search.decompose(weight);
        Decomposition wide = search.searching(2 * LAYER_ALPHA).decompose(weight);
        Decomposition narrowed = search.refine(weight, wide, (left, right) -> true);
        Decomposition plain = search.plain().decompose(weight);
        DenseMatrix low = DenseAlgebra.product(scaled.left(), false, scaled.right(), true);
        double[] values = DenseAlgebra.svd(low).values();
        double condition = values[0] / values[rank - 1];
        DenseMatrix rest = difference(weight, truncated(weight, rank));
        boolean[] support = new AlphaSparsity(layer.in, layer.out, LAYER_ALPHA).select(rest);
        for (int at = 0; at < support.length; at++) {
            rest.values()[at] = support[at] ? 0 : rest.values()[at];
        }
        double norm = DenseAlgebra.squaredNorm(weight);
        return List.of(row(layer, condition, Way.SCALED, scaled, 0, norm), row(layer, condition, Way.WIDE, wide, 0, norm),
            row(layer, condition, Way.NARROWED, narrowed, wide.iterations(), norm),
            row(layer, condition, Way.PLAIN, plain, 0, norm),
            new Row(layer.name, LAYER_ALPHA, condition, 0, Way.SVD, 0, true,
                Math.sqrt(DenseAlgebra.squaredNorm(rest) / norm)));
    }

    private static Row row(PackedLinear layer, double condition, Way way, Decomposition found, int before, double norm) {
        return new Row(layer.name, LAYER_ALPHA, condition, 0, way, before + found.iterations(),
            found.iterations() < ScaledGradientDescent.MAX_ITERATIONS, Math.sqrt(2 * found.objective() / norm));
    }

    private static DenseMatrix lowRank(Random random, double condition) {
        DenseMatrix left = orthonormal(random);
        DenseMatrix right = orthonormal(random);
        for (int c = 0; c < PLANTED_RANK; c++) {
            double value = 1 - (1 - 1 / condition) * c / (PLANTED_RANK - 1);
            for (int i = 0; i < SIZE; i++) {
                left.values()[c * SIZE + i] *= value;
            }
        }
        return DenseAlgebra.product(left, false, right, true);
    }

    private static DenseMatrix orthonormal(Random random) {
        double[] signs = new double[SIZE * PLANTED_RANK];
        for (int at = 0; at < signs.length; at++) {
            signs[at] = random.nextBoolean() ? 1 : -1;
        }
        return DenseAlgebra.svd(new DenseMatrix(SIZE, PLANTED_RANK, signs)).left();
    }

    /** Adds the same share of outliers to each row and column: some diagonals of the matrix, rows and columns shuffled. */
    static void plant(DenseMatrix weight, double share, double unit, Random random) {
        int size = weight.numRows();
        int[] rows = shuffled(size, random);
        int[] columns = shuffled(size, random);
        int[] diagonals = shuffled(size, random);
        int count = AlphaSparsity.share(share, size);
        for (int k = 0; k < count; k++) {
            for (int i = 0; i < size; i++) {
                int at = columns[(i + diagonals[k]) % size] * size + rows[i];
                weight.values()[at] += (random.nextBoolean() ? 1 : -1) * unit * (2.5 + 5 * random.nextDouble());
            }
        }
    }

    private static int[] shuffled(int size, Random random) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    private static DenseMatrix truncated(DenseMatrix weight, int rank) {
        DenseAlgebra.Svd svd = DenseAlgebra.svd(weight);
        DenseMatrix left = svd.left().copy();
        for (int c = 0; c < left.numCols(); c++) {
            for (int i = 0; i < left.numRows(); i++) {
                left.values()[c * left.numRows() + i] *= c < rank ? svd.values()[c] : 0;
            }
        }
        return DenseAlgebra.product(left, false, svd.rightT(), false);
    }

    private static DenseMatrix difference(DenseMatrix weight, DenseMatrix other) {
        DenseMatrix rest = weight.copy();
        for (int at = 0; at < rest.values().length; at++) {
            rest.values()[at] -= other.values()[at];
        }
        return rest;
    }

    private static double distance(DenseMatrix found, DenseMatrix truth) {
        return Math.sqrt(DenseAlgebra.squaredNorm(difference(found, truth)) / DenseAlgebra.squaredNorm(truth));
    }
}
