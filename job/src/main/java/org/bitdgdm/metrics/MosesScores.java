package org.bitdgdm.metrics;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitdgdm.fidelity.Estimate;

/**
 * What MOSES measures of a set beside its ratios (Polykovskiy et al., Frontiers in Pharmacology 11, 2020), with RDKit's
 * chemistry ({@link org.bitdgdm.benchmark}). As there, a molecule counts as often as it was generated.
 *
 * @param molecules  graphs with descriptors
 * @param passing    those that pass the filters
 * @param diversity  IntDiv; null of no molecules
 * @param diversity2 IntDiv2; likewise
 * @param test       compared with the reference; empty where none is given
 * @param scaffolds  compared with the reference of other scaffolds; likewise
 */
record MosesScores(long molecules, long passing, Estimate diversity, Estimate diversity2, Optional<Compared> test,
                   Optional<Compared> scaffolds) {
    /** Properties whose distributions are compared. */
    static final List<String> PROPERTIES = List.of("logp", "sa", "qed", "weight");

    /**
     * A comparison with another set.
     *
     * @param nearest   SNN
     * @param fragments Frag: cosine of the counts of BRICS fragments; null where a set has none
     * @param scaffolds Scaf: cosine of the counts of scaffolds of two or more rings; null where a set has none
     * @param distances Wasserstein-1 of each of {@link #PROPERTIES}
     * @param chemNet   {@link ChemNetDistance}; null without a network
     */
    record Compared(Estimate nearest, Estimate fragments, Estimate scaffolds,
                    Map<String, DistributionDistances.Distance> distances, Estimate chemNet) {

        static Compared of(BenchmarkSet set, BenchmarkSet other, Optional<ChemNetDistance> chemNet) {
            Map<String, Estimate> cosines = SetSimilarity.cosines(set, other);
            return new Compared(SetSimilarity.nearest(set, other), cosines.get("fragments"), cosines.get("scaffold"),
                SortedDistance.of(set.values(PROPERTIES), other.values(PROPERTIES)),
                chemNet.map(of -> of.from(other.molecule())).orElse(null));
        }
    }

    /** Scores of a set; of none, all are absent. */
    static MosesScores of(BenchmarkSet set, Optional<BenchmarkSet> test, Optional<BenchmarkSet> scaffolds,
                          Optional<byte[]> network) {
        if (set.molecules() == 0) {
            return new MosesScores(0, 0, null, null, Optional.empty(), Optional.empty());
        }
        Optional<ChemNetDistance> chemNet = test.or(() -> scaffolds).isEmpty() ? Optional.empty()
            : network.map(model -> new ChemNetDistance(set.molecule(), model));
        Estimate[] diversity = SetSimilarity.diversity(set);
        return new MosesScores(set.molecules(), set.passing(), diversity[0], diversity[1],
            test.map(other -> Compared.of(set, other, chemNet)), scaffolds.map(other -> Compared.of(set, other, chemNet)));
    }
}
