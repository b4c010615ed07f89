package org.bitdgdm.quantize;

import org.apache.spark.ml.linalg.DenseMatrix;

/**
 * How heavy the tails of values are that share scales: the kurtosis about 0 after dividing each scale group by its root
 * mean square, {@code mean(x⁴) / mean(x²)²} for one group. 3 for normal values, 1.8 for uniform ones; the higher, the
 * coarser the codes of most values. Groups of zeros do not count.
 */
final class Tails {
    private double fourthPowers;
    private long count;

    /**
     * Adds every row or every column of a matrix as a group.
     *
     * @param byRow whether a scale belongs to a row, else to a column
     */
    Tails add(DenseMatrix matrix, boolean byRow) {
        int groups = byRow ? matrix.numRows() : matrix.numCols();
        int size = byRow ? matrix.numCols() : matrix.numRows();
        for (int g = 0; g < groups; g++) {
            double squares = 0;
            double fourths = 0;
            for (int k = 0; k < size; k++) {
                double square = byRow ? matrix.apply(g, k) : matrix.apply(k, g);
                square *= square;
                squares += square;
                fourths += square * square;
            }
            if (squares > 0) {
                fourthPowers += fourths / squares / squares * size * size;
                count += size;
            }
        }
        return this;
    }

    /** The kurtosis; NaN if there were no values but zeros. */
    double kurtosis() {
        return count == 0 ? Double.NaN : fourthPowers / count;
    }
}
