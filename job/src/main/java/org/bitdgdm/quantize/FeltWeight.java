package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;

/**
 * A weight as a norm feels it, {@code H W}, from which the errors of decompositions {@code L Rᵀ + S} of it follow without another
 * product of H with as many columns as W has: H then meets those of L only.
 */
final class FeltWeight {
    /** Share of ‖W‖²_H below which a difference of terms has lost too many digits. */
    private static final double EXACT_BELOW = 1e-6;

    private final DenseMatrix weight;
    private final InputNorm norm;
    /** (in, out) H W. */
    private final DenseMatrix weighted;
    private final double squared;

    /** @param weight (in, out) W, column-major */
    FeltWeight(DenseMatrix weight, InputNorm norm) {
        this.weight = weight;
        this.norm = norm;
        this.weighted = norm.times(weight);
        this.squared = DenseAlgebra.inner(weight, weighted);
    }

    DenseMatrix weight() {
        return weight;
    }

    InputNorm norm() {
        return norm;
    }

    /** ‖W‖²_H. */
    double squared() {
        return squared;
    }

    /** (out, out) WᵀHW. */
    DenseMatrix gram() {
        return DenseAlgebra.product(weight, true, weighted, false);
    }

    /** A left factor L beside it. */
    Factor factor(DenseMatrix left) {
        return new Factor(left);
    }

    /** What a left factor is to the weight. */
    final class Factor {
        private final DenseMatrix left;
        /** (in, rank) H L. */
        private final DenseMatrix weightedLeft;
        /** (out, rank) WᵀHL. */
        private final DenseMatrix ofWeight;
        private final DenseMatrix gram;

        private Factor(DenseMatrix left) {
            this.left = left;
            this.weightedLeft = norm.times(left);
            this.ofWeight = DenseAlgebra.product(weight, true, weightedLeft, false);
            this.gram = DenseAlgebra.product(left, true, weightedLeft, false);
        }

        /** (in, rank) L. */
        DenseMatrix left() {
            return left;
        }

        /** (rank, rank) LᵀHL. */
        DenseMatrix gram() {
            return gram;
        }

        /** (out, rank) {@code (W − S)ᵀHL}. */
        DenseMatrix of(SparseMatrix sparse) {
            DenseMatrix target = ofWeight.copy();
            for (int o = 0; o < sparse.numCols(); o++) {
                for (int k = sparse.colPtrs()[o]; k < sparse.colPtrs()[o + 1]; k++) {
                    double value = sparse.values()[k];
                    for (int c = 0; c < left.numCols(); c++) {
                        target.values()[c * sparse.numCols() + o] -= value * weightedLeft.apply(sparse.rowIndices()[k], c);
                    }
                }
            }
            return target;
        }

        /** An entry of {@code H (W − L Rᵀ)}. */
        double weightedRest(DenseMatrix right, int row, int col) {
            double sum = weighted.apply(row, col);
            for (int c = 0; c < left.numCols(); c++) {
                sum -= weightedLeft.apply(row, c) * right.apply(col, c);
            }
            return sum;
        }

        /** {@code ‖W − L Rᵀ‖²_H}; exactly where it is so small that its terms would cancel. */
        double error(DenseMatrix right) {
            DenseMatrix turned = DenseAlgebra.product(right, false, gram, false);
            double error = squared - 2 * DenseAlgebra.inner(right, ofWeight) + DenseAlgebra.inner(right, turned);
            return error > EXACT_BELOW * squared ? error : norm.squared(rest(right));
        }

        /** {@code ‖W − L Rᵀ − S‖²_H = ‖W − L Rᵀ‖²_H − Σ s (2 H (W − L Rᵀ) − H S)}. */
        double error(DenseMatrix right, SparseMatrix sparse) {
            double error = error(right);
            for (int o = 0; o < sparse.numCols(); o++) {
                int end = sparse.colPtrs()[o + 1];
                for (int k = sparse.colPtrs()[o]; k < end; k++) {
                    int row = sparse.rowIndices()[k];
                    double others = 0;
                    for (int m = sparse.colPtrs()[o]; m < end; m++) {
                        others += norm.at(row, sparse.rowIndices()[m]) * sparse.values()[m];
                    }
                    error -= sparse.values()[k] * (2 * weightedRest(right, row, o) - others);
                }
            }
            if (error > EXACT_BELOW * squared) {
                return error;
            }
            DenseMatrix rest = rest(right);
            subtract(rest, sparse);
            return norm.squared(rest);
        }

        /** (in, out) {@code W − L Rᵀ}. */
        DenseMatrix rest(DenseMatrix right) {
            DenseMatrix rest = weight.copy();
            DenseAlgebra.multiply(-1, left, false, right, true, 1, rest);
            return rest;
        }
    }

    /** Subtracts S. */
    static void subtract(DenseMatrix matrix, SparseMatrix sparse) {
        for (int col = 0; col < sparse.numCols(); col++) {
            for (int k = sparse.colPtrs()[col]; k < sparse.colPtrs()[col + 1]; k++) {
                matrix.values()[col * sparse.numRows() + sparse.rowIndices()[k]] -= sparse.values()[k];
            }
        }
    }
}
