package org.bitdgdm.graph;

import java.io.Serializable;
import java.util.Arrays;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.quantize.Lapack;

/**
 * What the published evaluation of plain graphs compares of each (You et al., ICML 2018; Martinkus et al., ICML 2022, whose
 * {@code spectre_utils} fixes bins and kernels).
 *
 * @param degrees    nodes of degree 0, 1, …
 * @param clustering nodes in each of 100 bins of the clustering coefficient, 0…1
 * @param spectrum   eigenvalues of the normalised Laplacian in each of 200 bins of −1e-5…2
 * @param orbits     {@link OrbitCounts#means}
 */
public record GraphStatistics(double[] degrees, double[] clustering, double[] spectrum, double[] orbits)
    implements Serializable {
    private static final int CLUSTERING_BINS = 100;
    private static final int SPECTRUM_BINS = 200;
    private static final double SPECTRUM_START = -1e-5;
    private static final double SPECTRUM_END = 2;

    /** Statistics of a graph of at least one node. */
    public static GraphStatistics of(Graph graph) {
        GraphMeasures measures = GraphMeasures.of(graph);
        double[] degrees = new double[Arrays.stream(measures.degrees()).max().orElseThrow() + 1];
        for (int degree : measures.degrees()) {
            degrees[degree]++;
        }
        return new GraphStatistics(degrees, binned(measures.clustering(), CLUSTERING_BINS, 0, 1),
            binned(eigenvalues(graph), SPECTRUM_BINS, SPECTRUM_START, SPECTRUM_END), OrbitCounts.means(graph));
    }

    /** Counts of bins of equal width that hold their lower end, the last one its upper too; what lies outside is left out. */
    private static double[] binned(double[] values, int bins, double start, double end) {
        double[] counts = new double[bins];
        for (double value : values) {
            if (value < start || value > end) {
                continue;
            }
            int bin = Math.min(bins - 1, (int) ((value - start) / (end - start) * bins));
            // As NumPy, which corrects its guess by the edges themselves.
            if (value < edge(bin, bins, start, end)) {
                bin--;
            } else if (bin < bins - 1 && value >= edge(bin + 1, bins, start, end)) {
                bin++;
            }
            counts[bin]++;
        }
        return counts;
    }

    private static double edge(int bin, int bins, double start, double end) {
        return bin == bins ? end : start + bin * ((end - start) / bins);
    }

    /** Of D^(−½) (D − A) D^(−½), where a node without neighbours has a row of zeros. */
    private static double[] eigenvalues(Graph graph) {
        int[][] neighbours = graph.neighbours();
        int n = neighbours.length;
        double[] laplacian = new double[n * n];
        for (int i = 0; i < n; i++) {
            laplacian[i * n + i] = neighbours[i].length > 0 ? 1 : 0;
            for (int j : neighbours[i]) {
                laplacian[i * n + j] = -1 / Math.sqrt((double) neighbours[i].length * neighbours[j].length);
            }
        }
        double[] values = new double[n];
        Lapack.eigen(false, laplacian, values, new double[Math.max(1, 3 * n)]);
        return values;
    }
}
