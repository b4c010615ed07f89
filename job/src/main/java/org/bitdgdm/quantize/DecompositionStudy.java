package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;

/**
 * How well three ways find the low-rank part of {@code W = L* R*ᵀ + S*}: {@link ScaledGradientDescent}, the same with plain
 * gradients, and the truncated SVD, which knows of no S. Against the share of planted outliers and against the condition
 * number of L* R*ᵀ; and on layers of a model, where nothing is known of L* and S*.
 *
 * <p>Planted: L*, R* with orthonormal columns times singular values spaced geometrically from κ to 1; S* with the same share
 * of entries in each row and column, at random places, of random sign and 2.5 to 7.5 times the root mean square of
 * L* R*ᵀ. T_α keeps the planted share; scaled gradient descent has the step 0.5, plain gradient descent 0.5 ÷ σ₁ (Tong, Ma
 * and Chi, JMLR 2021, compare them so). Theirs is a promise for shares up to about 1 ÷ (r^{3/2} κ): beyond it either may
 * fail, and the rows say so.
 */
public final class DecompositionStudy {
    /** Width and height of planted matrices. */
    private static final int SIZE = 128;
    private static final int PLANTED_RANK = 4;
    private static final int SEEDS = 3;
    private static final double[] SHARES = {0, 0.01, 0.02, 0.05, 0.1, 0.2};
    private static final double[] CONDITIONS = {1, 3, 10, 30, 100};
    /** Condition number while the share varies, and share while the condition number does. */
    private static final double CONDITION = 10;
    private static final double SHARE = 0.02;
    private static final int MOST_ITERATIONS = 300;
    /** Relative distance from L* R*ᵀ at which a search has arrived. */
    private static final double ARRIVED = 1e-3;
    private static final int LAYER_RANK = 16;
    private static final double LAYER_ALPHA = 0.05;
    private static final String LAYERS = "tf_layers.2.";
    /** Entries of the largest layer taken. */
    private static final int LARGEST_LAYER = 256 * 256;

    /** A way to decompose. */
    public enum Way {
        /** Scaled gradient descent. */
        SCALED("ScaledGD"),
        /** The same without the inverse Gram matrices. */
        PLAIN("gradient descent"),
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

    /**
     * One decomposition.
     *
     * @param subject    {@code outliers}, {@code condition}, or the name of a layer
     * @param share      planted outliers, or α; of each row and column
     * @param condition  κ of L* R*ᵀ, or of the rank-r part that ScaledGD has found
     * @param seed       of the planted matrix
     * @param way        how
     * @param iterations updates until the error is below 0.001, or until the search ended; 0 for the SVD
     * @param arrived    whether the error is below 0.001; of a layer, whether the search ended by itself
     * @param error      ‖L Rᵀ − L* R*ᵀ‖ ÷ ‖L* R*ᵀ‖; of a layer ‖W − L Rᵀ − S‖ ÷ ‖W‖, S = T_α[W − L Rᵀ]
     */
    public record Row(String subject, double share, double condition, int seed, Way way, int iterations, boolean arrived,
                      double error) {
    }

    private DecompositionStudy() {
    }

    /**
     * All decompositions: planted matrices, then layers of one block of a model.
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
        for (PackedLinear layer : full.linears()) {
            if (layer.name.startsWith(LAYERS) && layer.in * layer.out <= LARGEST_LAYER) {
                progress.accept(layer.name + " …");
                rows.addAll(ofLayer(layer));
            }
        }
        return rows;
    }

    /** Every way on one planted matrix. */
    static List<Row> planted(String subject, double share, double condition, int seed) {
        Random random = new Random(seed);
        DenseMatrix truth = lowRank(random, condition);
        DenseMatrix weight = truth.copy();
        plant(weight, share, Math.sqrt(DenseAlgebra.squaredNorm(truth) / truth.values().length), random);
        List<Row> rows = new ArrayList<>();
        for (Way way : Way.values()) {
            double[] error = {Double.NaN};
            int iterations = 0;
            if (way == Way.SVD) {
                error[0] = distance(truncated(weight, PLANTED_RANK), truth);
            } else {
                iterations = new ScaledGradientDescent(PLANTED_RANK, share, 0.5, 0, MOST_ITERATIONS, way == Way.SCALED)
                    .decompose(weight, (left, right) -> {
                        error[0] = distance(DenseAlgebra.product(left, false, right, true), truth);
                        return error[0] > ARRIVED;
                    }).iterations();
            }
            rows.add(new Row(subject, share, condition, seed, way, iterations, error[0] <= ARRIVED, error[0]));
        }
        return rows;
    }

