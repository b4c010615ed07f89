package org.bitdgdm.fidelity;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * How likely given molecules are to a model: means over molecules of {@link VariationalBound}, in nats per molecule.
 *
 * @param molecules       given
 * @param times           times drawn for each
 * @param nll             the bound as the published code sums it, every edge twice
 * @param nllPairs        the bound over i &lt; j
 * @param size            its term −log p(n)
 * @param prior           its prior term, over i &lt; j
 * @param diffusion       its diffusion term, over i &lt; j
 * @param reconstruction  its reconstruction term, over i &lt; j
 * @param difference      of {@code nll} from full precision, molecule by molecule with the same noise; null for the
 *                        full-precision model itself
 * @param pairsDifference of {@code nllPairs} likewise
 */
public record LikelihoodReport(int molecules, int times, Estimate nll, Estimate nllPairs, Estimate size, Estimate prior,
                               Estimate diffusion, Estimate reconstruction, Estimate difference,
                               Estimate pairsDifference) {
    /**
     * Sums up.
     *
     * @param of   the model, by id
     * @param full full precision, by id; the same list for itself
     */
    static LikelihoodReport of(List<VariationalBound.OfGraph> of, List<VariationalBound.OfGraph> full, int times) {
        return new LikelihoodReport(of.size(), times, mean(of, bound -> bound.bound(2)), mean(of, bound -> bound.bound(1)),
            mean(of, VariationalBound.OfGraph::size), mean(of, bound -> bound.prior(1)), mean(of, bound -> bound.diffusion(1)),
            mean(of, bound -> bound.reconstruction(1)), of == full ? null : difference(of, full, 2),
            of == full ? null : difference(of, full, 1));
    }

    private static Estimate mean(List<VariationalBound.OfGraph> bounds, ToDoubleFunction<VariationalBound.OfGraph> value) {
        return mean(bounds.stream().mapToDouble(value).toArray());
    }

    private static Estimate difference(List<VariationalBound.OfGraph> of, List<VariationalBound.OfGraph> full, int edges) {
        double[] differences = new double[of.size()];
        Arrays.setAll(differences, k -> of.get(k).bound(edges) - full.get(k).bound(edges));
        return mean(differences);
    }

    private static Estimate mean(double[] values) {
        long[] ones = new long[values.length];
        Arrays.fill(ones, 1);
        return Estimate.of(values, ones);
    }
}
