package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.benchmark.KullbackLeibler;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.molecule.Canonicaliser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Scores of sets as MOSES and GuacaMol print them of the same molecules. */
class BenchmarkScoresTest {
    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = SparkSession.builder().master("local[2]").appName("benchmark scores").config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "3").getOrCreate();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static BenchmarkSet set(List<String> smiles) {
        return BenchmarkSet.of(spark.createDataset(smiles, Encoders.STRING()).toDF(), smiles.size());
    }

    private static long counted(BenchmarkSet set, String kind) {
        return set.counts(set).filter(functions.col("kind").equalTo(kind)).count();
    }

    /** Two molecules that repeat and one more, beside sums by hand. */
    @Test
    void repeatedMoleculesCountAsOftenAsTheyOccur() throws Exception {
        try (BenchmarkSet set = set(List.of("CCO", "CCO", "c1ccccc1", "[O-][N+](=O)c1ccccc1"));
             BenchmarkSet other = set(List.of("CCO", "CCN"))) {
            assertThat(set.molecules()).isEqualTo(4);
            assertThat(set.different()).isEqualTo(3);
            // Of four only nitrobenzene is charged.
            assertThat(set.passing()).isEqualTo(3);
            MosesScores scores = MosesScores.of(set, Optional.of(other), Optional.empty(), Optional.empty());
            assertThat(scores.test().orElseThrow().scaffolds()).as("no scaffold of two rings").isNull();
            assertThat(scores.test().orElseThrow().distances().get("weight").value()).isCloseTo(
                wasserstein(new double[] {46.069, 46.069, 78.114, 123.111}, new double[] {46.069, 45.085}), within(1e-9));
            assertThat(scores.scaffolds()).isEmpty();
        }
    }

    @Test
    void whatHasNoDescriptorsIsCountedWithItsReason() {
        try (BenchmarkSet set = set(List.of("CCO", "CC(", "CC(", "C1CC"))) {
            assertThat(set.molecules()).isEqualTo(1);
            assertThat(counted(set, "fragments")).isEqualTo(1);
            assertThat(set.undescribed().rows()).isEqualTo(3);
            assertThat(set.undescribed().example()).isIn("CC(", "C1CC");
            assertThat(set.undescribed().note("molecules", "unknown")).singleElement().asString()
                .matches("molecules: 3 left out as unknown, for example C.+ \\(.*a molecule must be a SMILES.*\\)");
            assertThat(set.refused().note("molecules", "none")).isEmpty();
        }
    }

    @Test
    void distancesAreThoseOfSortedValuesWhateverTheirPartitions() {
        Random random = new Random(7);
        for (int run = 0; run < 3; run++) {
            double[] a = IntStream.range(0, 150 + run).mapToDouble(k -> Math.rint(random.nextGaussian() * 20) / 10).toArray();
            double[] b = IntStream.range(0, 70 - run).mapToDouble(k -> Math.rint(random.nextGaussian() * 15 + 3) / 10)
                .toArray();
            Map<String, DistributionDistances.Distance> found = SortedDistance.of(table(a, b), table(b, a));
            assertThat(found).containsOnlyKeys("ahead", "back");
            assertThat(found.get("ahead").value()).isCloseTo(wasserstein(a, b), within(1e-12));
            assertThat(found.get("ahead").standardError()).isCloseTo(jackknife(a, b), within(0.25 * jackknife(a, b)));
            assertThat(found.get("back").value()).isCloseTo(wasserstein(b, a), within(1e-12));
            assertThat(found.get("back").standardError()).isCloseTo(jackknife(b, a), within(0.25 * jackknife(b, a)));
        }
    }

    /** A sort ends its partitions at other values with each number of them. */
    @Test
    void distancesAndTheirErrorsAreTheSameBytesInAnyNumberOfPartitions() {
        Random random = new Random(8);
        double[] a = random.doubles(400).map(x -> x * x * 90 - 5).toArray();
        double[] b = random.doubles(300).map(x -> x * 70).toArray();
        Set<List<DistributionDistances.Distance>> found = new HashSet<>();
        for (int tasks : new int[] {1, 2, 3, 7, 13}) {
            inPartitions(tasks, () -> {
                Map<String, DistributionDistances.Distance> both = SortedDistance.of(table(a, b), table(b, a));
                found.add(List.of(both.get("ahead"), both.get("back")));
            });
        }
        assertThat(found).hasSize(1);
        DistributionDistances.Distance ahead = found.iterator().next().get(0);
        assertThat(ahead.value()).isCloseTo(wasserstein(a, b), within(1e-11));
        assertThat(ahead.standardError()).isCloseTo(infinitesimal(a, b), within(1e-11)).isGreaterThan(0.1);
    }

    /** Of the mean of ∫ sign(F − G) from each value of the first on. */
    private static double infinitesimal(double[] a, double[] b) {
        double[] all = DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).sorted().toArray();
        double[] reach = new double[a.length];
        for (int k = 1; k < all.length; k++) {
            double at = all[k - 1];
            double length = Math.signum(Arrays.stream(a).filter(x -> x <= at).count() / (double) a.length
                - Arrays.stream(b).filter(x -> x <= at).count() / (double) b.length) * (all[k] - at);
            for (int one = 0; one < a.length; one++) {
                reach[one] += a[one] <= at ? length : 0;
            }
        }
        double mean = Arrays.stream(reach).average().orElseThrow();
        double squares = Arrays.stream(reach).map(x -> (x - mean) * (x - mean)).sum();
        return Math.sqrt(squares / (a.length * (a.length - 1.0)));
    }

    @Test
    void valuesThatAreAllAlikeHaveNoErrorAndThoseTooLargeFail() {
        double[] alike = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
        DistributionDistances.Distance ahead = SortedDistance.of(table(alike, new double[] {0.7, 0.9}),
            table(new double[] {0.3, 0.5}, alike)).get("ahead");
        assertThat(ahead.value()).isCloseTo(0.3, within(1e-12));
        assertThat(ahead.standardError()).isNull();
        assertThatThrownBy(() -> SortedDistance.of(table(alike, new double[] {1e6}), table(alike, alike)))
            .hasMessageContaining("back must be less than 1000000.0 in size, found 1000000.0");
    }

    private static void inPartitions(int tasks, Runnable what) {
        String partitions = spark.conf().get("spark.sql.shuffle.partitions");
        String adaptive = spark.conf().get("spark.sql.adaptive.enabled");
        try {
            spark.conf().set("spark.sql.adaptive.enabled", "false");
            spark.conf().set("spark.sql.shuffle.partitions", Integer.toString(tasks));
            what.run();
        } finally {
            spark.conf().set("spark.sql.shuffle.partitions", partitions);
            spark.conf().set("spark.sql.adaptive.enabled", adaptive);
        }
    }

    private static Dataset<Row> table(double[] ahead, double[] back) {
        List<Row> rows = new ArrayList<>();
        Arrays.stream(ahead).forEach(value -> rows.add(RowFactory.create("ahead", value, 1L)));
        Arrays.stream(back).forEach(value -> rows.add(RowFactory.create("back", value, 1L)));
        return spark.createDataFrame(rows, new StructType().add("what", DataTypes.StringType)
            .add("value", DataTypes.DoubleType).add("times", DataTypes.LongType));
    }

    private static double wasserstein(double[] a, double[] b) {
        double[] all = DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).sorted()
            .toArray();
        double sum = 0;
        for (int k = 1; k < all.length; k++) {
            double at = all[k - 1];
            double f = Arrays.stream(a).filter(x -> x <= at).count() / (double) a.length;
            double g = Arrays.stream(b).filter(x -> x <= at).count() / (double) b.length;
            sum += Math.abs(f - g) * (all[k] - all[k - 1]);
        }
        return sum;
    }

    /** Leaving out one value of the first after another. */
    private static double jackknife(double[] a, double[] b) {
        double[] without = new double[a.length];
        for (int out = 0; out < a.length; out++) {
            int left = out;
            without[out] = wasserstein(IntStream.range(0, a.length).filter(k -> k != left).mapToDouble(k -> a[k]).toArray(), b);
        }
        return jackknife(without);
    }

    private static double jackknife(double[] without) {
        double mean = Arrays.stream(without).average().orElseThrow();
        double squares = Arrays.stream(without).map(x -> (x - mean) * (x - mean)).sum();
        return Math.sqrt(squares * (without.length - 1) / without.length);
    }

    @Test
    void divergencesOfCountsAreThoseOfTheirBins() {
        double[] p = {0, 0, 0, 1, 1, 2, 10};
        double[] q = {0, 0, 1, 1, 2, 5, 20};
        // Bins of width 1: 3, 2, 1 and 1 of 7 in bins 0, 1, 2 and 9; 2, 2, 1 and 1 of 6 in bins 0, 1, 2 and 5; 20 lies outside.
        double expected = 3 / 7.0 * Math.log(3 / 7.0 / (2 / 6.0)) + 2 / 7.0 * Math.log(2 / 7.0 / (2 / 6.0))
            + 1 / 7.0 * Math.log(1 / 7.0 / (1 / 6.0)) + 1 / 7.0 * Math.log(1 / 7.0 / 1e-10);
        assertThat(KullbackLeibler.ofCounts(p, q).value()).isCloseTo(expected, within(1e-6));
        assertThat(KullbackLeibler.ofNumbers(p, p).value()).isCloseTo(0, within(1e-12));
        assertThat(KullbackLeibler.ofNumbers(p, new double[] {3, 3, 3}).value()).isNaN();
    }

    @Test
    void errorsOfDivergencesAreThoseOfLeavingOut() {
        Random random = new Random(11);
        double[] baseline = random.doubles(300).map(x -> Math.rint(40 * x * x) / 4).toArray();
        double[] sample = random.doubles(120).map(x -> Math.rint(40 * x) / 4).toArray();
        for (boolean counts : new boolean[] {false, true}) {
            double[] influence = divergence(counts, baseline, sample).influence();
            double n = sample.length;
            double error = Math.sqrt(Arrays.stream(influence).map(x -> x * x).sum() / n / (n - 1));
            double[] without = IntStream.range(0, sample.length).mapToDouble(left -> divergence(counts, baseline,
                IntStream.range(0, sample.length).filter(k -> k != left).mapToDouble(k -> sample[k]).toArray()).value()).toArray();
            assertThat(Arrays.stream(influence).sum()).isCloseTo(0, within(1e-6));
            assertThat(error).isCloseTo(jackknife(without), within(0.1 * jackknife(without)));
        }
    }

    private static KullbackLeibler.Divergence divergence(boolean counts, double[] baseline, double[] sample) {
        return counts ? KullbackLeibler.ofCounts(baseline, sample) : KullbackLeibler.ofNumbers(baseline, sample);
    }

    @Test
    void errorsOfCosinesAreThoseOfLeavingOut() {
        List<String> smiles = List.of("COc1ccccc1", "CCOC(C)=O", "CNC(=O)c1ccccc1", "CC(=O)Nc1ccccc1", "COCCOC", "COCCOC",
            "CN(C)C(=O)CC", "c1ccc(-c2ccccc2)cc1", "CCOc1ccccc1", "CC(=O)OC");
        try (BenchmarkSet other = set(List.of("COc1ccccc1", "CC(=O)Nc1ccccc1", "CCOC", "c1ccc(-c2ccncc2)cc1"));
             BenchmarkSet all = set(smiles)) {
            double[] without = new double[smiles.size()];
            for (int left = 0; left < without.length; left++) {
                List<String> fewer = new ArrayList<>(smiles);
                fewer.remove(left);
                try (BenchmarkSet set = set(fewer)) {
                    without[left] = SetSimilarity.cosines(set, other).get("fragments").value();
                }
            }
            double error = SetSimilarity.cosines(all, other).get("fragments").standardError();
            assertThat(error).isPositive().isCloseTo(jackknife(without), within(0.25 * jackknife(without)));
        }
    }

    /** Rows come out of a shuffle in another order with each number of partitions. */
    @Test
    void cosinesAndTheirErrorsAreTheSameBytesInAnyNumberOfPartitions() {
        List<String> tails = List.of("OC", "OCC", "NC", "N(C)C", "C(=O)OC", "C(=O)NC", "OC(C)=O", "NC(C)=O", "c1ccncc1", "SC");
        List<String> smiles = new ArrayList<>();
        for (String ring : List.of("c1ccccc1", "C1CCOCC1", "c1ccsc1", "C1CCNCC1", "c1ccc2ccccc2c1")) {
            for (String one : tails) {
                tails.subList(tails.indexOf(one), tails.size()).forEach(tail -> smiles.add("C(" + one + ")(" + tail + ")"
                    + ring.replace('1', '3').replace('2', '4')));
            }
        }
        Set<List<Object>> found = new HashSet<>();
        for (int tasks : new int[] {1, 2, 3, 7, 13}) {
            inPartitions(tasks, () -> {
                try (BenchmarkSet other = set(smiles.subList(0, smiles.size() / 3)); BenchmarkSet all = set(smiles)) {
                    Map<String, Estimate> cosines = SetSimilarity.cosines(all, other);
                    found.add(List.of(cosines.get("fragments"), cosines.get("scaffold")));
                }
            });
        }
        assertThat(found).hasSize(1);
    }

    /** The second 2,500 lines against the first 2,500. */
    @Test
    void publishedScoresOfMosesAreReproduced() throws Exception {
        JsonNode file = published("moses");
        assumeTrue(file != null, "the shared folder with published verdicts on molecules is not on this machine");
        List<String> lines = lines(file);
        JsonNode expected = file.path("second_half_against_first");
        try (BenchmarkSet half = set(valid(lines.subList(2500, 5000)));
             BenchmarkSet test = set(valid(lines.subList(0, 2500)))) {
            MosesScores.Compared found = MosesScores.of(half, Optional.of(test), Optional.empty(), Optional.empty()).test().orElseThrow();
            assertThat(found.nearest().value()).isCloseTo(expected.path("SNN").asDouble(), within(2e-5));
            assertThat(found.fragments().value()).isCloseTo(expected.path("Frag").asDouble(), within(1e-5));
            assertThat(found.scaffolds().value()).isCloseTo(expected.path("Scaf").asDouble(), within(1e-6));
            assertThat(found.distances().get("logp").value()).isCloseTo(expected.path("logP").asDouble(), within(5e-4));
            assertThat(found.distances().get("sa").value()).isCloseTo(expected.path("SA").asDouble(), within(5e-4));
            assertThat(found.distances().get("qed").value()).isCloseTo(expected.path("QED").asDouble(), within(1e-4));
            assertThat(found.distances().get("weight").value()).isCloseTo(expected.path("weight").asDouble(), within(1e-4));
        }
        try (BenchmarkSet all = set(valid(lines))) {
            JsonNode ofAll = file.path("set");
            MosesScores found = MosesScores.of(all, Optional.empty(), Optional.empty(), Optional.empty());
            assertThat(found.molecules()).isEqualTo(ofAll.path("valid_count").asLong());
            assertThat(found.passing()).isEqualTo(ofAll.path("passes").asLong());
            assertThat(found.diversity().value()).isCloseTo(ofAll.path("IntDiv").asDouble(), within(1e-5));
            assertThat(found.diversity2().value()).isCloseTo(ofAll.path("IntDiv2").asDouble(), within(1e-5));
            assertThat(counted(all, "scaffold")).isEqualTo(ofAll.path("scaffolds").asLong());
            assertThat(counted(all, "fragments")).isEqualTo(ofAll.path("fragments").asLong());
        }
    }

    /** The second half of the different molecules against the first. */
    @Test
    void publishedScoresOfGuacamolAreReproduced() throws Exception {
        JsonNode file = published("guacamol");
        assumeTrue(file != null, "the shared folder with published verdicts on molecules is not on this machine");
        List<String> different = new ArrayList<>(new LinkedHashSet<>(valid(lines(file))));
        JsonNode expected = file.path("second_half_of_distinct_against_first");
        int half = expected.path("size_of_each").asInt();
        try (BenchmarkSet first = set(different.subList(0, half));
             BenchmarkSet second = set(different.subList(half, 2 * half))) {
            GuacamolScores found = GuacamolScores.of(second, first, Optional.empty(),
                JavaSparkContext.fromSparkContext(spark.sparkContext()));
            // RDKit's rings are not always the smallest: one molecule of other ring counts moves the bins of all.
            assertThat(found.score().value()).isCloseTo(expected.path("score").asDouble(), within(1e-2));
            assertThat(found.divergences().get("weight").value())
                .isCloseTo(expected.path("kl_divs").path("MolWt").asDouble(), within(1e-9));
            for (String[] names : new String[][] {{"bertz", "BertzCT"}, {"logp", "MolLogP"}, {"tpsa", "TPSA"},
                {"rotatable", "NumRotatableBonds"}, {"internal_similarity", "internal_similarity"}}) {
                assertThat(found.divergences().get(names[0]).value()).as(names[0])
                    .isCloseTo(expected.path("kl_divs").path(names[1]).asDouble(), within(2e-3));
            }
        }
    }

    private static List<String> lines(JsonNode file) {
        List<String> lines = new ArrayList<>();
        file.path("input").forEach(line -> lines.add(line.asText()));
        return lines;
    }

    private static List<String> valid(List<String> lines) throws Exception {
        List<String> valid = new ArrayList<>();
        for (String line : lines) {
            if (!line.equals("None")) {
                valid.add(Canonicaliser.written(Canonicaliser.read(line)));
            }
        }
        return valid;
    }

    private static JsonNode published(String name) throws IOException {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path file = at.resolve("shared/data/metrics/" + name + ".json.gz");
            if (Files.isRegularFile(file)) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    return new ObjectMapper().readTree(in);
                }
            }
        }
        return null;
    }
}
