package org.bitdgdm.quantize;

import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;
import org.bitdgdm.kernels.CodeMatrix;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.SparseRows;

/** Passage between the row-major FP32 arrays of packed layers and MLlib's column-major double matrices. */
final class LayerWeight {
    private LayerWeight() {
    }

    /** (in, out) W of a layer in full precision. */
    static DenseMatrix of(PackedLinear layer) {
        return ofRowMajor(layer.in, layer.out, layer.weight);
    }

    /** (in, out) what a quantized layer computes with, T (L̂R̂ᵀ + Ê + S + A B), or W. */
    static DenseMatrix effective(PackedLinear layer) {
        if (layer.isFull()) {
            return of(layer);
        }
        DenseMatrix weight = ofRowMajor(layer.in, layer.out, layer.densePart());
        SparseRows sparse = layer.sparse;
        for (int at = 0; at < sparse.columns().length; at++) {
            if (sparse.columns()[at] >= 0) {
                weight.values()[sparse.columns()[at] * layer.in + at / sparse.width()] += sparse.values()[at];
            }
        }
        if (layer.branch != null) {
            int rank = layer.branch.rank();
            DenseAlgebra.multiply(1, ofRowMajor(layer.in, rank, layer.branch.down()), false,
                ofRowMajor(rank, layer.out, layer.branch.up()), false, 1, weight);
        }
        if (layer.transform == null) {
            return weight;
        }
        float[] identity = new float[layer.in * layer.in];
        for (int i = 0; i < layer.in; i++) {
            identity[i * layer.in + i] = 1;
        }
        return DenseAlgebra.product(ofRowMajor(layer.in, layer.in, layer.transform.apply(identity, layer.in)), false, weight,
            false);
    }

    /** The values that codes stand for. */
    static DenseMatrix of(CodeMatrix codes) {
        DenseMatrix matrix = DenseMatrix.zeros(codes.rows(), codes.cols());
        for (int row = 0; row < codes.rows(); row++) {
            for (int col = 0; col < codes.cols(); col++) {
                matrix.update(row, col, codes.get(row, col));
            }
        }
        return matrix;
    }

    /** α-sparse entries as rows of equal width, rounded to FP32. */
    static SparseRows packed(SparseMatrix sparse) {
        int rows = sparse.numRows();
        int[] used = new int[rows];
        int width = 0;
        for (int row : sparse.rowIndices()) {
            width = Math.max(width, ++used[row]);
        }
        int[] columns = new int[rows * width];
        Arrays.fill(columns, -1);
        float[] values = new float[rows * width];
        Arrays.fill(used, 0);
        for (int col = 0; col < sparse.numCols(); col++) {
            for (int k = sparse.colPtrs()[col]; k < sparse.colPtrs()[col + 1]; k++) {
                int row = sparse.rowIndices()[k];
                int at = row * width + used[row]++;
                columns[at] = col;
                values[at] = (float) sparse.values()[k];
            }
        }
        return new SparseRows(rows, sparse.numCols(), width, columns, values);
    }

    /** A (rows, cols) row-major matrix. */
    static DenseMatrix ofRowMajor(int rows, int cols, float[] values) {
        double[] columns = new double[values.length];
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                columns[col * rows + row] = values[row * cols + col];
            }
        }
        return new DenseMatrix(rows, cols, columns);
    }
}