    private static List<Row> ofLayer(PackedLinear layer) {
        DenseMatrix weight = LayerWeight.of(layer);
        AlphaSparsity sparsity = new AlphaSparsity(layer.in, layer.out, LAYER_ALPHA);
        List<Row> rows = new ArrayList<>();
        double condition = Double.NaN;
        for (Way way : Way.values()) {
            DenseMatrix low;
            int iterations = 0;
            if (way == Way.SVD) {
                low = truncated(weight, LAYER_RANK);
            } else {
                ScaledGradientDescent search = new ScaledGradientDescent(LAYER_RANK, LAYER_ALPHA);
                Decomposition found = way == Way.SCALED ? search.decompose(weight) : search.plain().decompose(weight);
                low = DenseAlgebra.product(found.left(), false, found.right(), true);
                iterations = found.iterations();
                if (way == Way.SCALED) {
                    double[] values = DenseAlgebra.svd(low).values();
                    condition = values[0] / values[Math.min(LAYER_RANK, values.length) - 1];
                }
            }
            DenseMatrix rest = difference(weight, low);
            boolean[] support = sparsity.select(rest);
            for (int at = 0; at < support.length; at++) {
                rest.values()[at] = support[at] ? 0 : rest.values()[at];
            }
            rows.add(new Row(layer.name, LAYER_ALPHA, condition, 0, way, iterations,
                iterations < ScaledGradientDescent.MAX_ITERATIONS,
                Math.sqrt(DenseAlgebra.squaredNorm(rest) / DenseAlgebra.squaredNorm(weight))));
        }
        return rows;
    }

    private static DenseMatrix lowRank(Random random, double condition) {
        DenseMatrix left = orthonormal(random);
        DenseMatrix right = orthonormal(random);
        for (int c = 0; c < PLANTED_RANK; c++) {
            double value = StrictMath.pow(condition, 1 - (double) c / (PLANTED_RANK - 1));
            for (int i = 0; i < SIZE; i++) {
                left.values()[c * SIZE + i] *= value;
            }
        }
        return DenseAlgebra.product(left, false, right, true);
    }

    private static DenseMatrix orthonormal(Random random) {
        double[] values = new double[SIZE * PLANTED_RANK];
        for (int at = 0; at < values.length; at++) {
            values[at] = random.nextGaussian();
        }
        return DenseAlgebra.svd(new DenseMatrix(SIZE, PLANTED_RANK, values)).left();
    }

    /** Adds the same share of outliers to each row and column: some diagonals of the matrix, rows and columns shuffled. */
    private static void plant(DenseMatrix weight, double share, double unit, Random random) {
        int[] rows = shuffled(random);
        int[] columns = shuffled(random);
        int[] diagonals = shuffled(random);
        int count = AlphaSparsity.share(share, SIZE);
        for (int k = 0; k < count; k++) {
            for (int i = 0; i < SIZE; i++) {
                int at = columns[(i + diagonals[k]) % SIZE] * SIZE + rows[i];
                weight.values()[at] += (random.nextBoolean() ? 1 : -1) * unit * (2.5 + 5 * random.nextDouble());
            }
        }
    }

    private static int[] shuffled(Random random) {
        int[] order = new int[SIZE];
        for (int i = 0; i < SIZE; i++) {
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
