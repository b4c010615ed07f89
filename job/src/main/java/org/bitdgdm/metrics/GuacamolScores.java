package org.bitdgdm.metrics;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.bitdgdm.benchmark.KullbackLeibler;
import org.bitdgdm.fidelity.Estimate;

/**
 * GuacaMol's benchmark of distributions (Brown et al., J. Chem. Inf. Model. 59, 2019): of nine descriptors, and of each
 * molecule's similarity with the nearest other one of its set, the divergence from the training set; the score is the mean of
 * e^(−divergence). Both sets are their different molecules, of more than {@value #MOST} that many; GuacaMol draws them, here
 * they are those of the smallest hashes.
 *
 * <p>Standard errors are those of the infinitesimal jackknife over the run's molecules; the training set counts as fixed, and so
 * do the neighbours of each molecule.
 *
 * @param divergences by descriptor, nats; NaN where a distribution has no width
 * @param score       0 to 1; NaN where a divergence is
 * @param chemNet     {@link ChemNetDistance}; null without a network
 */
record GuacamolScores(Map<String, Estimate> divergences, Estimate score, Estimate chemNet) {
    static final int MOST = 10_000;
    /** Of GuacaMol's fingerprints. */
    private static final int BITS = 4096;
    private static final List<String> CONTINUOUS = List.of("bertz", "logp", "weight", "tpsa");
    private static final List<String> COUNTED = List.of("acceptors", "donors", "rotatable", "aliphatic_rings",
        "aromatic_rings");
    private static final String SIMILARITY = "internal_similarity";
    /** What is compared, in order. */
    static final List<String> NAMES = Stream.of(CONTINUOUS, COUNTED, List.of(SIMILARITY)).flatMap(List::stream).toList();

    /** Scores of a set; {@code training} and the set hold at least two different molecules. */
    static GuacamolScores of(BenchmarkSet set, BenchmarkSet training, Optional<byte[]> network, JavaSparkContext spark) {
        List<Row> mine = set.sample(MOST);
        List<Row> theirs = training.sample(MOST);
        Map<String, KullbackLeibler.Divergence> divergences = new LinkedHashMap<>();
        for (String name : CONTINUOUS) {
            divergences.put(name, KullbackLeibler.ofNumbers(BenchmarkSet.numbers(theirs, name),
                BenchmarkSet.numbers(mine, name)));
        }
        for (String name : COUNTED) {
            divergences.put(name, KullbackLeibler.ofCounts(BenchmarkSet.numbers(theirs, name),
                BenchmarkSet.numbers(mine, name)));
        }
        divergences.put(SIMILARITY, KullbackLeibler.ofNumbers(
            SetSimilarity.nearestOthers(spark, training.fingerprints(MOST, BITS)),
            SetSimilarity.nearestOthers(spark, set.fingerprints(MOST, BITS))));
        double score = divergences.values().stream().mapToDouble(found -> Math.exp(-found.value())).average().orElseThrow();
        double[] influence = new double[mine.size()];
        divergences.values().forEach(found -> Arrays.setAll(influence, k ->
            influence[k] - Math.exp(-found.value()) * found.influence()[k] / divergences.size()));
        Map<String, Estimate> estimates = new LinkedHashMap<>();
        divergences.forEach((name, found) -> estimates.put(name, estimate(found.value(), found.influence())));
        return new GuacamolScores(estimates, estimate(score, influence),
            network.map(model -> new ChemNetDistance(set.different(MOST), model).from(training.different(MOST))).orElse(null));
    }

    private static Estimate estimate(double value, double[] influence) {
        double n = influence.length;
        double squares = Arrays.stream(influence).map(one -> one * one).sum();
        return new Estimate(value, Double.isNaN(value) ? null
            : SetSimilarity.known(Math.sqrt(squares / (n * (n - 1)))), influence.length);
    }
}
