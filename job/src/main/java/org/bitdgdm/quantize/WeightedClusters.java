package org.bitdgdm.quantize;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The k centres on a line that make the weighted squared distance of values to the nearest of them least: k-means, exact,
 * by dynamic programming over the sorted values (Wang and Song, "Ckmeans.1d.dp", R Journal 3(2), 2011), of which a row is
 * filled by divide and conquer, since the place of the last cut never falls as values are added.
 */
final class WeightedClusters {
    /** Of the sorted values, from the first on: sums of weights, of weighted values, of weighted squares. */
    private final double[] weights;
    private final double[] sums;
    private final double[] squares;

    private WeightedClusters(double[] values, double[] weightOf) {
        int[] order = IntStream.range(0, values.length).boxed().sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue).toArray();
        weights = new double[order.length + 1];
        sums = new double[order.length + 1];
        squares = new double[order.length + 1];
        for (int k = 0; k < order.length; k++) {
            double weight = weightOf[order[k]];
            double value = values[order[k]];
            weights[k + 1] = weights[k] + weight;
            sums[k + 1] = sums[k] + weight * value;
            squares[k + 1] = squares[k] + weight * value * value;
        }
    }

    /**
     * The centres, ascending; as many as there are values where those are fewer.
     *
     * @param values  at least one
     * @param weights of each value, positive
     * @param count   k, at least 1
     */
    static double[] centres(double[] values, double[] weights, int count) {
        WeightedClusters clusters = new WeightedClusters(values, weights);
        int n = values.length;
        int k = Math.min(count, n);
        // least[i]: least distance of the first i values to the centres so far; cut[c][i]: where the last cluster begins.
        double[] least = new double[n + 1];
        for (int i = 1; i <= n; i++) {
            least[i] = clusters.distance(0, i);
        }
        int[][] cut = new int[k][n + 1];
        for (int c = 1; c < k; c++) {
            double[] next = new double[n + 1];
            clusters.fill(least, next, cut[c], c + 1, n, c, n);
            least = next;
        }
        double[] centres = new double[k];
        int end = n;
        for (int c = k - 1; c >= 0; c--) {
            int from = c == 0 ? 0 : cut[c][end];
            centres[c] = clusters.mean(from, end);
            end = from;
        }
        return centres;
    }

    /** Fills {@code next} and {@code cut} from {@code low} to {@code high}, knowing that cuts lie within first…last. */
    private void fill(double[] least, double[] next, int[] cut, int low, int high, int first, int last) {
        if (low > high) {
            return;
        }
        int middle = (low + high) >>> 1;
        double best = Double.POSITIVE_INFINITY;
        for (int from = first; from <= Math.min(last, middle - 1); from++) {
            double distance = least[from] + distance(from, middle);
            if (distance < best) {
                best = distance;
                cut[middle] = from;
            }
        }
        next[middle] = best;
        fill(least, next, cut, low, middle - 1, first, cut[middle]);
        fill(least, next, cut, middle + 1, high, cut[middle], last);
    }

    private double mean(int from, int end) {
        return (sums[end] - sums[from]) / (weights[end] - weights[from]);
    }

    /** Weighted squared distance of sorted values from…end−1 to their mean. */
    private double distance(int from, int end) {
        double sum = sums[end] - sums[from];
        return Math.max(0, squares[end] - squares[from] - sum * sum / (weights[end] - weights[from]));
    }
}
