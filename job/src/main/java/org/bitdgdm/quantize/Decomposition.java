package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;

/**
 * {@code W ≈ L Rᵀ + S}.
 *
 * @param left       (in, rank) L
 * @param right      (out, rank) R
 * @param sparse     (in, out) S = T_α[W − L Rᵀ]
 * @param iterations updates of the factors
 * @param objective  ½ ‖L Rᵀ + S − W‖², Frobenius
 */
record Decomposition(DenseMatrix left, DenseMatrix right, SparseMatrix sparse, int iterations, double objective) {
}
