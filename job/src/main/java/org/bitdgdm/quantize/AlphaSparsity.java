package org.bitdgdm.quantize;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.apache.spark.ml.linalg.SparseMatrix;

/**
 * The operator T_α of a rows × cols matrix: keeps an entry only if it is among the ⌊α·cols⌋ largest magnitudes of its
 * row <em>and</em> among the ⌊α·rows⌋ largest of its column. Equal magnitudes are ranked by position (lower column in a
 * row, lower row in a column first), so that both bounds hold exactly; zeros are never kept.
 *
 * <p>Holds working space: one instance per thread.
 */
final class AlphaSparsity {
    private final int rows;
    private final int cols;
    private final int perRow;
    private final int perColumn;
    /** Magnitudes of the line being ranked, permuted by the selection. */
    private final double[] line;
    private final double[] magnitudes;
    /** (rows, cols) column-major, whether an entry is among the largest of its row, later whether it is kept. */
    private final boolean[] kept;

    AlphaSparsity(int rows, int cols, double alpha) {
        this.rows = rows;
        this.cols = cols;
        this.perRow = share(alpha, cols);
        this.perColumn = share(alpha, rows);
        this.line = new double[Math.max(rows, cols)];
        this.magnitudes = new double[Math.max(rows, cols)];
        this.kept = new boolean[Math.multiplyExact(rows, cols)];
    }

    /** ⌊α·count⌋ for α as the decimal number that the user wrote: 0.29 of 100 is 29, though 0.29 · 100 &lt; 29 in double. */
    static int share(double alpha, int count) {
        return BigDecimal.valueOf(alpha).multiply(BigDecimal.valueOf(count)).setScale(0, RoundingMode.FLOOR).intValueExact();
    }

    /** ⌊α·cols⌋. */
    int perRow() {
        return perRow;
    }

    /** ⌊α·rows⌋. */
    int perColumn() {
        return perColumn;
    }

    /** Whether the bounds leave no room for any entry. */
    boolean alwaysEmpty() {
        return perRow == 0 || perColumn == 0;
    }

    /**
     * The entries that T_α keeps.
     *
     * @return (rows, cols) column-major; valid until the next call
     */
    boolean[] select(DenseMatrix matrix) {
        Arrays.fill(kept, false);
        if (alwaysEmpty()) {
            return kept;
        }
        double[] values = matrix.values();
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                magnitudes[col] = Math.abs(values[col * rows + row]);
            }
            double limit = kthLargest(cols, perRow);
            int ties = perRow - countAbove(cols, limit);
            for (int col = 0; col < cols; col++) {
                double magnitude = magnitudes[col];
                boolean tie = magnitude == limit && ties > 0;
                ties -= tie ? 1 : 0;
                kept[col * rows + row] = (tie || magnitude > limit) && magnitude > 0;
            }
        }
        for (int col = 0; col < cols; col++) {
            for (int row = 0; row < rows; row++) {
                magnitudes[row] = Math.abs(values[col * rows + row]);
            }
            double limit = kthLargest(rows, perColumn);
            int ties = perColumn - countAbove(rows, limit);
            for (int row = 0; row < rows; row++) {
                boolean tie = magnitudes[row] == limit && ties > 0;
                ties -= tie ? 1 : 0;
                kept[col * rows + row] &= tie || magnitudes[row] > limit;
            }
        }
        return kept;
    }

    /** T_α of a matrix, column-compressed. */
    SparseMatrix apply(DenseMatrix matrix) {
        boolean[] support = select(matrix);
        int entries = 0;
        for (boolean entry : support) {
            entries += entry ? 1 : 0;
        }
        int[] starts = new int[cols + 1];
        int[] rowOf = new int[entries];
        double[] values = new double[entries];
        int at = 0;
        for (int col = 0; col < cols; col++) {
            for (int row = 0; row < rows; row++) {
                if (support[col * rows + row]) {
                    rowOf[at] = row;
                    values[at++] = matrix.values()[col * rows + row];
                }
            }
            starts[col + 1] = at;
        }
        return new SparseMatrix(rows, cols, starts, rowOf, values);
    }

    private int countAbove(int count, double limit) {
        int above = 0;
        for (int i = 0; i < count; i++) {
            above += magnitudes[i] > limit ? 1 : 0;
        }
        return above;
    }

    /** The k-th largest of the first {@code count} magnitudes, by quickselect with the median of three as pivot. */
    private double kthLargest(int count, int k) {
        System.arraycopy(magnitudes, 0, line, 0, count);
        int target = count - k;
        int low = 0;
        int high = count - 1;
        while (low < high) {
            double first = line[low];
            double middle = line[(low + high) >>> 1];
            double last = line[high];
            double pivot = Math.max(Math.min(first, middle), Math.min(Math.max(first, middle), last));
            int i = low;
            int j = high;
            while (i <= j) {
                while (line[i] < pivot) {
                    i++;
                }
                while (line[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    double swapped = line[i];
                    line[i++] = line[j];
                    line[j--] = swapped;
                }
            }
            if (target <= j) {
                high = j;
            } else if (target >= i) {
                low = i;
            } else {
                break;
            }
        }
        return line[target];
    }
}
